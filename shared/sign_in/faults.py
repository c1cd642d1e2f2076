"""The faults of a sign-in: each names the setting or the portal page to correct.

Services may repeat a token in their messages, so that whatever could be one is removed.
"""

import re
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from shared.job.status_document import Fault
from shared.partner_center.responses import readable, sentence
from shared.sign_in.entra_errors import explain

TOO_SLOW = Fault(
    code="sign_in_timeout", description="No token: the sign-in took too long. It is retried automatically."
)
NO_CERTIFICATE = Fault(
    code="certificate_unreadable",
    description="No token: the secret that PARTNER_CENTER_CERTIFICATE_SECRET names is no certificate with an RSA key.",
)
UNKNOWN_TENANT = Fault(
    code="unknown_tenant",
    description="No token: Entra ID knows no such tenant. Correct PARTNER_CENTER_TENANT_ID; PARTNER_CENTER_CLOUD has to"
    " name the cloud that the tenant is in.",
)

_CERTIFICATE = "PARTNER_CENTER_CERTIFICATE_SECRET"
_ERROR_NUMBER = re.compile(r"AADSTS(\d+)")
_IDS = {"server_correlation": re.compile(r"Trace ID: (\S+)"), "correlation_id": re.compile(r"Correlation ID: (\S+)")}
_OPAQUE = re.compile(r"[\w.~+=%-]{50,}")
"""More characters than a word or a GUID has: a token, a code or a key."""


def entra(answer: Mapping[str, Any]) -> Fault:
    """Return the fault for Entra ID's error document (OAuth 2.0, RFC 6749, 5.2)."""
    return _entra(f"{answer.get('error', 'no token')}: {answer.get('error_description', '')}", None)


def entra_error(error: AzureError) -> Fault:
    """Return the fault for an error of azure-identity about Entra ID."""
    if isinstance(error, ClientAuthenticationError):
        return _entra(error.message, error.status_code)
    return entra_unreachable(error)


def entra_unreachable(error: Exception) -> Fault:
    """Return the fault for a connection error, or an answer that is not Entra ID's."""
    what = f"No token: Entra ID could not be reached ({type(error).__name__}). It is retried automatically."
    advice = "If that does not help, check PARTNER_CENTER_CLOUD and AZURE_AUTHORITY_HOST, and the app's network."
    status = error.status_code if isinstance(error, HttpResponseError) else None
    return Fault(http_status=status, code="entra_unreachable", description=f"{what} {advice}")


def identity(error: Exception, client_id: str | None) -> Fault:
    """Return the fault for no token of the managed identity; ``client_id`` is None for the system-assigned one."""
    if client_id:
        advice = "Assign the user-assigned identity to the function app (portal: Settings > Identity)"
        advice += " and set PARTNER_CENTER_CLIENT_ID to its client id."
    else:
        advice = "Turn the function app's system-assigned identity on (portal: Settings > Identity),"
        advice += " or set PARTNER_CENTER_CLIENT_ID to the client id of a user-assigned one."
    said = _said(error.message) if isinstance(error, AzureError) else f"({type(error).__name__})."
    return Fault(
        code="no_managed_identity", description=f"No token of the managed identity. {advice} Its endpoint said: {said}"
    )


def vault(error: Exception, setting: str, doing: str) -> Fault:
    """Return the fault for a secret, named by its setting, that could not be "read" or "written" (``doing``)."""
    status = error.status_code if isinstance(error, HttpResponseError) else None
    if status == 403:  # noqa: PLR2004 - Forbidden
        role = "Key Vault Secrets User" if setting == _CERTIFICATE else "Key Vault Secrets Officer"
        advice = f"Assign the identity the role {role} (portal: key vault > Access control), and let the app through"
        advice += " the vault's firewall (Networking)."
    elif status is None and isinstance(error, ClientAuthenticationError):
        advice = "Nobody is signed in: run az login."
    else:
        advice = f"Check that {setting} is the URL of a secret, https://<vault>.<domain>/secrets/<name>, and that the"
        advice += " app can reach the vault."
    said = _said(error.message) if isinstance(error, HttpResponseError) else f"{type(error).__name__}."
    description = f"No token: the secret that {setting} names could not be {doing}. {advice} Key Vault said: {said}"
    return Fault(http_status=status, code="key_vault", description=description)


def no_secret(setting: str) -> Fault:
    """Return the fault for a secret that is missing or empty."""
    if setting == _CERTIFICATE:
        what_to_do = "Create the certificate in the vault, or correct the setting."
    else:
        what_to_do = "Sign in once with python -m shared consent, or correct the setting."
    description = f"No token: Key Vault has no secret where {setting} says. {what_to_do}"
    return Fault(http_status=404, code="key_vault", description=description)


def unexpected(error: Exception) -> Fault:
    """Return the fault for an unexpected error, without its text, which may hold a secret."""
    return Fault(code="sign_in_failed", description=f"No token: the sign-in failed with {type(error).__name__}.")


def _entra(text: str, status: int | None) -> Fault:
    number = _ERROR_NUMBER.search(text)
    ids = {name: match[1] for name, pattern in _IDS.items() if (match := pattern.search(text))}
    # Only ids and a time follow "Trace ID:"; the fault has the ids as fields.
    said = _said(text.partition("Trace ID:")[0])
    description = f"No token. {explain(number[1] if number else None)} Entra ID said: {said}"
    return Fault(http_status=status, code=number[0] if number else "entra_refused", description=description, **ids)


def _said(text: str) -> str:
    # Another sentence follows it in the status's message.
    return sentence(readable(_OPAQUE.sub("(left out)", text)))
