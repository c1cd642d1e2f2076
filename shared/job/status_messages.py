"""What a status says to a person: the text of ``message`` for each situation of a job."""

from datetime import datetime

from shared.job.moments import timestamp
from shared.job.status_document import Fault, Job, State

VALIDATING = "The manifest is being validated."
VALIDATING_AGAIN = "The manifest is being validated and uploaded again."
RESTARTING = "The manifest is about to be restarted."


def uploading(count: int) -> str:
    """Say that the manifest is valid."""
    return f"Uploading {_devices(count)}."


def accepted_so_far(job: Job, count: int) -> str:
    """Say that some parts are accepted, of ``count`` devices together."""
    return f"Partner Center accepted {count:,} of {_devices(job.device_count or 0)} so far."


def invalid(job: Job, issues: int) -> str:
    """Say that the manifest has issues."""
    count = f"{issues:,} issue{'s' * (issues != 1)}"
    return f"The manifest has {count}. {_nothing_uploaded(job)} Correct {_them(issues)} and drop the manifest again."


def in_line(job: Job, at: datetime) -> str:
    """Say that the job, or its poll, waits for its turn behind a throttle."""
    turn = f"Partner Center limits the rate of requests; the turn is expected at {timestamp(at)}."
    return f"{following(job)} {turn}" if job.state is State.ACCEPTED else turn


def postponed(fault: Fault, at: datetime) -> str:
    """Say what stands in the way, and until when."""
    return f"{fault.description} It is tried again at {timestamp(at)}."


def stopped(job: Job, fault: Fault) -> str:
    """Say why a job ended of which nothing was accepted."""
    return f"{fault.description} {_nothing_uploaded(job)}"


def following(job: Job) -> str:
    """Say that Partner Center is registering devices, and what became of those that it has not accepted."""
    if not job.internal.stopped:
        return f"Partner Center accepted {_devices(job.sent)} and is registering {_them(job.sent)}."
    rest = f"{unknown(job)} No more are uploaded." if job.internal.unanswered else _not_uploaded(job)
    return f"Partner Center accepted {_devices(job.sent)}. {rest}"


def failing(job: Job, fault: Fault, since: datetime, at: datetime) -> str:
    """Say that polls fail, since when, and when the next one is."""
    trouble = f"Since {timestamp(since)} its progress cannot be read: {fault.description}"
    return f"{following(job)} {trouble} The next poll is at {timestamp(at)}."


def registered(count: int) -> str:
    """Say that every device is registered."""
    return "The device is registered." if count == 1 else f"All {count:,} devices are registered."


def registered_but_unreadable(count: int, fault: Fault, results: str) -> str:
    """Say that every device is registered, though the manifest cannot be read for the results."""
    return f"{registered(count)} {fault.description} So {results} names the devices by their places alone."


def partly_registered(job: Job, count: int, before: int, unreported: int) -> str:
    """Say that ``count`` devices are registered, some of them ``before``, and others are not, or nothing says so."""
    verb = "is" if 1 in (count, job.device_count) else "are"
    # Where Partner Center's answer leaves open which device an outcome is of, some of them are registered as well.
    verb += " known to be" if unreported else ""
    earlier = f" ({before:,} before)" if before else ""
    message = (
        f"{count:,} of {_devices(job.device_count or 0)} {verb} registered{earlier}. Do what the results say about the"
        " rest, then drop the whole file again."
    )
    return " ".join(filter(None, (message, unknown(job))))


def unknown(job: Job) -> str | None:
    """Name the devices of a part that was not answered; ``None`` if there is none."""
    if not job.internal.unanswered:
        return None
    first, last = job.internal.unanswered
    named = f"device {first}" if first == last else f"devices {first} to {last}"
    them = _them(last - first + 1)
    limit = "" if job.device_count else " (or as many as the manifest has)"
    return f"It is not known whether Partner Center took {named}{limit}, as no clear answer came: look {them} up there."


def _nothing_uploaded(job: Job) -> str:
    return unknown(job) or "Nothing was uploaded."


def _not_uploaded(job: Job) -> str:
    return "The other device was not uploaded." if job.unsent == 1 else f"The other {job.unsent:,} were not uploaded."


def _devices(count: int) -> str:
    return f"{count} device" if count == 1 else f"{count:,} devices"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"
