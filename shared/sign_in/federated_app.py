"""An app registration that trusts the managed identity (a federated credential), and so needs no secret.

Source: "Configure an application to trust a managed identity", Microsoft Entra workload identities.
"""

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from azure.identity import ClientAssertionCredential

from shared.config.settings import Settings
from shared.partner_center.token_protocol import SignInError
from shared.sign_in import faults
from shared.sign_in.managed_identity import HTTP, ManagedIdentity


class FederatedApp:
    """Signs in as the app registration alone (App-only)."""

    def __init__(self, settings: Settings) -> None:
        """Take identity, tenant, app, authority and exchange audience from the settings; nothing is called yet."""
        self._identity = ManagedIdentity(settings.client_id)
        self._credential = ClientAssertionCredential(
            str(settings.tenant_id),
            str(settings.app_id),
            self._identity.assertion(settings.cloud.exchange_audience),
            authority=settings.authority,
            **HTTP,
        )

    def get_token(self, *scopes: str) -> AccessToken:
        """Return a valid token.

        Raises:
            SignInError: The managed identity returned no assertion, or Entra ID no token for it.
        """
        try:
            return self._credential.get_token(*scopes)
        except AzureError as error:
            raise SignInError(faults.entra_error(error)) from None

    def close(self) -> None:
        """Close its connections."""
        self._credential.close()
        self._identity.close()
