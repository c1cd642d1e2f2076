"""Answers that Partner Center, or a gateway before it, might give; what is no answer at all is in ``web``."""

from datetime import datetime
from email.utils import format_datetime
from typing import Literal

from requests.structures import CaseInsensitiveDict

from local.stand_ins.partner_center.checks import error_response
from local.stand_ins.web import Fault, Proceed, Response, instead


def error(status: int, code: str, description: str) -> Fault:
    """Answer with an error document."""
    return instead(error_response(status, code, description))


def throttled(retry_after: int | datetime | None = None) -> Fault:
    """Answer 429 in its own shape, with Retry-After in seconds, as an HTTP date (of a UTC time), or without."""
    when = format_datetime(retry_after, usegmt=True) if isinstance(retry_after, datetime) else retry_after
    headers = {} if when is None else {"Retry-After": str(when)}
    return instead(Response.of(429, {"statusCode": 429, "message": "Too many requests."}, headers))


def gateway_error(status: int = 502) -> Fault:
    """Answer in HTML, as a gateway does that knows nothing of Partner Center's documents and headers."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return instead(Response(status, CaseInsensitiveDict({"Content-Type": "text/html"}), page.encode()))


def redirect(location: str, status: int = 307) -> Fault:
    """Point to another address, which nobody who carries a token may follow."""
    return instead(Response(status, CaseInsensitiveDict({"Location": location})))


def absolute_location(base: str) -> Fault:
    """Accept, and put a base URL, perhaps a foreign one, perhaps with /v1, before the Location."""

    def fault(proceed: Proceed) -> Response:
        accepted = proceed()
        accepted.headers["Location"] = base + accepted.headers["Location"]
        return accepted

    return fault


def no_location(proceed: Proceed) -> Response:
    """Accept, and leave the Location out."""
    accepted = proceed()
    del accepted.headers["Location"]
    return accepted


def location_in_body(member: Literal["location", "links"]) -> Fault:
    """Accept with 200, and put the link into the body: as `location`, or as `links.self.uri`."""

    def fault(proceed: Proceed) -> Response:
        headers = proceed().headers
        link = headers.pop("Location")
        document = {"location": link} if member == "location" else {"links": {"self": {"uri": link, "method": "GET"}}}
        return Response.of(200, document, headers)

    return fault
