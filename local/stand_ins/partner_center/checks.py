"""What every caller has to bring along, and how it is refused without."""

import re
from collections.abc import Callable
from enum import Enum, auto

from local.stand_ins.web import Headers, Request, Response

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class SignIn(Enum):
    """Name how a token was got: for an application alone, or for one together with a user."""

    APP_ONLY = auto()
    APP_AND_USER = auto()


class RefusedError(Exception):
    """Refuse a call with an error document."""

    def __init__(self, status: int, code: str, description: str) -> None:
        super().__init__(f"{status} {code}: {description}")
        self.response = error_response(status, code, description)


def error_response(status: int, code: str, description: str) -> Response:
    """Answer with Partner Center's error document."""
    document = {"code": code, "description": description, "data": [], "source": "PartnerApiServiceCore"}
    return Response.of(status, document)


def check_sign_in(headers: Headers, sign_in: Callable[[str], SignIn | None]) -> SignIn:
    """Ask who issued the bearer token."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    access = sign_in(token) if scheme == "Bearer" else None
    if access is None:
        raise RefusedError(401, "900420", "The token is missing, not known, expired, or meant for another audience.")
    return access


def check_customer(customer: str) -> None:
    """Insist on a GUID."""
    if not GUID.fullmatch(customer):
        raise RefusedError(400, "900118", "The customer id is no GUID.")


def check_ids(headers: Headers, *, required: bool, correlation_is_new: bool) -> None:
    """Insist on GUIDs, and on a correlation id that no earlier call has carried."""
    for name in ("MS-RequestId", "MS-CorrelationId"):
        value = headers.get(name, "")
        if not GUID.fullmatch(value) and (required or value):
            raise RefusedError(400, "800002", f"{name} is no GUID.")
    if not correlation_is_new:
        raise RefusedError(400, "800002", "An earlier call has carried this MS-CorrelationId.")


def check_media_types(request: Request) -> None:
    """Insist on JSON in both directions; a GET sends none."""
    names = ("Accept",) if request.method == "GET" else ("Accept", "Content-Type")
    for name in names:
        if request.headers.get(name, "").partition(";")[0].strip().lower() != "application/json":
            raise RefusedError(400, "800002", f"{name} is not application/json.")
