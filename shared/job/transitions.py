"""Which states may follow which, what a wake-up finds to do, and how a run begins.

A transition returns a new record; one that ``MOVES`` does not allow is an error.
"""

from collections import Counter
from datetime import datetime
from enum import Enum, auto
from typing import Any
from uuid import UUID

import msgspec

from shared.job import status_messages
from shared.job.device_results import Outcome
from shared.job.lease import Lease
from shared.job.status_document import FINAL, DeviceCounts, Internal, Job, Previous, State

MOVES: dict[State, frozenset[State]] = {
    State.PROCESSING: frozenset({State.PROCESSING, State.WAITING, State.ACCEPTED, State.REJECTED, State.FAILED}),
    State.WAITING: frozenset({State.PROCESSING, State.WAITING, State.ACCEPTED, State.FAILED}),
    State.ACCEPTED: frozenset({State.ACCEPTED, State.COMPLETED, State.COMPLETED_WITH_ERRORS}),
    **dict.fromkeys(FINAL, frozenset[State]()),
}


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


class Start(msgspec.Struct, frozen=True):
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
    # Before all else: another process works on it, and would lose what it is about to save.
    if job.lease and job.lease.is_live(now):
        return Step.WAIT
    if etag not in (None, job.etag):
        return Step.START
    if job.final:
        return Step.REST
    return _step_of_unfinished(job, now, gone=etag is None)


def _step_of_unfinished(job: Job, now: datetime, *, gone: bool) -> Step:
    # What has been accepted is followed without its manifest too.
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
    # A lease is for the time in which a process works on the job.
    if state is not State.PROCESSING:
        job = noted(job, lease=None)
    if final:
        changes["next_attempt_at"] = None
    at = now.replace(microsecond=0)
    moved = msgspec.structs.replace(job, state=state, final=final, message=message, updated_at=at, **changes)
    return msgspec.structs.replace(moved, devices=tally(moved))


def noted(job: Job, **changes: object) -> Job:
    """Return the job with changes of its own bookkeeping."""
    return msgspec.structs.replace(job, internal=msgspec.structs.replace(job.internal, **changes))


def begin(start: Start, lease: Lease) -> Job:
    """Begin a run with its first attempt: the claim."""
    job = _begin(start, state=State.PROCESSING, message=status_messages.VALIDATING, attempts=1)
    return noted(job, lease=lease)


def begin_at(start: Start, at: datetime) -> Job:
    """Begin a run that the next wake-up carries on."""
    return _begin(start, state=State.WAITING, message=status_messages.RESTARTING, next_attempt_at=at)


def _begin(start: Start, **members: Any) -> Job:  # noqa: ANN401 - members of a Job, which checks them
    previous = start.previous
    return Job(
        manifest=start.manifest,
        etag=start.etag,
        previous=Previous(etag=previous.etag, state=previous.state, uploads=previous.uploads) if previous else None,
        created_at=start.now,
        updated_at=start.now,
        internal=Internal(run=start.run, part_size=start.part_size),
        **members,
    )


def tally(job: Job) -> DeviceCounts:
    """Count a job's devices by outcome; what is neither judged nor given up is pending."""
    if job.device_count is None:
        return DeviceCounts()
    judged = Counter[Outcome]()
    for runs in job.internal.judged:
        for count, index in runs or ():
            judged[job.internal.device_results[index].outcome] += count
    not_uploaded = job.unsent if job.internal.stopped or job.state in FINAL else 0
    return DeviceCounts(
        registered=judged[Outcome.REGISTERED],
        already_registered=judged[Outcome.ALREADY_REGISTERED],
        failed=judged[Outcome.FAILED],
        not_reported=judged[Outcome.NOT_REPORTED],
        not_uploaded=not_uploaded,
        pending=job.device_count - judged.total() - not_uploaded,
    )
