"""The one interactive sign-in of ``app_user``: a user signs in with MFA, and Key Vault keeps the refresh token."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing

from shared.config.settings import Settings, SettingsError, read_settings
from shared.partner_center.token_protocol import SignInError
from shared.sign_in.certificate import proof_of
from shared.sign_in.entra import Authority, Grant
from shared.sign_in.managed_identity import operator
from shared.sign_in.vault import Secret

REFRESH_TOKEN, CERTIFICATE = "PARTNER_CENTER_REFRESH_TOKEN_SECRET", "PARTNER_CENTER_CERTIFICATE_SECRET"

EXPLANATION = f"""\
This signs a Partner Center user in once, so that the app can act for them from
then on (PARTNER_CENTER_AUTH=app_user). docs/signing-in.md explains it. You need
  - an app registration that allows public client flows, or whose certificate
    {CERTIFICATE} names;
  - a Partner Center user, preferably one for this app alone, who signs in with
    multi-factor authentication;
  - an az login, and the role Key Vault Secrets Officer on the vault.

You are asked for the settings that are missing. Then a page and a code are
shown: open the page on any device, enter the code, and sign in as that user.
The refresh token goes from Entra ID into Key Vault and is not shown.
"""

_QUESTIONS = {
    "PARTNER_CENTER_TENANT_ID": "The tenant of the partner account, its id or domain",
    "PARTNER_CENTER_APP_ID": "The client id of the app registration",
    REFRESH_TOKEN: "The URL of the secret, https://<vault>.vault.azure.net/secrets/<name>",
}
_UNUSED = dict.fromkeys(("MANIFEST_CONTAINER", "WAKE_UP_QUEUE", "PARTNER_CENTER_CLIENT_ID"), "unused")
_UNUSED["ManifestStorage"] = "UseDevelopmentStorage=true"


def run(environment: Mapping[str, str], say: Callable[[str], None], ask: Callable[[str], str]) -> int:
    """Explain, ask for what is missing, sign in, and store the refresh token.

    Args:
        environment: App settings, as far as they are set.
        say: Shows a text.
        ask: Shows a question and returns the answer.

    Returns:
        0 if the refresh token is stored, else 1.

    Raises:
        SettingsError: Settings that were not asked for are malformed.
    """
    say(EXPLANATION)
    settings = _settings(environment, say, ask)
    try:
        _sign_in(settings, environment.get("PARTNER_CENTER_CLIENT_ID"), say)
    except SignInError as error:
        say(f"Nothing was stored. {error.fault.description}")
        return 1
    say("The refresh token is stored. It stays valid as long as the app keeps using it.")
    return 0


def _settings(environment: Mapping[str, str], say: Callable[[str], None], ask: Callable[[str], str]) -> Settings:
    """Ask for what is missing, and again for each answer that cannot be right."""
    answers: dict[str, str] = {}
    wanted = [name for name in _QUESTIONS if not environment.get(name, "").strip()]
    while True:
        answers |= {name: ask(f"{_QUESTIONS[name]} ({name}): ") for name in wanted}
        try:
            return read_settings({**environment, **answers, **_UNUSED, "PARTNER_CENTER_AUTH": "app_user"})
        except SettingsError as error:
            wanted = [name for name in answers if any(fault.startswith(name) for fault in error.faults)]
            # No answer corrects what stands in the environment.
            if len(wanted) < len(error.faults):
                raise
            say(f"{error}\ndocs/signing-in.md says where to find it.")


def _sign_in(settings: Settings, identity: str | None, say: Callable[[str], None]) -> None:
    with ExitStack() as parts:
        own = operator(settings.authority, identity)
        parts.enter_context(closing(own))
        secret = parts.enter_context(closing(Secret(REFRESH_TOKEN, str(settings.refresh_token_secret), own)))
        # A vault out of reach is found before the user signs in, not after.
        secret.find()
        certificate = None
        if settings.certificate_secret:
            certificate = parts.enter_context(closing(Secret(CERTIFICATE, settings.certificate_secret, own)))
        secret.write(_grant(settings, certificate, say).refresh_token)


def _grant(settings: Settings, certificate: Secret | None, say: Callable[[str], None]) -> Grant:
    authority = Authority(settings.authority, str(settings.tenant_id), str(settings.app_id))
    proof = proof_of(certificate.read()) if certificate else None
    return authority.sign_in_by_code(f"{settings.cloud.audience}/.default", proof, say)
