"""What Partner Center's answers mean: one exception class for each decision, and the two bodies that matter."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from shared.job.record import Fault

LONGEST_DESCRIPTION = 500
"""Characters of a foreign text that are kept."""

LONGEST_ID = 100
"""Characters of a foreign id that are kept."""

LONGEST_WAIT = timedelta(days=366)
"""More than anybody means by ``Retry-After``; a moment that far off can still be written down."""

# 3xx: a redirect is not followed, so it is as good as no service. 401: a new token may help.
_LEFT_OPEN = frozenset({408, 425, 429})
_TEMPORARY = _LEFT_OPEN | {401}
_NO_RELATIONSHIP = frozenset({"20002"})


class AnswerError(Exception):
    """A call that was no success, with the evidence that support asks for.

    Attributes:
        fault: What happened, as the status document keeps it.
        retry_after: How long to leave Partner Center alone, counted from the answer; ``None`` where it does not say.
        said_no: Whether Partner Center itself said that it did not take the request. Silence, a throttle and a
            gateway's answer leave that open: the next try of the same request keeps its ``MS-RequestId``.
    """

    def __init__(self, fault: Fault, retry_after: timedelta | None = None, *, said_no: bool = False) -> None:
        super().__init__(f"HTTP {fault.http_status}, code {fault.code}, request {fault.request_id}")
        self.fault = fault
        self.retry_after = retry_after
        self.said_no = said_no


class RefusedError(AnswerError):
    """The same request would be refused again."""


class TooLargeError(AnswerError):
    """The request has more devices or bytes than the API takes (413)."""


class UnavailableError(AnswerError):
    """The same request may succeed later."""


class ThrottledError(UnavailableError):
    """Partner Center limits the rate of calls (429), for whomever this one's quota concerns."""


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer, its body read and bounded."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def server_correlation(self) -> str | None:
        """Give the ``MS-CV`` header, by which Microsoft's support finds the call."""
        return readable(self.headers.get("MS-CV", ""))[:LONGEST_ID] or None

    def json(self) -> Any:  # noqa: ANN401 - a foreign body can be anything
        """Decode the body; ``None`` if it is no JSON, as gateways answer HTML or nothing."""
        try:
            return msgspec.json.decode(self.body)
        except (ValueError, RecursionError):
            return None

    def member(self, name: str) -> str | None:
        """Read a member of a JSON object as text; ``None`` where there is no such."""
        document = self.json()
        value = document.get(name) if isinstance(document, dict) else None
        return None if value is None or isinstance(value, dict | list) else readable(str(value))


class DeviceEntry(msgspec.Struct, frozen=True):
    """One device of a batch's progress, as ``BatchUploadDetails.devicesStatus`` has it."""

    serial_number: str | None = None
    product_key: str | None = None
    status: str | None = None
    error_code: str | None = None
    error_description: str | None = None


class BatchProgress(msgspec.Struct, frozen=True):
    """``BatchUploadDetails``: how far Partner Center is with one upload."""

    status: str
    devices_status: tuple[DeviceEntry, ...]

    @property
    def finished(self) -> bool:
        """Tell whether the fate of every device is known; each is judged by its own entry."""
        return self.status.lower() in ("finished", "finished_with_errors")


class Accepted(msgspec.Struct, frozen=True):
    """An upload that Partner Center has taken: where its progress is read, and the id of the call."""

    location: str
    correlation_id: str
    server_correlation: str | None
    seconds: float
    """How long the call took."""


class _Batch(msgspec.Struct, frozen=True):
    """The one member of a ``DeviceBatch`` that matters here."""

    id: str


class _Batches(msgspec.Struct, frozen=True):
    """A collection of batches."""

    items: list[_Batch]


class Poll(msgspec.Struct, frozen=True):
    """One reading of an upload's progress, and how long to leave Partner Center alone where it says so."""

    progress: BatchProgress
    retry_after: timedelta | None


def readable(text: str) -> str:
    """Make a foreign text fit for a person's eyes: one line, bounded, without control characters."""
    if text.isprintable() and "  " not in text:  # nearly always so, and quick to tell
        return text.strip()[:LONGEST_DESCRIPTION]
    whole = text.encode("utf-8", "replace").decode()  # half a character could not be stored
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", whole).strip()[:LONGEST_DESCRIPTION]


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read ``Retry-After`` in either form, seconds or an HTTP date (RFC 9110, 10.2.3); ``None`` if it is neither."""
    value = headers.get("Retry-After", "").strip()
    try:
        if value.isascii() and value.isdigit():
            return min(timedelta(seconds=min(int(value), 10**9)), LONGEST_WAIT)
        return min(max(parsedate_to_datetime(value).replace(tzinfo=UTC) - now, timedelta(0)), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None


def error_for(answer: Answer, fault: Fault, now: datetime) -> AnswerError:
    """Choose the exception for an answer that is no success (the table in the contract's section 4)."""
    wait = retry_after(answer.headers, now)
    return _error_class(answer.status, fault.code)(fault, wait, said_no=said_no(answer))


def _error_class(status: int, code: str | None) -> type[AnswerError]:
    match status:
        case HTTPStatus.CONTENT_TOO_LARGE:
            return TooLargeError
        case HTTPStatus.TOO_MANY_REQUESTS:
            return ThrottledError
        case HTTPStatus.FORBIDDEN if code not in _NO_RELATIONSHIP:
            return UnavailableError
    return RefusedError if 400 <= status < 500 and status not in _TEMPORARY else UnavailableError  # noqa: PLR2004 - client errors


def said_no(answer: Answer) -> bool:
    """Tell whether Partner Center itself said that it did not take the request (contract, section 5).

    A gateway answers 408, 425, 429 or 5xx without knowing whether the service behind it took the request, so a 5xx
    counts only with Partner Center's own error document.
    """
    if 400 <= answer.status < 500:  # noqa: PLR2004 - client errors
        return answer.status not in _LEFT_OPEN
    return answer.status >= 500 and None not in (answer.member("code"), answer.member("description"))  # noqa: PLR2004 - server errors


def location_in(answer: Answer) -> str | None:
    """Find the upload's Location, in the header or else the body; ``None`` if no tracking id can be read off it."""
    body = answer.json()
    candidates = [answer.headers.get("Location")]
    if isinstance(body, dict):
        candidates += [body.get("location"), _at(body, "links", "self", "uri")]
    return next((text for text in candidates if isinstance(text, str) and tracking_id(text)), None)


def _at(document: Any, *names: str) -> Any:  # noqa: ANN401 - a foreign body can be anything
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def tracking_id(location: str) -> str | None:
    """Read the tracking id off a Location: its last path segment, whatever else it says; ``None`` if there is none.

    Clients have met it relative, with and without ``/v1``, and absolute.
    """
    try:
        segment = unquote(urlsplit(location.strip()).path.rstrip("/").rpartition("/")[2])
    except ValueError:
        return None
    return None if segment in ("", ".", "..") or len(segment) > LONGEST_DESCRIPTION else segment


def batches_in(answer: Answer) -> list[str] | None:
    """Read the ids off a collection of ``DeviceBatch``; ``None`` if the body is something else."""
    try:
        return [batch.id for batch in msgspec.json.decode(answer.body, type=_Batches).items]
    except (ValueError, RecursionError):
        return None


def progress_in(answer: Answer) -> BatchProgress | None:
    """Read ``BatchUploadDetails``; ``None`` if the body is something else. An odd entry does not spoil the others."""
    try:
        document = json.loads(answer.body)  # takes half characters, which a description may have
    except (ValueError, RecursionError):
        return None
    status = document.get("status", "unknown") if isinstance(document, dict) else None
    if not isinstance(status, str):
        return None
    entries = document.get("devicesStatus")
    return BatchProgress(readable(status), tuple(map(_entry, entries if isinstance(entries, list) else [])))


def _entry(entry: object) -> DeviceEntry:
    def text(name: str) -> str | None:
        value = entry.get(name) if isinstance(entry, dict) else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return None if value is None or isinstance(value, dict | list) else readable(str(value))

    names = ("serialNumber", "productKey", "status", "errorCode", "errorDescription")
    return DeviceEntry(*map(text, names))
