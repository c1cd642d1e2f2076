"""The steps that change a job's record; each returns a new one, along a way that ``lifecycle.MOVES`` knows."""

from datetime import datetime

import msgspec

from shared.job.lifecycle import move, tally
from shared.job.record import Fault, Job, Lease, Outcome, State, Upload, Verdict, VerdictRun, timestamp
from shared.manifest import Findings, Manifest
from shared.manifest.target import Target


def take_over(job: Job, lease: Lease, now: datetime) -> Job:
    """Begin another attempt. One that is still ``processing`` ended without a word: it is counted as dead."""
    died = job.state is State.PROCESSING
    return move(
        job,
        State.PROCESSING,
        now,
        "The manifest is being validated and uploaded again.",
        lease=lease,
        next_attempt_at=None,
        attempts=job.attempts + 1,
        progress=msgspec.structs.replace(job.progress, deaths=job.progress.deaths + 1 if died else 0),
    )


def checked(job: Job, target: Target, manifest: Manifest, now: datetime) -> Job:
    """Note what the manifest says once it has been found valid."""
    return move(
        job,
        State.PROCESSING,
        now,
        f"{devices(manifest.device_count or 0)} are being uploaded.",
        customer_id=target.customer_id,
        batch_id=target.batch_id,
        device_count=manifest.device_count,
        warnings=manifest.warnings.kept,
        warning_count=manifest.warnings.count,
        progress=msgspec.structs.replace(job.progress, has_duplicates=manifest.has_duplicates),
    )


def invalid(job: Job, target: Target | None, manifest: Manifest, issues: Findings, now: datetime) -> Job:
    """Reject a manifest that is wrong in itself, or in where it lies; ``target`` where it is known all the same."""
    count = issues.count
    return move(
        job,
        State.REJECTED,
        now,
        f"The manifest has {count} issue{'s' * (count != 1)}; nothing was uploaded. Correct it and drop it again.",
        customer_id=target.customer_id if target else None,
        batch_id=target.batch_id if target else None,
        device_count=manifest.device_count,
        issues=issues.kept,
        issue_count=count,
        warnings=manifest.warnings.kept,
        warning_count=manifest.warnings.count,
        error=None,
    )


def renewed(job: Job, lease: Lease, now: datetime) -> Job:
    """Keep the job for longer, because the next call could outlast the lease."""
    return move(job, State.PROCESSING, now, job.message, lease=lease)


def part_accepted(job: Job, upload: Upload, lease: Lease, now: datetime) -> Job:
    """Note a part that Partner Center has accepted."""
    return move(
        job,
        State.PROCESSING,
        now,
        f"Partner Center accepted {job.sent + upload.device_count} of {devices(job.device_count or 0)} so far.",
        uploads=(*job.uploads, upload),
        location=job.location or upload.location,
        error=None,
        lease=lease,
        progress=msgspec.structs.replace(job.progress, deaths=0, setbacks=0, creating=False),
    )


def answered(job: Job, fault: Fault, lease: Lease, now: datetime, **changed: int) -> Job:
    """Note an answer that was no success and that the same attempt goes on after, with its ``changed`` progress."""
    answers = job.progress.answers + 1
    progress = msgspec.structs.replace(job.progress, deaths=0, answers=answers, **changed)
    return move(job, State.PROCESSING, now, job.message, error=fault, lease=lease, progress=progress)


def following(job: Job, at: datetime, now: datetime) -> Job:
    """Begin to follow the uploads: every part that will be sent has been accepted."""
    if job.progress.stopped:
        message = f"Partner Center accepted {devices(job.sent)}; the other {job.unsent} were not uploaded."
    else:
        message = f"Partner Center accepted {devices(job.sent)} and is registering them."
    return move(job, State.ACCEPTED, now, message, next_attempt_at=at)


def postponed(job: Job, fault: Fault, at: datetime, now: datetime, *, answered: bool) -> Job:
    """Wait for better times: upload again at ``at``."""
    progress = msgspec.structs.replace(
        job.progress, deaths=0, setbacks=job.progress.setbacks + 1, answers=job.progress.answers + answered
    )
    message = f"{fault.description} It is tried again at {timestamp(at)}."
    return move(job, State.WAITING, now, message, error=fault, next_attempt_at=at, progress=progress)


def stopped(job: Job, state: State, fault: Fault, poll_at: datetime, now: datetime) -> Job:
    """End sending for good: ``state`` if nothing was accepted, else the accepted parts are followed to their end."""
    progress = msgspec.structs.replace(job.progress, stopped=fault)
    if not job.uploads:
        return move(job, state, now, f"{fault.description} Nothing was uploaded.", error=fault, progress=progress)
    return following(msgspec.structs.replace(job, error=fault, progress=progress), poll_at, now)


def reported(job: Job, index: int, state: str, verdicts: tuple[VerdictRun, ...] | None, now: datetime) -> Job:
    """Note Partner Center's word on one upload, and the judgement of its devices once it has finished."""
    uploads = list(job.uploads)
    uploads[index] = msgspec.structs.replace(uploads[index], state=state, verdicts=verdicts)
    return move(job, State.ACCEPTED, now, job.message, uploads=tuple(uploads))


def polled(job: Job, fault: Fault | None, at: datetime, now: datetime) -> Job:
    """End a round of asking; the next is at ``at``. What stopped the sending stays told."""
    setbacks = job.progress.setbacks + 1 if fault else 0
    progress = msgspec.structs.replace(job.progress, polls=job.progress.polls + 1, setbacks=setbacks)
    error = fault or job.progress.stopped
    return move(job, State.ACCEPTED, now, job.message, error=error, next_attempt_at=at, progress=progress)


def abandoned(job: Job, fault: Fault, now: datetime) -> Job:
    """Stop following: devices that were never reported on are told as such."""
    lost = Verdict(Outcome.NOT_REPORTED, None, fault.description, None)
    uploads = tuple(
        upload if upload.verdicts is not None
        else msgspec.structs.replace(upload, verdicts=(VerdictRun(upload.device_count, lost),))
        for upload in job.uploads
    )  # fmt: skip
    progress = msgspec.structs.replace(job.progress, stopped=job.progress.stopped or fault)
    return move(job, State.ACCEPTED, now, job.message, uploads=uploads, progress=progress)


def finished(job: Job, results: str, now: datetime) -> Job:
    """End a job whose every upload has been judged."""
    counts = tally(job)
    good = (counts.registered or 0) + (counts.already_registered or 0)
    if good == job.device_count:
        message = f"All {devices(good)} are registered."
        return move(job, State.COMPLETED, now, message, results=results, error=None)
    message = f"{good} of {devices(job.device_count or 0)} are registered; see {results} for the others."
    return move(job, State.COMPLETED_WITH_ERRORS, now, message, results=results, error=job.progress.stopped)


def devices(count: int) -> str:
    """Say how many devices."""
    return f"{count} device" if count == 1 else f"{count} devices"
