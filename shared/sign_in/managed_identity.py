"""The app's managed identity: a way to sign in by itself, and what an app registration proves itself with."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from shared.partner_center.tokens import SignInError
from shared.sign_in import faults

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

HTTP: dict[str, Any] = {
    "connection_timeout": 5,
    "read_timeout": 10,
    "retry_total": 1,
    "retry_status": 0,
    "permit_redirects": False,
}
"""For the Azure SDKs: a broken connection is tried once more, but nothing sleeps on an answer's ``Retry-After``, and
what is secret goes to no other address than the one that the settings name.

The job that needs the token has its own retry; a call of it must not hang in this one.
"""


def managed_identity(client_id: str | None) -> "ManagedIdentityCredential":
    """Make the credential of the user-assigned identity with ``client_id``, else of the system-assigned one."""
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - paid at the first token, not at import

    return ManagedIdentityCredential(client_id=client_id, **HTTP)


def operator(authority: str, client_id: str | None) -> "DefaultAzureCredential":
    """Make the credential of whoever runs a command: the managed identity where it runs, elsewhere an ``az login``."""
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - only commands need it

    return DefaultAzureCredential(authority=authority, managed_identity_client_id=client_id)


class Identity:
    """The managed identity as a credential whose faults say what to mend."""

    def __init__(self, client_id: str | None) -> None:
        """Take the user-assigned identity with ``client_id``, else the system-assigned one."""
        self._client_id = client_id
        self._credential = managed_identity(client_id)

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":  # noqa: ANN401 - passed on to the library
        """Give a valid token.

        Raises:
            SignInError: The identity gave none.
        """
        try:
            token: AccessToken = self._credential.get_token(*scopes, **options)
        except (AzureError, ValueError) as error:  # ValueError: an answer that is no JSON
            raise SignInError(faults.identity(error, self._client_id)) from None
        return token

    def assertion(self, audience: str) -> Callable[[], str]:
        """Give what fetches the token by which an app registration that trusts the identity proves itself."""
        return lambda: self.get_token(f"{audience}/.default").token

    def close(self) -> None:
        """Close its connections."""
        self._credential.close()
