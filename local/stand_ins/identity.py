"""Stand in for the managed-identity endpoint of App Service, and mint the tokens that stand-ins accept."""

import json
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from uuid import uuid4

from local.stand_ins.web import Fault, Request, Response, instead, take

TENANT = "5b9c2a1e-8d0f-4f27-9a63-1c7e4d20b8f5"
PATH = "/msi/token"
UNKNOWN = "No managed identity was found for the specified client id."


@dataclass(frozen=True, slots=True)
class Claims:
    """Hold what a token says, apart from its times."""

    audience: str
    app_id: str
    roles: tuple[str, ...] = ()


@dataclass(eq=False)
class TokenMint:
    """Issue unsigned tokens in the shape of a JWT, and recognise them.

    `clock` returns aware UTC times. Real credentials compare a token's end with the machine's own clock.
    """

    clock: Callable[[], datetime]
    lifetime: timedelta = timedelta(hours=24)
    _issued: dict[str, tuple[Claims, datetime]] = field(default_factory=dict, init=False)

    def issue(self, claims: Claims) -> tuple[str, datetime]:
        """Return a new token, and the moment at which it expires."""
        now = self.clock()
        expires = now + self.lifetime
        payload = {
            "aud": claims.audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "appid": claims.app_id,
            "roles": list(claims.roles),
            "tid": TENANT,
            "uti": str(uuid4()),
        }
        token = f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(payload)}."
        self._issued[token] = claims, expires
        return token, expires

    def claims(self, token: str, audience: str) -> Claims | None:
        """Return the claims of a token issued here for an audience and not expired, else None."""
        claims, expires = self._issued.get(token, (None, self.clock()))
        return claims if claims and claims.audience == audience and self.clock() < expires else None


def _segment(document: Mapping[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


@dataclass(eq=False, kw_only=True)
class IdentityEndpoint:
    """Answer the real ManagedIdentityCredential, from many threads at once.

    `client_ids` are the user-assigned identities, `system_assigned` is the client id of the other one, None without it.
    `fetches` has every request that came, answered with a token or not.
    """

    mint: TokenMint
    client_ids: Collection[str] = ()
    system_assigned: str | None = field(default_factory=lambda: str(uuid4()))
    roles: tuple[str, ...] = ()
    fetches: list[Request] = field(default_factory=list, init=False)
    _secret: str = field(default_factory=token_urlsafe, init=False, repr=False)
    _faults: deque[Fault] = field(default_factory=deque, init=False)

    def environment(self, url: str) -> dict[str, str]:
        """Return the variables by which a credential finds the endpoint; `url` is its server's."""
        return {"IDENTITY_ENDPOINT": url + PATH, "IDENTITY_HEADER": self._secret}

    def next_fetch(self, *faults: Fault) -> None:
        """Queue faults, one for each of the next requests."""
        self._faults.extend(faults)

    def answer(self, request: Request) -> Response:
        """Answer one request, unless a scripted fault raises NoAnswer."""
        self.fetches.append(request)
        return take(self._faults)(lambda: self._grant(request))

    def wrong_audience(self, audience: str) -> Fault:
        """Return a valid token of another audience."""
        return lambda _proceed: self._token(Claims(audience, str(self.system_assigned), self.roles))

    def _grant(self, request: Request) -> Response:
        query = request.query
        if request.method != "GET" or request.path != PATH:
            return _refusal(404, "There is nothing here.")
        if request.headers.get("X-IDENTITY-HEADER") != self._secret:
            return _refusal(401, "X-IDENTITY-HEADER is missing or wrong.")
        if query.get("api-version") != "2019-08-01" or not query.get("resource"):
            return _refusal(400, "api-version 2019-08-01 and a resource are needed.")
        identity = self._identity(query.get("client_id"))
        if identity is None:
            return _refusal(400, UNKNOWN)
        return self._token(Claims(query["resource"], identity, self.roles))

    def _identity(self, client_id: str | None) -> str | None:
        if client_id is None:
            return self.system_assigned
        return client_id if client_id in self.client_ids else None

    def _token(self, claims: Claims) -> Response:
        token, expires = self.mint.issue(claims)
        return Response.of(
            200,
            {
                "access_token": token,
                "client_id": claims.app_id,
                "expires_on": str(int(expires.timestamp())),
                "resource": claims.audience,
                "token_type": "Bearer",
            },
        )


def identity_not_found() -> Fault:
    """Answer that the app has no such identity."""
    return instead(_refusal(400, UNKNOWN))


def server_error() -> Fault:
    """Fail as the endpoint does, for a wrong resource as well."""
    return instead(_refusal(500, "An internal error occurred."))


def _refusal(status: int, message: str) -> Response:
    return Response.of(status, {"statusCode": status, "message": message})
