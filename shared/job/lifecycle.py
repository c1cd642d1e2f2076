"""The life of a job, step by step: each returns a new record, along a way that ``transitions.MOVES`` allows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from shared.job import status_messages
from shared.job.device_results import DeviceResult, Outcome, ResultRun, bounded
from shared.job.faults import RATE_LIMITED
from shared.job.lasting_errors import repeated
from shared.job.lease import Lease
from shared.job.parts import interrupted, part_within
from shared.job.status_document import Fault, Job, State, Upload
from shared.job.transitions import move, noted, tally
from shared.manifest import Findings, Manifest
from shared.manifest.customer_and_batch import Target

LONGEST_IN_LINE = timedelta(days=14)
"""How long a job waits for its turn behind a throttle."""


def take_over(job: Job, lease: Lease, now: datetime) -> Job:
    """Begin another attempt; a job that is still ``processing`` was left by a process that crashed."""
    died = job.state is State.PROCESSING
    job = noted(interrupted(job), lease=lease, deaths=job.internal.deaths + 1 if died else 0)
    message = status_messages.VALIDATING_AGAIN
    return move(job, State.PROCESSING, now, message, next_attempt_at=None, attempts=job.attempts + 1)


def checked(job: Job, target: Target, manifest: Manifest, now: datetime) -> Job:
    """Record what the manifest says once it has been found valid."""
    job = noted(
        job,
        unanswered=part_within(job.internal.unanswered, manifest.device_count or 0),
        digest=manifest.digest,
        has_duplicates=manifest.has_duplicates,
        is_as_written=manifest.is_as_written,
    )
    return move(
        job,
        State.PROCESSING,
        now,
        status_messages.uploading(manifest.device_count or 0),
        customer_id=target.customer_id,
        batch_id=target.batch_id,
        device_count=manifest.device_count,
        warnings=manifest.warnings.kept,
        warning_count=manifest.warnings.count,
    )


def invalid(job: Job, target: Target | None, manifest: Manifest, issues: Findings, now: datetime) -> Job:
    """Reject a manifest with issues in itself or in its name; ``target`` where that is known all the same."""
    if manifest.device_count is not None:
        job = noted(job, unanswered=part_within(job.internal.unanswered, manifest.device_count))
    return move(
        job,
        State.REJECTED,
        now,
        status_messages.invalid(job, issues.count),
        customer_id=target.customer_id if target else None,
        batch_id=target.batch_id if target else None,
        device_count=manifest.device_count,
        issues=issues.kept,
        issue_count=issues.count,
        warnings=manifest.warnings.kept,
        warning_count=manifest.warnings.count,
        error=None,
    )


def renewed(job: Job, lease: Lease, now: datetime) -> Job:
    """Take or renew the lease, also while an accepted job's results are written: nobody else may judge it meanwhile."""
    return noted(move(job, job.state, now, job.message), lease=lease)


def part_accepted(job: Job, upload: Upload, poll_from: datetime, lease: Lease, now: datetime) -> Job:
    """Record a part that Partner Center has accepted, and asks not to be polled for before ``poll_from``."""
    poll_from = max(poll_from, job.internal.poll_from or poll_from)
    return move(
        noted(job, lease=lease, deaths=0, setbacks=0, creating=False, unanswered=None, poll_from=poll_from),
        State.PROCESSING,
        now,
        status_messages.accepted_so_far(job, job.sent + upload.device_count),
        uploads=(*job.uploads, upload),
        location=job.location or upload.location,
        error=None,
    )


def refused(job: Job, fault: Fault, lease: Lease, now: datetime, **changes: object) -> Job:
    """Record a refusal by Partner Center after which the same attempt goes on, with ``changes`` of bookkeeping."""
    job = noted(job, **{"lease": lease, "deaths": 0, "refusals": job.internal.refusals + 1, **changes})
    return move(job, State.PROCESSING, now, job.message, error=fault)


def following(job: Job, at: datetime, now: datetime) -> Job:
    """Begin to follow the uploads: every part that will be sent has been accepted."""
    # The first poll has its place in line already.
    job = noted(job, places=1)
    return move(job, State.ACCEPTED, now, status_messages.following(job), next_attempt_at=at)


def in_line(job: Job, at: datetime, now: datetime, *, called: bool = True) -> Job:
    """Wait for a turn at ``at``; an attempt that has not ``called`` at all was none."""
    behind = job.internal.throttled_seconds + seconds(at - now)
    job = noted(job, deaths=0, places=job.internal.places + 1, throttled_seconds=behind)
    message, attempts = status_messages.in_line(job, at), job.attempts - (not called)
    # An accepted job stays accepted: it is its poll that waits.
    state = State.ACCEPTED if job.state is State.ACCEPTED else State.WAITING
    return move(job, state, now, message, error=RATE_LIMITED, next_attempt_at=at, attempts=attempts)


def is_throttled_for_good(job: Job) -> bool:
    """Return whether a job has been in line, or behind 429s, for longer than is waited."""
    return job.internal.throttled_seconds >= LONGEST_IN_LINE.total_seconds()


def seconds(wait: timedelta) -> int:
    """Round a wait to whole seconds; 0 where there is none."""
    return max(0, round(wait.total_seconds()))


def postponed(job: Job, fault: Fault, at: datetime, now: datetime, **changes: object) -> Job:
    """Back off from a temporary fault: upload again at ``at``, with ``changes`` of bookkeeping."""
    fault, repeats = repeated(job, fault)
    job = noted(job, deaths=0, setbacks=job.internal.setbacks + 1, repeats=repeats, **changes)
    return move(job, State.WAITING, now, status_messages.postponed(fault, at), error=fault, next_attempt_at=at)


def stopped(job: Job, state: State, fault: Fault, poll_at: datetime, now: datetime) -> Job:
    """End sending for good: ``state`` if nothing was accepted, else the accepted parts are followed to their end."""
    # Kept until the end, where the error of a later poll may have taken its place.
    job = msgspec.structs.replace(noted(job, stopped=fault), error=fault)
    if not job.uploads:
        return move(job, state, now, status_messages.stopped(job, fault))
    return following(job, poll_at, now)


def reported(job: Job, index: int, state: str, runs: Iterable[ResultRun] | None, now: datetime) -> Job:
    """Record Partner Center's word on one upload, and the results of its devices once it has finished."""
    uploads = list(job.uploads)
    uploads[index] = msgspec.structs.replace(uploads[index], state=state)
    job = msgspec.structs.replace(job, uploads=tuple(uploads))
    # To have judged a part is progress: what dies later died of something else.
    job = job if runs is None else noted(_judged(job, index, runs), deaths=0)
    return move(job, State.ACCEPTED, now, job.message)


def _judged(job: Job, index: int, runs: Iterable[ResultRun]) -> Job:
    known = {result: number for number, result in enumerate(job.internal.device_results)}
    judged = [*job.internal.judged, *[None] * (len(job.uploads) - len(job.internal.judged))]
    judged[index] = tuple((run.count, known.setdefault(bounded(run.result, known), len(known))) for run in runs)
    return noted(job, device_results=tuple(known), judged=tuple(judged))


def polled(job: Job, fault: Fault | None, at: datetime, now: datetime, *, queued: int) -> Job:
    """End a poll round; the next is at ``at``. What stopped the sending is still reported.

    ``queued`` seconds of the time to it are the line's, or a throttle's.
    """
    places, behind = 2 if fault else 1, job.internal.throttled_seconds + queued
    job = noted(job, places=places, throttled_seconds=behind)
    fault, repeats = repeated(job, fault) if fault else (None, 0)
    since = (job.internal.failing_since or now.replace(microsecond=0)) if fault else None
    setbacks = job.internal.setbacks + 1 if fault else 0
    job = noted(job, polls=job.internal.polls + 1, setbacks=setbacks, repeats=repeats, deaths=0, failing_since=since)
    message = status_messages.following(job)
    if fault and since:
        message = status_messages.failing(job, fault, since, at)
    error = fault or job.internal.stopped
    return move(job, State.ACCEPTED, now, message, error=error, next_attempt_at=at)


def abandoned(job: Job, fault: Fault, now: datetime) -> Job:
    """Stop following: devices without a report end as ``not_reported``."""
    lost = DeviceResult(Outcome.NOT_REPORTED, None, fault.description, None)
    for index in job.unjudged:
        job = _judged(job, index, [ResultRun(job.uploads[index].device_count, lost)])
    return move(noted(job, stopped=job.internal.stopped or fault), State.ACCEPTED, now, job.message)


def misread(job: Job, fault: Fault, now: datetime) -> Job:
    """Stop following, and forget all results: they were matched with other devices than were sent."""
    return abandoned(noted(job, judged=(), device_results=()), fault, now)


def finished(job: Job, results: str, now: datetime) -> Job:
    """End a job whose every upload has been judged."""
    counts = tally(job)
    good, stopped_by = (counts.registered or 0) + (counts.already_registered or 0), job.internal.stopped
    if good != job.device_count:
        before, unreported = counts.already_registered or 0, counts.not_reported or 0
        message = status_messages.partly_registered(job, good, before, unreported)
    elif stopped_by:
        # Every process that read the manifest for the results has crashed, so they lack its values.
        message = status_messages.registered_but_unreadable(good, stopped_by, results)
    else:
        return move(job, State.COMPLETED, now, status_messages.registered(good), results=results, error=None)
    return move(job, State.COMPLETED_WITH_ERRORS, now, message, results=results, error=stopped_by)
