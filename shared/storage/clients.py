"""The SDKs' clients of the data account: by connection string locally, by managed identity in Azure."""

from collections.abc import Callable
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import ContainerClient, LinearRetry
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from shared.config.settings import BOARD_CONTAINER, Settings
from shared.http_session import DirectSession

RANGE = 6 * 2**20
"""Bytes of a manifest that one request reads: up to some 1,400 devices, with no copy to be cut up."""

type StorageCredential = Callable[[Settings], TokenCredential]
"""Makes the credential for the storage; it is called only where there is no connection string."""


def _storage_options(retries: int = 2, read_timeout: int = 20) -> dict[str, Any]:
    """Return bounded retries and time-outs: by the SDK's defaults, a call to a dead endpoint would outlast a lease."""
    policy = LinearRetry(backoff=1, retry_total=retries, random_jitter_range=1)
    transport = RequestsTransport(
        session=DirectSession(trust_env=True),
        connection_timeout=5,
        read_timeout=read_timeout,
        # Reading 4,096 bytes at a time, the default, takes five times as long.
        connection_data_block_size=RANGE,
    )
    return {"transport": transport, "retry_policy": policy}


def container_client(settings: Settings, credential: StorageCredential) -> ContainerClient:
    """Return a client of the manifests' container."""
    return _client_of(settings.container, settings, credential, _storage_options())


def board_client(settings: Settings, credential: StorageCredential) -> ContainerClient:
    """Return a client of the container of the notice board, which gives up soon: nobody has to wait for it."""
    # A write that was not answered is read again the next time.
    return _client_of(BOARD_CONTAINER, settings, credential, _storage_options(retries=0, read_timeout=5))


def _client_of(
    container: str, settings: Settings, credential: StorageCredential, options: dict[str, Any]
) -> ContainerClient:
    options |= {"max_single_get_size": RANGE, "max_chunk_get_size": RANGE}
    connection = settings.connection
    if connection.connection_string:
        return ContainerClient.from_connection_string(connection.connection_string, container, **options)
    return ContainerClient(str(connection.blob_uri), container, credential=credential(settings), **options)


def queue_client(settings: Settings, credential: StorageCredential) -> QueueClient:
    """Return a client of the wake-up queue that writes base64, as the host's queue trigger expects."""
    options = _storage_options() | {"message_encode_policy": TextBase64EncodePolicy()}
    connection = settings.connection
    if connection.connection_string:
        return QueueClient.from_connection_string(connection.connection_string, settings.wake_up_queue, **options)
    return QueueClient(str(connection.queue_uri), settings.wake_up_queue, credential=credential(settings), **options)
