"""Attempts that died without saving any progress, in sending or in following: a job survives only so many in a row."""

from datetime import datetime

from shared.job.status_document import Job, State
from shared.job.transitions import move, noted

MOST_DEATHS = 5
"""Attempts in a row; the poison queue's limit is the same."""


def died(job: Job, now: datetime) -> Job:
    """Count a poll round that crashed without saving anything."""
    return move(noted(job, deaths=job.internal.deaths + 1), State.ACCEPTED, now, job.message)


def has_crashed_too_often(job: Job) -> bool:
    """Return whether the job must end, as each attempt at it seems to kill its process."""
    return job.internal.deaths >= MOST_DEATHS
