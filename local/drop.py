"""A manifest dropped from another terminal into what ``make serve`` runs."""

from pathlib import Path

from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import ContainerClient
from rich.console import Console

from local.stage import BATCH, CONTAINER, CUSTOMER
from shared.manifest import InMemory, inspect
from shared.manifest.target import Ids, is_customer_id

ADDRESS = Path(".local/connection-string")
"""Where the storage is while it is served."""

LARGEST_FILE = 2**30


def drop(console: Console, file: Path) -> int:
    """Put a file into the container that is being served; 2 where there is none."""
    data = file.read_bytes()
    name = f"{folder_of(envelope_ids(data))}/{file.name}"
    try:
        with ContainerClient.from_connection_string(_address(), CONTAINER, retry_total=0) as container:
            container.upload_blob(name, data, overwrite=True)
    except (LookupError, ServiceRequestError):
        console.print("[red]Nothing is being served: start `make serve` in another terminal first.[/red]")
        return 2
    console.print(f"Dropped [bold]{file.name}[/bold] as {name}", highlight=False)
    return 0


def envelope_ids(data: bytes) -> Ids | None:
    """Give the customer and batch that an envelope names; None for a file that leaves them to the blob's name."""
    manifest = inspect(InMemory(data), max_bytes=LARGEST_FILE, keep=1)
    whole = manifest.customer_id and manifest.batch_id and is_customer_id(manifest.customer_id)
    return Ids(manifest.customer_id, manifest.batch_id) if whole else None


def folder_of(ids: Ids | None) -> str:
    """Give the folder of a customer's batch; without ids that of the stand-in's own."""
    return f"{ids.customer_id}/{ids.batch_id}" if ids else f"{CUSTOMER}/{BATCH}"


def _address() -> str:
    if not ADDRESS.is_file():
        raise LookupError(ADDRESS)
    return ADDRESS.read_text(encoding="utf-8")
