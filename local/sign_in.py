"""The stand-ins behind each way of signing in, and the app settings that lead to them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from local.stand_ins.authority import Authority, Registration, Trust
from local.stand_ins.certificates import PrivateAuthority
from local.stand_ins.identity import TENANT, IdentityEndpoint
from local.stand_ins.key_vault import KeyVault
from local.stand_ins.partner_center import SignIn
from local.stand_ins.web import Server
from shared.config.clouds import CLOUDS

WAYS = ("federated_app", "app_user", "managed_identity")
"""As `PARTNER_CENTER_AUTH` names them; the first is what `azd up` sets and `make run` takes."""
APP = "0f3d5c2e-9c1f-4a7b-8f0e-2f6b8a1d4c33"
SECRET = "partner-center-refresh-token"  # noqa: S105 - its name


@dataclass(frozen=True)
class SignInServices:
    """Hold what runs: app settings that lead to it, and what a token from it permits."""

    environment: Mapping[str, str]
    sign_in: Callable[[str], SignIn | None]
    authority: Authority | None = None
    vault: KeyVault | None = None


@contextmanager
def sign_in_services(way: str, endpoint: IdentityEndpoint) -> Iterator[SignInServices]:
    """Start what one of the WAYS needs besides the identity endpoint, and end it with the block.

    An app registration signs in with the first of the endpoint's `client_ids`.
    """
    audience = CLOUDS["global"].audience
    if way == "managed_identity":
        accepted = SignIn.APP_ONLY
        yield SignInServices({}, lambda token: accepted if endpoint.mint.claims(token, audience) else None)
        return
    identity = next(iter(endpoint.client_ids))
    app = Registration(app_id=APP, resources=frozenset({audience}), trusts=(Trust(identity),))
    authority = Authority(identities=endpoint.mint, clock=_now, registrations=(app,))
    vault = KeyVault(mint=endpoint.mint, clock=_now, readers={identity}, writers={identity})
    vault.put(SECRET, authority.consented(app))
    with ExitStack() as parts:
        private = PrivateAuthority(Path(parts.enter_context(TemporaryDirectory())))
        url = parts.enter_context(Server(authority, private.server())).url
        vault_url = parts.enter_context(Server(vault, private.server())).url
        settings = {
            "PARTNER_CENTER_AUTH": way,
            "PARTNER_CENTER_CLIENT_ID": identity,
            "PARTNER_CENTER_TENANT_ID": TENANT,
            "PARTNER_CENTER_APP_ID": APP,
            "PARTNER_CENTER_REFRESH_TOKEN_SECRET": f"{vault_url}/secrets/{SECRET}",
            "AZURE_AUTHORITY_HOST": url,
            **private.environment,
        }
        yield SignInServices(settings, lambda token: authority.sign_in(token, audience), authority, vault)


def _now() -> datetime:
    return datetime.now(UTC)
