"""The SDKs' clients of the data account: by connection string locally, by managed identity in Azure."""

from collections.abc import Callable
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import ContainerClient, LinearRetry
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from shared.config.settings import Settings
from shared.http_session import DirectSession

RANGE = 6 * 2**20
"""Bytes of a manifest that are read at once: up to some 1,400 devices in one request, with no copy to be cut up."""

type StorageCredential = Callable[[Settings], TokenCredential]
"""Makes the credential that the storage is shown, where there is no connection string."""


def _storage_options() -> dict[str, Any]:
    """Bound the SDK's retries: by its defaults, a call to a dead endpoint would take minutes and outlast a lease."""
    retries = LinearRetry(backoff=1, retry_total=2, random_jitter_range=1)
    transport = RequestsTransport(
        session=DirectSession(trust_env=True),
        connection_timeout=5,
        read_timeout=20,
        connection_data_block_size=RANGE,  # in one piece; 4,096 at a time would take five times as long
    )
    return {"transport": transport, "retry_policy": retries}


def container_client(settings: Settings, credential: StorageCredential) -> ContainerClient:
    """Return a client of the manifests' container."""
    options = _storage_options() | {"max_single_get_size": RANGE, "max_chunk_get_size": RANGE}
    connection = settings.connection
    if connection.connection_string:
        return ContainerClient.from_connection_string(connection.connection_string, settings.container, **options)
    return ContainerClient(str(connection.blob_uri), settings.container, credential=credential(settings), **options)


def queue_client(settings: Settings, credential: StorageCredential) -> QueueClient:
    """Return a client of the wake-up queue, which writes messages as the host's queue trigger reads them."""
    options = _storage_options() | {"message_encode_policy": TextBase64EncodePolicy()}
    connection = settings.connection
    if connection.connection_string:
        return QueueClient.from_connection_string(connection.connection_string, settings.wake_up_queue, **options)
    return QueueClient(str(connection.queue_uri), settings.wake_up_queue, credential=credential(settings), **options)
