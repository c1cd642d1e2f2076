"""A secret in Key Vault, in its latest version."""

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.keyvault.secrets import KeyVaultSecretIdentifier, SecretClient

from shared.partner_center.token_protocol import SignInError
from shared.sign_in import faults
from shared.sign_in.managed_identity import HTTP


class Secret:
    """The secret that an app setting names by its URL; a version in the URL is ignored."""

    def __init__(self, setting: str, url: str, credential: TokenCredential) -> None:
        """Use the secret at ``url``; faults name its ``setting``."""
        identifier = KeyVaultSecretIdentifier(url)
        self._setting = setting
        self._name = identifier.name
        self._client = SecretClient(identifier.vault_url, credential, **HTTP)

    def read(self) -> str:
        """Return its value.

        Raises:
            SignInError: It is missing, empty or forbidden, or the vault does not answer.
        """
        value = self.find()
        if not value:
            raise SignInError(faults.no_secret(self._setting))
        return value

    def find(self) -> str | None:
        """Return its value, or ``None`` if the secret does not exist.

        Raises:
            SignInError: It is forbidden, or the vault does not answer.
        """
        try:
            return self._client.get_secret(self._name).value
        except ResourceNotFoundError:
            return None
        # ValueError: the answer was not Key Vault's.
        except (AzureError, ValueError) as error:
            raise SignInError(faults.vault(error, self._setting, "read")) from None

    def write(self, value: str) -> None:
        """Store a new version. Key Vault has no conditional write: of two at once, the last one counts.

        Raises:
            SignInError: Writing is forbidden, or the vault does not answer.
        """
        try:
            self._client.set_secret(self._name, value)
        except (AzureError, ValueError) as error:
            raise SignInError(faults.vault(error, self._setting, "written")) from None

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
