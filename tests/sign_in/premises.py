"""Everything that a sign-in meets: identity endpoint, Entra ID and Key Vault, each behind a server of its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

import pytest

from local.stand_ins.authority import Authority, Registration, Trust
from local.stand_ins.certificates import PrivateAuthority
from local.stand_ins.identity import TENANT, Claims, IdentityEndpoint, TokenMint
from local.stand_ins.key_vault import KeyVault
from local.stand_ins.partner_center import SignIn as Access
from local.stand_ins.web import Request, Server
from shared import sign_in
from shared.config.clouds import CLOUDS
from shared.config.settings import Settings, read_settings
from shared.job.status_document import Fault
from shared.partner_center.token_protocol import SignInError
from shared.sign_in import TokenSource

IDENTITY = "22222222-3d57-4e0b-8a55-2f1f0a9d7c11"
OTHER_IDENTITY = "33333333-3d57-4e0b-8a55-2f1f0a9d7c11"
APP = "44444444-3d57-4e0b-8a55-2f1f0a9d7c11"
REFRESH_TOKEN, CERTIFICATE = "refresh-token", "app-certificate"
BEGINNING = 45  # characters of a secret, which are enough to give it away
AUDIENCES = frozenset(cloud.audience for cloud in CLOUDS.values())
CLOUD_HOSTS = [cloud.authority.removeprefix("https://") for cloud in CLOUDS.values()]


def now() -> datetime:
    return datetime.now(UTC)  # the libraries hold a token's end against the machine's clock


@dataclass(eq=False)
class RememberingMint(TokenMint):
    """Remembers every token, so that a test can look for them where they must not be."""

    tokens: list[str] = field(default_factory=list, init=False)

    def issue(self, claims: Claims) -> tuple[str, datetime]:
        token, expires = super().issue(claims)
        self.tokens.append(token)
        return token, expires


@dataclass
class Premises:
    app_pem: str
    endpoint: IdentityEndpoint
    authority: Authority
    vault: KeyVault
    environment: dict[str, str]
    parts: ExitStack
    faults: list[SignInError] = field(default_factory=list)

    def settings(self, way: str, **changes: str) -> Settings:
        return read_settings({**self.environment, "PARTNER_CENTER_AUTH": way, **changes})

    def sign_in(self, way: str, **changes: str) -> TokenSource:
        """Sign in as an instance of the app of its own."""
        settings = self.settings(way, **changes)
        started = TokenSource(partial(sign_in.credential, settings), settings.cloud.audience)
        self.parts.callback(started.close)
        return started

    def fault(self, way: str, **changes: str) -> Fault:
        """Sign in, which has to fail."""
        with pytest.raises(SignInError) as raised:
            self.sign_in(way, **changes).token()
        self.faults.append(raised.value)
        # Another sentence follows in the status, whatever a service has said.
        assert raised.value.fault.description.endswith(".")
        return raised.value.fault

    def access(self, token: str, cloud: str = "global") -> Access | None:
        return self.authority.sign_in(token, CLOUDS[cloud].audience)

    def secrets(self) -> Iterator[str]:
        """Give the beginning of everything secret that was made, and of each part of a token."""
        mint = self.endpoint.mint
        assert isinstance(mint, RememberingMint)
        for token in (*mint.tokens, *self.authority.ledger.given):
            yield token[:BEGINNING]
            yield from (part[:BEGINNING] for part in token.split(".") if len(part) > 60)
        for versions in self.vault.secrets.values():
            yield from (version.value[:BEGINNING] for version in versions if version.value)
        yield from self.app_pem.splitlines()[1:2]  # of the private key; what stands before it is no secret
        yield self.environment["IDENTITY_HEADER"]

    @property
    def app(self) -> Registration:
        """Give the app registration."""
        return self.authority.registrations[0]

    @app.setter
    def app(self, registration: Registration) -> None:
        self.authority.registrations = (registration,)

    def keep_certificate(self, secret: str) -> str:
        """Put a certificate into the vault, and give the URL of its secret."""
        self.vault.put(CERTIFICATE, secret)
        return self.environment["PARTNER_CENTER_REFRESH_TOKEN_SECRET"].replace(REFRESH_TOKEN, CERTIFICATE)

    def redemptions(self) -> list[str]:
        """Give the bodies of the requests in which a refresh token was redeemed."""
        bodies = [request.body.decode() for request in self.authority.requests]
        return [body for body in bodies if "grant_type=refresh_token" in body]


class Closed:
    """Answers nobody: the site of a server between two tests."""

    def answer(self, request: Request) -> NoReturn:
        raise AssertionError(f"{request.target} was asked for after the test")


@dataclass(frozen=True)
class Servers:
    """The three servers, which are quicker left running than started for each test."""

    private: PrivateAuthority
    identity: Server
    authority: Server
    vault: Server

    def open(self, endpoint: IdentityEndpoint, authority: Authority, vault: KeyVault) -> None:
        self.identity.site, self.authority.site, self.vault.site = endpoint, authority, vault

    def close(self) -> None:
        self.identity.site = self.authority.site = self.vault.site = Closed()


@contextmanager
def servers(private: PrivateAuthority) -> Iterator[Servers]:
    with (
        Server(Closed()) as identity,
        Server(Closed(), private.server("127.0.0.1", *CLOUD_HOSTS)) as authority,
        Server(Closed(), private.server()) as vault,
    ):
        yield Servers(private, identity, authority, vault)


@contextmanager
def premises(running: Servers, app_pem: str) -> Iterator[Premises]:
    endpoint = IdentityEndpoint(mint=RememberingMint(now), client_ids=[IDENTITY])
    app = Registration(app_id=APP, resources=AUDIENCES, trusts=(Trust(IDENTITY),))
    authority = Authority(identities=endpoint.mint, clock=now, registrations=(app,))
    vault = KeyVault(mint=endpoint.mint, clock=now, readers={IDENTITY}, writers={IDENTITY})
    vault.put(REFRESH_TOKEN, authority.consented(app))
    environment = {
        "ManifestStorage": "UseDevelopmentStorage=true",
        "MANIFEST_CONTAINER": "manifests",
        "WAKE_UP_QUEUE": "manifest-wake-ups",
        "AZURE_AUTHORITY_HOST": running.authority.url,
        "PARTNER_CENTER_CLIENT_ID": IDENTITY,
        "PARTNER_CENTER_TENANT_ID": TENANT,
        "PARTNER_CENTER_APP_ID": APP,
        "PARTNER_CENTER_REFRESH_TOKEN_SECRET": f"{running.vault.url}/secrets/{REFRESH_TOKEN}",
        **endpoint.environment(running.identity.url),
        **running.private.environment,
    }
    running.open(endpoint, authority, vault)
    with ExitStack() as parts:
        parts.callback(running.close)
        yield Premises(app_pem, endpoint, authority, vault, environment, parts)
