"""The storage as commands use it: opened with the sign-in of whoever runs them, its errors explained to people."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from shared import sign_in
from shared.config.settings import CONNECTION, Settings, read_settings
from shared.storage.blobs import Storage
from shared.storage.clients import container_client
from shared.workflow.ports import (
    ConflictError,
    ManifestChangedError,
    StatusUnavailableError,
    StorageUnavailableError,
)

_NOBODY = "nobody is signed in: run az login"
_QUEUE_UNUSED = {"WAKE_UP_QUEUE": "unused", f"{CONNECTION}__queueServiceUri": "https://unused.invalid"}


def operator(settings: Settings) -> TokenCredential:
    """Return the credential of whoever runs a command."""
    return sign_in.operator(settings.authority, settings.connection.client_id)


def container(environment: Mapping[str, str]) -> Storage:
    """Open the manifests' container alone, for which nothing needs to be set for the queue.

    Raises:
        SettingsError: Settings are missing or malformed.
    """
    return Storage(container_client(read_settings({**_QUEUE_UNUSED, **environment}), operator))


def explained(run: Callable[[], int], refuse: Callable[[str], int]) -> int:
    """Run a command on the storage; what the storage refuses is explained by ``refuse``, whose code is returned."""
    try:
        return run()
    except (ConflictError, ManifestChangedError):
        return refuse("It changed while it was being read: try again.")
    except (StatusUnavailableError, StorageUnavailableError) as error:
        cause = error.__cause__
        return refuse(_container_error(cause) if isinstance(cause, AzureError) else "The storage cannot be reached.")
    except AzureError as error:
        return refuse(_container_error(error))


def _container_error(error: AzureError) -> str:
    role = "Storage Blob Data Contributor (and, for retry, Storage Queue Data Contributor)"
    return f"The container: {explain(error, role=role, setting='MANIFEST_CONTAINER', no_token=_NOBODY)}."


def queue_fault(count: Callable[[], int]) -> str | None:
    """Return why the wake-up queue cannot be used, ``None`` if it can: in a new one, nobody would read a restart."""
    try:
        count()
    except AzureError as error:
        role = "Storage Queue Data Contributor"
        return f"The queue: {explain(error, role=role, setting='WAKE_UP_QUEUE', no_token=_NOBODY)}."
    return None


def explain(error: AzureError, *, role: str, setting: str, no_token: str) -> str:
    """Return what is wrong and what to do, in one line.

    Args:
        error: Its text is not repeated, as it may hold an address with a signature.
        role: The role that the call needs.
        setting: The setting that names the container or queue.
        no_token: What to do where nobody could sign in to the storage.
    """
    if isinstance(error, ResourceNotFoundError):
        return f"it does not exist: create it, or correct {setting}"
    if not isinstance(error, HttpResponseError):
        advice = f"check the addresses in {CONNECTION}…, and the account's network rules"
        return f"the storage cannot be reached ({type(error).__name__}): {advice}"
    code = getattr(error, "error_code", None)
    # The storage's own refusals have a code; those of azure-identity, which come in the same class, have none.
    if code is None and isinstance(error, ClientAuthenticationError):
        return no_token
    if error.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"not allowed ({code}): give the identity the role {role}; with a connection string, correct its key"
    return f"the storage answered {code or error.status_code}: try again later, and check {CONNECTION}…"
