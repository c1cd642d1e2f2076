"""What Partner Center's answers mean: one exception class for each decision, and where an upload can be followed."""

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
from shared.partner_center.redaction import redact

LONGEST_DESCRIPTION = 500
LONGEST_ID = 100
LONGEST_LOCATION = 2048
"""Characters of a foreign text that are kept; a longer Location is none."""

LARGEST_DOCUMENT = 2**16
"""Bytes of an error document, or of one with a link: a larger one is not read, as it would take many times its size."""

LONGEST_WAIT = timedelta(days=366)
"""More than anybody means by ``Retry-After``; a moment that far off can still be written down."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_KEPT_HEADERS = ("Location", "MS-CV", "Retry-After")

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
    """One HTTP answer, read whole and bounded; ``received`` makes it."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def server_correlation(self) -> str | None:
        """Return the ``MS-CV`` header, by which Microsoft's support finds the call."""
        return text_of(self.headers.get("MS-CV", ""), LONGEST_ID) or None

    @property
    def members(self) -> dict[str, Any]:
        """Read the members of a small JSON object, their names in lower case; none where the body is something else.

        Gateways answer HTML or nothing, and .NET writes names in PascalCase.
        """
        try:
            return _lowered(json.loads(self.body) if len(self.body) <= LARGEST_DOCUMENT else None)
        except (ValueError, RecursionError):
            return {}

    @property
    def error(self) -> tuple[str | None, str | None]:
        """Read code and description of an error, each ``None`` where there is none.

        Partner Center's own document is ``{code, description, data, source}``, of a throttle ``{statusCode, message}``;
        other services answer ``{error: {code, message}}`` (Graph) or ``{Message}`` (ASP.NET).
        """
        members = self.members
        members = _lowered(members.get("error")) or members
        description = text_of(members.get("description")) or text_of(members.get("message"))
        return text_of(members.get("code"), LONGEST_ID), description


class Accepted(msgspec.Struct, frozen=True):
    """An upload that Partner Center has taken: where its progress is read, and the id of the call."""

    location: str
    correlation_id: str
    server_correlation: str | None
    seconds: float
    """How long the call took."""
    retry_after: timedelta | None = None
    """How long to leave Partner Center alone, where it says so."""


def received(status: int, headers: Mapping[str, str], body: bytes, token: str) -> Answer:
    """Make an answer of what has come over the wire; whatever is kept of it passes here, and loses the token here."""
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    clean = {name: redact(value.encode(), token).decode() for name, value in kept.items()}
    return Answer(status, clean, redact(body, token).removeprefix(_BYTE_ORDER_MARK))


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
    """Return whether Partner Center itself said that it did not take the request (contract, section 5).

    A gateway answers 408, 425, 429 or 5xx without knowing whether the service behind it took the request, so a 5xx
    counts only with Partner Center's own error document.
    """
    if 400 <= answer.status < 500:  # noqa: PLR2004 - client errors
        return answer.status not in _LEFT_OPEN
    members = answer.members
    own = None not in (text_of(members.get("code")), text_of(members.get("description")))
    return answer.status >= 500 and own  # noqa: PLR2004 - server errors


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read ``Retry-After`` in either form, seconds or an HTTP date (RFC 9110, 10.2.3); ``None`` if it is neither."""
    value = headers.get("Retry-After", "").strip()
    try:
        if value.isascii() and value.isdigit():
            return min(timedelta(seconds=min(int(value), 10**9)), LONGEST_WAIT)
        return min(max(parsedate_to_datetime(value).replace(tzinfo=UTC) - now, timedelta(0)), LONGEST_WAIT)
    except (ValueError, OverflowError):
        return None


def location_in(answer: Answer) -> str | None:
    """Find the upload's Location, in the header or else the body; ``None`` if no tracking id can be read from it."""
    members = answer.members
    link = _lowered(_lowered(members.get("links")).get("self")).get("uri")
    candidates = (answer.headers.get("Location"), members.get("location"), link)
    return next((text for text in candidates if isinstance(text, str) and tracking_id(text)), None)


def tracking_id(location: str) -> str | None:
    """Read the tracking id from a Location: its last path segment, whatever else it says; ``None`` if there is none.

    Clients have met it relative, with and without ``/v1``, and absolute.

    >>> tracking_id("https://elsewhere.example/v1/customers/c/batchJobStatus/16c00110?x=1")
    '16c00110'
    """
    # A Location is kept in the status and named in every poll, and must not make either of them large.
    if len(location) > LONGEST_LOCATION:
        return None
    try:
        segment = unquote(urlsplit(location.strip()).path.rstrip("/").rpartition("/")[2])
    except ValueError:
        return None
    return None if segment in ("", ".", "..") or len(segment) > LONGEST_DESCRIPTION else segment


def text_of(value: object, longest: int = LONGEST_DESCRIPTION) -> str | None:
    """Read a JSON value as one readable line; ``None`` where it is absent, an object or an array."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None or isinstance(value, dict | list) else readable(str(value))[:longest]


def readable(text: str) -> str:
    """Make a foreign text fit for a person's eyes: one line, bounded, without control characters."""
    # Nearly always so, and quick to see.
    if text.isprintable() and "  " not in text:
        return text.strip()[:LONGEST_DESCRIPTION]
    # Half a character could not be stored.
    whole = text.encode("utf-8", "replace").decode()
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", whole).strip()[:LONGEST_DESCRIPTION]


def sentence(text: str) -> str:
    """End a text with a full stop, so that another sentence can follow it."""
    return text if text.endswith((".", "!", "?", "…", "。")) else f"{text}."


def _lowered(document: object) -> dict[str, Any]:
    return {name.lower(): value for name, value in document.items()} if isinstance(document, dict) else {}
