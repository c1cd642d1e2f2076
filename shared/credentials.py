"""Sign-in without secrets: tokens for Partner Center from a managed identity."""

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from shared.answers import readable
from shared.job import Fault
from shared.services import SignInError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


class SignIn:
    """Gives tokens for one audience, cached by the credential and shared by all threads."""

    def __init__(self, make_credential: "Callable[[], TokenCredential]", audience: str) -> None:
        """Make the credential at first use."""
        self._make_credential = make_credential
        self._scope = f"{audience}/.default"
        self._credential: TokenCredential | None = None
        self._lock = Lock()

    def token(self) -> str:
        """Give a valid token; on a cold start one thread asks and the others wait for its answer.

        Raises:
            SignInError: None is to be had now.
        """
        from azure.core.exceptions import AzureError  # noqa: PLC0415 - paid at the first token, not at import

        with self._lock:
            if self._credential is None:
                self._credential = self._make_credential()
            try:
                return self._credential.get_token(self._scope).token
            except AzureError as error:
                raise SignInError(_fault(error)) from None

    def renew(self) -> None:
        """Forget the cached token, which was not accepted."""
        with self._lock:
            self._credential = None


def managed_identity(client_id: str | None) -> "TokenCredential":
    """Sign in as the app's managed identity: the user-assigned one with ``client_id``, else the system-assigned."""
    from azure.identity import ManagedIdentityCredential  # noqa: PLC0415 - paid at the first token, not at import

    return ManagedIdentityCredential(client_id=client_id) if client_id else ManagedIdentityCredential()


def _fault(error: Exception) -> Fault:
    return Fault(code="sign_in_failed", description=f"No token for Partner Center: {readable(str(error))}")
