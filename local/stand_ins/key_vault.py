"""Stand in for Key Vault's secrets: versions, rights, and the challenge that tells a client which token it needs."""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import unquote
from uuid import uuid4

import msgspec

from local.stand_ins.identity import TENANT, Claims, TokenMint
from local.stand_ins.web import Fault, Request, Response, take

SECRET = re.compile(r"/secrets/(?P<name>[0-9A-Za-z-]{1,127})(/(?P<version>[0-9a-f]{32})?)?")
LARGEST_VALUE = 25_000  # bytes, by the limits of the service


class NewSecret(msgspec.Struct, rename="camel"):
    """Hold the body that stores a secret."""

    value: str


@dataclass(frozen=True, slots=True)
class Version:
    """Hold one version of a secret."""

    id: str
    value: str = field(repr=False)
    at: datetime


@dataclass(eq=False, kw_only=True)
class KeyVault:
    """Answer the real SecretClient, from many threads at once.

    `readers` and `writers` are the client ids of the identities that may; `secrets` has the versions of each secret,
    the oldest first. A client requires that the resource of the token is a parent domain of the vault's host; of a
    loopback address the only parent is what follows its first dot.
    """

    mint: TokenMint
    clock: Callable[[], datetime]
    readers: set[str] = field(default_factory=set)
    writers: set[str] = field(default_factory=set)
    secrets: dict[str, list[Version]] = field(default_factory=dict)
    calls: list[Request] = field(default_factory=list, init=False)
    _faults: deque[Fault] = field(default_factory=deque, init=False)

    def next_call(self, *faults: Fault) -> None:
        """Queue faults, one for each of the next calls with a token."""
        self._faults.extend(faults)

    def put(self, name: str, value: str) -> Version:
        """Store a new version, as somebody might in the portal."""
        version = Version(uuid4().hex, value, self.clock())
        self.secrets.setdefault(name, []).append(version)
        return version

    def latest(self, name: str) -> str:
        """Return the value of the latest version."""
        return self.secrets[name][-1].value

    def answer(self, request: Request) -> Response:
        """Answer one request, unless a scripted fault raises NoAnswer."""
        resource = f"https://{request.headers.get('Host', '').partition('.')[2]}"
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        claims = self.mint.claims(token, resource) if scheme == "Bearer" else None
        # The first call of a client has no token: the challenge says where it gets one, and for which resource.
        if claims is None:
            challenge = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="{resource}"'
            refusal = _refusal(401, "Unauthorized", "A bearer token of this tenant for this resource is needed.")
            refusal.headers["WWW-Authenticate"] = challenge
            return refusal
        self.calls.append(request)
        return take(self._faults)(lambda: self._serve(request, claims))

    def _serve(self, request: Request, claims: Claims) -> Response:
        path = SECRET.fullmatch(unquote(request.path))
        if path is None or request.method not in ("GET", "PUT") or "api-version" not in request.query:
            return _refusal(400, "BadParameter", "There is no such operation.")
        if claims.app_id not in (self.readers if request.method == "GET" else self.writers):
            return _refusal(403, "Forbidden", f"Caller is not authorized to perform action on resource {path['name']}.")
        if request.method == "GET":
            return self._read(request, path["name"], path["version"])
        return self._write(request, path["name"])

    def _read(self, request: Request, name: str, wanted: str | None) -> Response:
        found = [version for version in self.secrets.get(name, ()) if wanted in (None, "", version.id)]
        if not found:
            return _refusal(404, "SecretNotFound", f"A secret with (name/id) {name} was not found in this key vault.")
        return _bundle(request, name, found[-1])

    def _write(self, request: Request, name: str) -> Response:
        try:
            new = msgspec.json.decode(request.body, type=NewSecret)
        except msgspec.MsgspecError:
            return _refusal(400, "BadParameter", "The body is no secret.")
        if len(new.value.encode()) > LARGEST_VALUE:
            return _refusal(400, "BadParameter", "The value is too long.")
        return _bundle(request, name, self.put(name, new.value))


def _bundle(request: Request, name: str, version: Version) -> Response:
    at = int(version.at.timestamp())
    link = f"https://{request.headers['Host']}/secrets/{name}/{version.id}"
    attributes = {"enabled": True, "created": at, "updated": at, "recoveryLevel": "Recoverable"}
    return Response.of(200, {"value": version.value, "id": link, "attributes": attributes})


def _refusal(status: int, code: str, message: str) -> Response:
    return Response.of(status, {"error": {"code": code, "message": message}})
