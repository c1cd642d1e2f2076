"""The sample app, the storage it watches, and what it remembers."""

import base64
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Protocol, Self

from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local.host.event_grid import EventGrid
from local.host.host import HIDDEN_WHILE_RUNNING, Host

SAMPLE = Path(__file__).parents[2] / "apps" / "sample"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class Storage:
    """An account as its user sees it."""

    def __init__(self, connection_string: str, trust: str | None = None) -> None:
        self.blobs = BlobServiceClient.from_connection_string(connection_string, connection_verify=trust or True)
        self.queues = QueueServiceClient.from_connection_string(connection_string, connection_verify=trust or True)
        self.events = self.blobs.get_container_client("events")
        self.scanned = self.blobs.get_container_client("scanned")
        self.work = self.queues.get_queue_client("work")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.blobs.close()
        self.queues.close()

    def send(self, text: str) -> None:
        self.work.send_message(base64.b64encode(text.encode()).decode())

    def visible(self, queue: str) -> list[str]:
        """The decoded messages of a queue, those left out that are hidden."""
        messages = self.queues.get_queue_client(queue).peek_messages(32)
        return [base64.b64decode(message.content).decode() for message in messages]

    def count(self, queue: str) -> int:
        """The number of messages of a queue, hidden ones included."""
        return self.queues.get_queue_client(queue).get_queue_properties().approximate_message_count or 0

    def queue_names(self) -> set[str]:
        return {str(queue.name) for queue in self.queues.list_queues() if not str(queue.name).startswith("azure-")}


class Starter(Protocol):
    """Start a host on an app; the host before is closed first."""

    def __call__(
        self,
        directory: Path = SAMPLE,
        *,
        hidden: timedelta = HIDDEN_WHILE_RUNNING,
        whole_instance: bool = False,
        events: EventGrid | None = None,
    ) -> Host: ...


def app() -> ModuleType:
    return sys.modules["function_app"]


def calls(function: str) -> list[str]:
    return [wish for name, wish in app().calls if name == function]


def sample_with_queues(folder: Path, **options: object) -> Path:
    """Put the sample app into a folder, with these options of host.json's `queues`."""
    shutil.copy(SAMPLE / "function_app.py", folder)
    (folder / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"queues": options}}))
    return folder
