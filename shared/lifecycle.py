"""The life of a job: which states follow which, what a wake-up finds to do, and how each step changes the record.

Everything here is pure. A transition returns a new record; one that the table does not know is an error.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID

import msgspec

from shared.job import (
    FINAL,
    Fault,
    Job,
    Lease,
    Outcome,
    Previous,
    Progress,
    State,
    Upload,
    Verdict,
    VerdictRun,
    timestamp,
)
from shared.manifest import Findings, Manifest
from shared.tally import tally
from shared.target import Target

MOVES: dict[State, frozenset[State]] = {
    State.PROCESSING: frozenset({State.PROCESSING, State.WAITING, State.ACCEPTED, State.REJECTED, State.FAILED}),
    State.WAITING: frozenset({State.PROCESSING, State.ACCEPTED, State.FAILED}),
    State.ACCEPTED: frozenset({State.ACCEPTED, State.COMPLETED, State.COMPLETED_WITH_ERRORS}),
    **dict.fromkeys(FINAL, frozenset[State]()),
}

MOST_DEATHS = 5
"""Attempts in a row that may die without saving any progress: a file that kills the app must not do so for ever."""


class IllegalTransitionError(Exception):
    """A step would have moved a job along a way that its states do not know."""


class Step(Enum):
    """What a wake-up finds to do."""

    REST = auto()
    WAIT = auto()
    START = auto()
    ATTEMPT = auto()
    CANCEL = auto()
    POLL = auto()


@dataclass(frozen=True)
class Start:
    """What a new run is made of; ``previous`` is the record that it replaces."""

    manifest: str
    etag: str
    run: UUID
    part_size: int
    previous: Job | None
    now: datetime


def next_step(job: Job | None, etag: str | None, now: datetime) -> Step:
    """Decide what is to be done for a manifest whose current ETag is ``etag``; ``None`` when it is gone."""
    if job is None:
        return Step.REST if etag is None else Step.START
    if job.lease and job.lease.until > now:
        return Step.WAIT
    if etag not in (None, job.etag):
        return Step.START
    if job.final:
        return Step.REST
    return _step_of_unfinished(job, now, gone=etag is None)


def _step_of_unfinished(job: Job, now: datetime, *, gone: bool) -> Step:
    if gone and job.state is not State.ACCEPTED:
        return Step.CANCEL
    if job.next_attempt_at and job.next_attempt_at > now:
        return Step.WAIT
    return Step.POLL if job.state is State.ACCEPTED else Step.ATTEMPT


def move(job: Job, state: State, now: datetime, message: str, **changes: object) -> Job:
    """Take a job to ``state``, its device counts brought up to date.

    Raises:
        IllegalTransitionError: ``MOVES`` has no such way.
    """
    if state not in MOVES[job.state]:
        raise IllegalTransitionError(f"{job.manifest}: {job.state} cannot become {state}")
    final = state in FINAL
    if state is not State.PROCESSING:
        changes["lease"] = None
    if final:
        changes["next_attempt_at"] = None
    at = now.replace(microsecond=0)
    moved = msgspec.structs.replace(job, state=state, final=final, message=message, updated_at=at, **changes)
    return msgspec.structs.replace(moved, devices=tally(moved))


def begin(start: Start, lease: Lease) -> Job:
    """Begin a run with its first attempt: the claim."""
    message = "The manifest is being validated."
    return _begin(start, state=State.PROCESSING, message=message, lease=lease, attempts=1)


def begin_at(start: Start, at: datetime) -> Job:
    """Begin a run that the next wake-up takes up."""
    return _begin(start, state=State.WAITING, message="The manifest is to be started anew.", next_attempt_at=at)


def _begin(start: Start, **members: Any) -> Job:  # noqa: ANN401 - members of a Job, which checks them
    old = start.previous
    return Job(
        manifest=start.manifest,
        etag=start.etag,
        previous=Previous(etag=old.etag, state=old.state, uploads=old.uploads) if old else None,
        created_at=start.now,
        updated_at=start.now,
        progress=Progress(run=start.run, part_size=start.part_size),
        **members,
    )


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
    )


def invalid(job: Job, manifest: Manifest, issues: Findings, now: datetime) -> Job:
    """Reject a manifest that is wrong in itself, or in where it lies."""
    count = issues.count
    return move(
        job,
        State.REJECTED,
        now,
        f"The manifest has {count} issue{'s' * (count != 1)}; nothing was uploaded. Correct it and drop it again.",
        device_count=manifest.device_count,
        issues=issues.kept,
        issue_count=count,
        warnings=manifest.warnings.kept,
        warning_count=manifest.warnings.count,
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
