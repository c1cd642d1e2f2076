"""A connection's name turned into storage clients, by the rules of the Functions host."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from azure.identity import ManagedIdentityCredential
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.host.bindings import SettingError


@dataclass(frozen=True)
class Connection:
    """Hold the clients of one storage account."""

    name: str
    blobs: BlobServiceClient
    queues: QueueServiceClient
    credential: ManagedIdentityCredential | None = None

    @classmethod
    def open(cls, name: str, environ: Mapping[str, str], client_options: Mapping[str, Any]) -> Self:
        """Connect by `X`, a connection string, else by `X__blobServiceUri`, `X__queueServiceUri` and `X__credential`.

        The client options go to both clients. Raises SettingError when neither way is set completely.
        """
        if text := environ.get(name):
            return cls(
                name,
                BlobServiceClient.from_connection_string(text, **client_options),
                QueueServiceClient.from_connection_string(text, **client_options),
            )
        blob_url, queue_url = _urls(name, environ)
        credential = ManagedIdentityCredential(client_id=environ.get(f"{name}__clientId"))
        return cls(
            name,
            BlobServiceClient(blob_url, credential, **client_options),
            QueueServiceClient(queue_url, credential, **client_options),
            credential,
        )

    def close(self) -> None:
        """Close the clients."""
        self.blobs.close()
        self.queues.close()
        if self.credential:
            self.credential.close()


def _urls(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    # With one URI for both services a trigger fires, but its poison messages cannot be written.
    needed = [f"{name}__blobServiceUri", f"{name}__queueServiceUri", f"{name}__credential"]
    missing = [setting for setting in needed if not environ.get(setting)]
    if missing:
        raise SettingError(f"connection {name}: set {name}, or else {', '.join(missing)}")
    if environ[needed[2]] != "managedidentity":
        raise SettingError(f"{needed[2]} must be managedidentity")
    return environ[needed[0]], environ[needed[1]]
