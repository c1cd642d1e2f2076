"""Answer like Entra ID's v2.0 endpoints, for the tenant of the other stand-ins."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import parse_qsl

from local.stand_ins.authority.grants import Ledger, Session
from local.stand_ins.authority.refusals import RefusedError
from local.stand_ins.authority.registration import Registration
from local.stand_ins.identity import TENANT, Claims, TokenMint
from local.stand_ins.partner_center import SignIn
from local.stand_ins.web import Fault, Request, Response, take

OPEN_ID = frozenset({"openid", "profile", "offline_access"})


@dataclass(eq=False, kw_only=True)
class Authority:
    """Answer azure-identity and msal, from many threads at once.

    `identities` is the mint of the identity endpoint, whose tokens prove an app; `mint` makes the access tokens. With
    `rotates` a refresh token can be redeemed once; Entra ID lets the old one live. `polls`, `interval`
    (seconds) and `code_lifetime` pace a sign-in by code.
    """

    identities: TokenMint
    clock: Callable[[], datetime]
    registrations: tuple[Registration, ...]
    rotates: bool = True
    polls: int = 1
    interval: int = 0
    code_lifetime: timedelta = timedelta(minutes=15)
    requests: list[Request] = field(default_factory=list, init=False)
    _faults: deque[Fault] = field(default_factory=deque, init=False)

    def __post_init__(self) -> None:
        """Begin with nothing issued."""
        self.ledger = Ledger()
        self.mint = TokenMint(self.clock, timedelta(minutes=75))
        self._users: set[str] = set()
        self._lock = Lock()

    def next_token(self, *faults: Fault) -> None:
        """Queue faults, one for each of the next requests for a token."""
        self._faults.extend(faults)

    def sign_in(self, token: str, resource: str) -> SignIn | None:
        """Return what a token that was issued here permits at a resource; None for every other."""
        if self.mint.claims(token, resource) is None:
            return None
        return SignIn.APP_AND_USER if token in self._users else SignIn.APP_ONLY

    def consented(self, app: Registration, *, is_public: bool = False) -> str:
        """Let a user sign in, and return the refresh token."""
        resource = next(iter(app.resources))
        return self.ledger.open(Session(app.app_id, resource, is_public))

    def answer(self, request: Request) -> Response:
        """Answer one request, unless a scripted fault raises NoAnswer."""
        self.requests.append(request)
        try:
            return self._route(request)
        except RefusedError as refused:
            return refused.response

    def _route(self, request: Request) -> Response:
        tenant, _, page = request.path.lstrip("/").partition("/")
        if tenant != TENANT:
            raise RefusedError("invalid_request", 90002, f"Tenant '{tenant}' not found.")
        base = f"https://{request.headers.get('Host')}/{tenant}"
        match request.method, page:
            case "GET", "v2.0/.well-known/openid-configuration":
                return _endpoints(base)
            case "POST", "oauth2/v2.0/devicecode":
                return self._offer(_form(request))
            case "POST", "oauth2/v2.0/token":
                return take(self._faults)(lambda: self._token(_form(request), f"{base}/oauth2/v2.0/token"))
        return Response(404)

    def _token(self, form: Mapping[str, str], endpoint: str) -> Response:
        app = self._registration(form)
        proved = app.check_proof(form, endpoint, self.identities, self.clock())
        grants = {
            "client_credentials": self._to_app,
            "refresh_token": self._to_refresh_token,
            "urn:ietf:params:oauth:grant-type:device_code": self._to_device_code,
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise RefusedError("unsupported_grant_type", 70003, "The app returned an unsupported grant type.")
        with self._lock:  # of two that redeem one refresh token at once, one is the first
            return grant(app, form, proved=proved)

    def _registration(self, form: Mapping[str, str]) -> Registration:
        for app in self.registrations:
            if app.app_id == form.get("client_id"):
                return app
        named = form.get("client_id")
        raise RefusedError("unauthorized_client", 700016, f"Application with identifier '{named}' was not found.")

    def _to_app(self, app: Registration, form: Mapping[str, str], *, proved: bool) -> Response:
        if not proved:
            raise _unproved()
        return self._issue(app, _resource(app, form))

    def _to_refresh_token(self, app: Registration, form: Mapping[str, str], *, proved: bool) -> Response:
        session = self.ledger.sessions.get(form.get("refresh_token", ""))
        if session is None or session.app_id != app.app_id:
            raise RefusedError("invalid_grant", 70000, "Provided grant is invalid or malformed.")
        if session.is_public and proved:
            message = "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."
            raise RefusedError("invalid_client", 700025, message)
        if not session.is_public and not proved:
            raise _unproved()
        response = self._issue(app, _resource(app, form), session)
        if self.rotates:
            self.ledger.close(form["refresh_token"])
        return response

    def _to_device_code(self, app: Registration, form: Mapping[str, str], *, proved: bool) -> Response:
        if not proved and not app.allows_public_flows:
            raise _unproved()
        code = self.ledger.codes.get(form.get("device_code", ""))
        if code is None or code.app_id != app.app_id:
            raise RefusedError("bad_verification_code", 70018, "The device code is not known.")
        if code.expires <= self.clock():
            raise RefusedError("expired_token", 70020, "The device code has expired.")
        if not code.approved or code.polls > 0:
            code.polls -= code.approved
            raise RefusedError("authorization_pending", 70016, "The user has not signed in yet.")
        del self.ledger.codes[form["device_code"]]
        return self._issue(app, code.resource, Session(app.app_id, code.resource, is_public=not proved))

    def _offer(self, form: Mapping[str, str]) -> Response:
        app = self._registration(form)
        device_code, code = self.ledger.offer(
            app.app_id, _resource(app, form), self.polls, self.clock() + self.code_lifetime
        )
        page = "https://microsoft.com/devicelogin"
        return Response.of(
            200,
            {
                "device_code": device_code,
                "user_code": code.user_code,
                "verification_uri": page,
                "expires_in": int(self.code_lifetime.total_seconds()),
                "interval": self.interval,
                "message": f"To sign in, open the page {page} and enter the code {code.user_code} to authenticate.",
            },
        )

    def _issue(self, app: Registration, resource: str, session: Session | None = None) -> Response:
        token, expires = self.mint.issue(Claims(resource, app.app_id, app.roles))
        self.ledger.given.append(token)
        lifetime = int((expires - self.clock()).total_seconds())
        document: dict[str, object] = {"token_type": "Bearer", "expires_in": lifetime, "access_token": token}
        if session:
            self._users.add(token)
            document |= {"scope": f"{resource}/user_impersonation", "refresh_token": self.ledger.open(session)}
        return Response.of(200, document)


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode()))


def _resource(app: Registration, form: Mapping[str, str]) -> str:
    """Read the one resource that is asked for, which the app has to have a permission for."""
    scopes = set(form.get("scope", "").split()) - OPEN_ID
    if len(scopes) != 1 or not (scope := scopes.pop()).endswith("/.default"):
        raise RefusedError("invalid_scope", 70011, "One scope that ends in /.default is needed.")
    resource = scope.removesuffix("/.default")
    if resource not in app.resources:
        raise RefusedError("invalid_resource", 500011, f"The resource principal named {resource} was not found.")
    return resource


def _unproved() -> RefusedError:
    message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    return RefusedError("invalid_client", 7000218, message)


def _endpoints(base: str) -> Response:
    pages = {
        "issuer": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
    }
    return Response.of(200, pages)
