"""A server error that is repeated with the same words: it will hardly pass by itself.

Partner Center answers some requests with HTTP 500 for ever, as one that has a member which it does not expect.
"""

import msgspec

from shared.job.status_document import Fault, Job

MANY = 10
"""Answers in a row after which the status asks a person to act; the job retries until it gives up."""

REMARK = (
    "Partner Center has answered so ten times in a row, so it will not pass by itself: correct what the answer speaks"
    " of, or ask Microsoft's support with the ids of this error."
)

_SERVER_ERRORS = range(500, 600)


def without_words(http_status: int) -> str:
    """Describe an answer that says nothing but its status, as a gateway's does."""
    return f"Partner Center answered HTTP {http_status}."


def repeated(job: Job, fault: Fault) -> tuple[Fault, int]:
    """Return a fault, with a remark where it was repeated too often, and the number of times in a row."""
    # Only Partner Center's own words count: an outage behind a gateway passes, however long it lasts.
    if not _is_worded(fault) or not job.error or _words(job.error) != _words(fault):
        return fault, 1
    count = job.internal.repeats + 1
    if count < MANY:
        return fault, count
    return msgspec.structs.replace(fault, description=f"{fault.description} {REMARK}"), count


def _is_worded(fault: Fault) -> bool:
    status = fault.http_status or 0
    return status in _SERVER_ERRORS and fault.description != without_words(status)


def _words(fault: Fault) -> tuple[int | None, str | None, str]:
    return fault.http_status, fault.code, fault.description.removesuffix(f" {REMARK}")
