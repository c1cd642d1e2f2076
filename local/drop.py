"""A manifest dropped from another terminal into what ``make serve`` runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azure.core.exceptions import ServiceRequestError
from azure.storage.blob import ContainerClient
from rich.console import Console
from rich.markup import escape

from local.follow import follow, put
from local.stage import BATCH, CONTAINER, CUSTOMER
from shared.manifest import InMemory, inspect
from shared.manifest.customer_and_batch import Ids, is_customer_id

ADDRESS = Path(".local/connection-string")
"""Where the storage is while it is served."""

LARGEST_FILE = 2**30


class NothingServedError(Exception):
    """There is no ``make serve`` to work with."""

    def __init__(self) -> None:
        super().__init__("Nothing is being served: start `make serve` in another terminal first.")


def drop(console: Console, file: Path, *, wait: bool) -> int:
    """Put a file into the container that is being served, and follow it to its end if ``wait``.

    Returns:
        0; with ``wait``, 0 if it ends as ``completed``, else 1.

    Raises:
        NothingServedError: There is no such container.
    """
    data = file.read_bytes()
    name = f"{folder_of(envelope_ids(data))}/{file.name}"
    with served() as container:
        dropped = put(container, name, data)
        console.print(f"Dropped [bold]{escape(file.name)}[/bold] as {escape(name)}", highlight=False, soft_wrap=True)
        if wait:
            return follow(console, container, dropped)
        console.print("To see what becomes of it: make status", style="dim", highlight=False)
        return 0


@contextmanager
def served() -> Iterator[ContainerClient]:
    """Open the container that is being served.

    Raises:
        NothingServedError: There is none, or it has ended meanwhile.
    """
    if not ADDRESS.is_file():
        raise NothingServedError
    address = ADDRESS.read_text(encoding="utf-8")
    try:
        with ContainerClient.from_connection_string(address, CONTAINER, retry_total=0) as container:
            yield container
    except ServiceRequestError:
        raise NothingServedError from None


def envelope_ids(data: bytes) -> Ids | None:
    """Return the customer and batch that an envelope names; None for a file that leaves them to the blob's name."""
    manifest = inspect(InMemory(data), max_bytes=LARGEST_FILE, keep=1)
    whole = manifest.customer_id and manifest.batch_id and is_customer_id(manifest.customer_id)
    return Ids(manifest.customer_id, manifest.batch_id) if whole else None


def folder_of(ids: Ids | None) -> str:
    """Return the folder of a customer's batch; without ids that of the stand-in's own."""
    return f"{ids.customer_id}/{ids.batch_id}" if ids else f"{CUSTOMER}/{BATCH}"
