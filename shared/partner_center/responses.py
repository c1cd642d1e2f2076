"""What Partner Center's answers mean: an exception class for each decision, Retry-After, and an upload's Location."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from shared.job.status_document import Fault
from shared.partner_center.redaction import redact

LONGEST_DESCRIPTION = 500
LONGEST_ID = 100
LONGEST_LOCATION = 2048
"""Characters of a foreign text that are kept; a longer Location is taken for missing."""

LARGEST_ANSWER = 16 * 2**20
"""Bytes of a body that are read; a larger one counts as empty. The details of 1,000 devices take about 0.3 MB."""

LARGEST_DOCUMENT = 2**16
"""Bytes of an error document, or of one with a link: a larger one is not parsed, as that takes many times its size."""

LONGEST_WAIT = timedelta(days=366)
"""The longest ``Retry-After`` that is believed; a later date could exceed what a datetime holds."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_KEPT_HEADERS = ("Location", "MS-CV", "Retry-After")

# A gateway answers these without knowing whether the service behind it took the request.
_LEFT_OPEN = frozenset({408, 425, 429})
# 401: a new token may help.
_TEMPORARY = _LEFT_OPEN | {401}
# The customer is none of this partner's. Any other 403 is about roles, which an administrator may still assign.
_NO_RELATIONSHIP = frozenset({"20002"})


class AnswerError(Exception):
    """Partner Center answered with an error, or not at all; ``fault`` has the ids that Microsoft's support asks for.

    Attributes:
        fault: What happened, as the status document keeps it.
        retry_after: The least to wait, from the answer on; ``None`` where the answer has no ``Retry-After``.
        said_no: Partner Center itself refused the request. Silence, a throttle and a gateway's answer leave open
            whether it was accepted, so that a retry keeps its ``MS-RequestId``.
    """

    def __init__(self, fault: Fault, retry_after: timedelta | None = None, *, said_no: bool = False) -> None:
        super().__init__(f"HTTP {fault.http_status}, code {fault.code}, request {fault.request_id}")
        self.fault = fault
        self.retry_after = retry_after
        self.said_no = said_no


class RefusedError(AnswerError):
    """The request is refused for good: a retry would be refused again."""


class TooLargeError(AnswerError):
    """The request has more devices or bytes than the API accepts (413): fewer at a time may pass."""


class UnavailableError(AnswerError):
    """A retry may succeed: 401, 403, 408, 425, 5xx, an unexpected body, or no answer."""


class ThrottledError(UnavailableError):
    """Too many calls (429), of this customer or of the partner."""


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer, read whole and bounded, without the token; ``received`` makes it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def server_correlation(self) -> str | None:
        """Return the ``MS-CV`` header, by which Microsoft's support finds the call."""
        return text_of(self.headers.get("MS-CV", ""), LONGEST_ID) or None

    @property
    def members(self) -> dict[str, Any]:
        """Return the members of a small JSON object, their names in lower case; an empty dict for any other body.

        Gateways answer HTML or nothing, and .NET writes names in PascalCase.
        """
        try:
            return _lowered(json.loads(self.body) if len(self.body) <= LARGEST_DOCUMENT else None)
        except (ValueError, RecursionError):
            return {}

    @property
    def error(self) -> tuple[str | None, str | None]:
        """Return code and description of an error, each ``None`` where it is missing.

        Partner Center's own document is ``{code, description, data, source}``, of a throttle ``{statusCode, message}``;
        other services answer ``{error: {code, message}}`` (Graph) or ``{Message}`` (ASP.NET).
        """
        members = self.members
        members = _lowered(members.get("error")) or members
        description = text_of(members.get("description")) or text_of(members.get("message"))
        return text_of(members.get("code"), LONGEST_ID), description


class Accepted(msgspec.Struct, frozen=True):
    """An accepted upload: where its status is polled, and the ids of the call."""

    location: str
    correlation_id: str
    server_correlation: str | None
    seconds: float
    """How long the call took."""
    retry_after: timedelta | None = None
    """The least to wait before the next call; ``None`` where the answer has no ``Retry-After``."""


def received(status: int, headers: Mapping[str, str], body: bytes, token: str) -> Answer:
    """Return the answer to keep: the headers in use and the body, each with the token redacted."""
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    clean = {name: redact(value.encode(), token).decode() for name, value in kept.items()}
    return Answer(status, clean, redact(body, token).removeprefix(_BYTE_ORDER_MARK))


def error_for(answer: Answer, fault: Fault, now: datetime) -> AnswerError:
    """Return the exception for an answer that is no success (contract, section 4); redirects count as unavailable."""
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
    """Return whether Partner Center itself refused the request (contract, section 5).

    A gateway in front of it answers 408, 425, 429 or 5xx without knowing what the service did. So a 5xx counts only
    with Partner Center's own error document, which has a code and a description.
    """
    if 400 <= answer.status < 500:  # noqa: PLR2004 - client errors
        return answer.status not in _LEFT_OPEN
    members = answer.members
    own = text_of(members.get("code")) and text_of(members.get("description"))
    return answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and bool(own)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return ``Retry-After``, seconds or an HTTP date (RFC 9110, 10.2.3); ``None`` if it is missing or invalid."""
    value = headers.get("Retry-After", "")
    try:
        # A gateway may have added a header of its own; a date's comma follows a word.
        first = value.partition(",")[0].strip()
        if first.isascii() and first.isdigit():
            return min(timedelta(seconds=min(float(first), 10**9)), LONGEST_WAIT)
        return min(max(parsedate_to_datetime(value).replace(tzinfo=UTC) - now, timedelta(0)), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None


def location_in(answer: Answer) -> str | None:
    """Return an upload's Location, from the header or else the body; ``None`` if none has a tracking id."""
    members = answer.members
    link = _lowered(_lowered(members.get("links")).get("self")).get("uri")
    candidates = (answer.headers.get("Location"), members.get("location"), link)
    return next((text for text in candidates if isinstance(text, str) and tracking_id(text)), None)


def tracking_id(location: str) -> str | None:
    """Return the tracking id in a Location, its last path segment; ``None`` if there is none.

    Clients have met it relative, with and without ``/v1``, and absolute; its host is never called.

    >>> tracking_id("https://elsewhere.example/v1/customers/c/batchJobStatus/16c00110?x=1")
    '16c00110'
    """
    # A Location is kept in the status and sent with every poll: it must not make either of them large.
    if len(location) > LONGEST_LOCATION:
        return None
    try:
        # Half of a surrogate pair, which JSON can hold, cannot be written into the status, nor into a request.
        location.encode()
        segment = unquote(urlsplit(location.strip()).path.rstrip("/").rpartition("/")[2])
    except ValueError:
        return None
    # Some gateways decode a slash inside a segment, so that dots beside it would lead to another resource.
    is_path = "/" in segment or "\\" in segment
    return None if segment in ("", ".", "..") or is_path or len(segment) > LONGEST_DESCRIPTION else segment


def text_of(value: object, longest: int = LONGEST_DESCRIPTION) -> str | None:
    """Return a JSON value as one line of text; ``None`` for null, an object or an array."""
    # A code may be a number, and 400.0 is the same code as 400.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None or isinstance(value, dict | list) else readable(str(value))[:longest]


def readable(text: str) -> str:
    """Return a foreign text as one line, without control characters, of ``LONGEST_DESCRIPTION`` at most."""
    # Most texts are clean already, and this is read for each of thousands of entries.
    if text.isprintable() and "  " not in text:
        return text.strip()[:LONGEST_DESCRIPTION]
    # Half of a surrogate pair, left by a truncated text, cannot be written as UTF-8.
    whole = text.encode("utf-8", "replace").decode()
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", whole).strip()[:LONGEST_DESCRIPTION]


def sentence(text: str) -> str:
    """Return a text with a full stop at its end, so that another sentence can follow."""
    return text if text.endswith((".", "!", "?", "…", "。")) else f"{text}."


def _lowered(document: object) -> dict[str, Any]:
    return {name.lower(): value for name, value in document.items()} if isinstance(document, dict) else {}
