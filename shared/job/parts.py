"""The parts that a manifest is posted in: how large they are, and which of them was not answered."""

from shared.job.status_document import Job, State
from shared.job.transitions import noted
from shared.manifest import Manifest


def halved(count: int) -> int:
    """Return the size of the parts after one of ``count`` devices was too large."""
    return (count + 1) // 2


def interrupted(job: Job) -> Job:
    """Return a job whose attempt is over: one that crashed may have posted the next part."""
    if job.state is not State.PROCESSING or job.internal.unanswered:
        return job
    return noted(job, unanswered=_next_part(job))


def _next_part(job: Job) -> tuple[int, int]:
    # Before the devices were counted, a part may be as large as any.
    size = min(job.internal.part_size, job.unsent) if job.device_count else job.internal.part_size
    return job.sent + 1, job.sent + max(size, 1)


def part_within(part: tuple[int, int] | None, count: int) -> tuple[int, int] | None:
    """Bound a part that was posted before it was recorded how many devices there are."""
    return (part[0], min(part[1], count)) if part and part[0] <= count else None


def is_read_otherwise(job: Job, manifest: Manifest) -> bool:
    """Return whether the parts that are left would not fit the ones that were posted."""
    posted = bool(job.uploads) or job.internal.unanswered is not None
    return posted and job.internal.digest not in (None, manifest.digest)
