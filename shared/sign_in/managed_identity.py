"""The app's managed identity: signs in by itself, or proves an app registration that trusts it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from shared.partner_center.token_protocol import SignInError
from shared.sign_in import faults

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

HTTP: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 10,
    # A broken connection is retried once, an answer never: the job has its own retry, and the SDK would sleep here for
    # as long as a Retry-After says. So a silent server costs 30 seconds, less than LONGEST_SIGN_IN.
    "retry_total": 1,
    "retry_status": 0,
    # Assertions and secrets go to the host that the settings name and nowhere else.
    "permit_redirects": False,
}
"""Options of the Azure SDKs' HTTP pipeline for every sign-in; times in seconds."""


def managed_identity(client_id: str | None) -> "ManagedIdentityCredential":
    """Return the credential of the user-assigned identity ``client_id``, or of the system-assigned one for ``None``."""
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - loaded at the first token, not at import

    return ManagedIdentityCredential(client_id=client_id, **HTTP)


def operator(authority: str, client_id: str | None) -> "DefaultAzureCredential":
    """Return the credential of who runs a command: the managed identity in Azure, elsewhere ``az login``."""
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - only commands need it

    return DefaultAzureCredential(authority=authority, managed_identity_client_id=client_id)


class ManagedIdentity:
    """Signs in as the managed identity; its faults say what to correct."""

    def __init__(self, client_id: str | None) -> None:
        """Take the user-assigned identity ``client_id``, or the system-assigned one for ``None``."""
        self._client_id = client_id
        self._credential = managed_identity(client_id)

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":  # noqa: ANN401 - passed on to the library
        """Return a valid token.

        Raises:
            SignInError: The identity endpoint returned none.
        """
        try:
            token: AccessToken = self._credential.get_token(*scopes, **options)
        # ValueError: the answer was no JSON.
        except (AzureError, ValueError) as error:
            raise SignInError(faults.identity(error, self._client_id)) from None
        return token

    def assertion(self, audience: str) -> Callable[[], str]:
        """Return a function that fetches a token for ``audience``, by which an app registration proves itself."""
        return lambda: self.get_token(f"{audience}/.default").token

    def close(self) -> None:
        """Close its connections."""
        self._credential.close()
