"""Blob triggers: writes become messages in a queue of the host's own, and messages become runs.

The message is the one that ends up in the poison queue when all tries have failed. Source of the rules:
BlobQueueTriggerExecutor of the storage extension of the Functions host.
"""

import json
import re
from dataclasses import dataclass, field
from functools import partial

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, ContainerClient
from azure.storage.queue import QueueMessage

from local.host import inputs
from local.host.container_scan import ContainerScan
from local.host.runtime import Function, Result, Runtime
from local.host.trigger_queue import TriggerQueue
from local.host.triggers import Run, Work, decoded, encoded

_PLACEHOLDER = re.compile(r"\\\{\w+\\\}")


@dataclass
class BlobTrigger:
    """Run a function for the writes in a container.

    `LogsAndContainerScan`: one run for each name and ETag that fit the path, what was there first included; dropped
    when the blob has changed meanwhile. `EventGrid`: a run for each write from the first start on, whatever the path
    says, and each n-th event comes twice when `duplicate_every` is n. A blob that is gone is dropped either way.
    """

    runtime: Runtime
    function: Function
    container: ContainerClient
    queue: TriggerQueue
    scan: ContainerScan
    path: re.Pattern[str]
    duplicate_every: int = 0
    _events: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Take up where the last start of a host has ended."""
        self.scan.start(what_is_there_counts=not self._by_events)

    def due(self) -> list[Work]:
        """Turn writes into messages, then receive a batch of messages."""
        written = self.scan.written()
        for name, etag in written.items():
            if self._by_events or self.path.fullmatch(name):
                self._write_event(name, etag)
        self.scan.settle(written)
        return [partial(self._run, message) for message in self.queue.receive()]

    def deliver(self, name: str) -> None:
        """Add an event by hand, as a late or repeated one comes."""
        try:
            etag = self.container.get_blob_client(name).get_blob_properties().etag
        except ResourceNotFoundError:
            etag = ""
        self._send(name, etag.strip('"'))

    @property
    def _by_events(self) -> bool:
        return self.function.trigger.source == "EventGrid"

    def _write_event(self, name: str, etag: str) -> None:
        self._events += 1
        self._send(name, etag)
        if self._by_events and self.duplicate_every and self._events % self.duplicate_every == 0:
            self._send(name, etag)

    def _send(self, name: str, etag: str) -> None:
        event = {
            "Type": "BlobTrigger",
            "FunctionId": f"Host.Functions.{self.function.name}",
            "BlobType": "BlockBlob",
            "ContainerName": self.container.container_name,
            "BlobName": name,
            "ETag": f'"{etag}"',
        }
        self.queue.client.send_message(encoded(json.dumps(event)))

    def _run(self, message: QueueMessage) -> Run | None:
        event = json.loads(decoded(message.content) or "")
        given = self._input(self.container.get_blob_client(event["BlobName"]), event["ETag"])
        if given is None:
            self.queue.finish(message, Result())
            return None
        result = self.runtime.invoke(self.function, given)
        self.queue.finish(message, result)
        return Run(self.function.name, f"{event['ContainerName']}/{event['BlobName']}", result)

    def _input(self, blob: BlobClient, etag: str) -> inputs.Input | None:
        trigger = self.function.trigger
        try:
            properties = blob.get_blob_properties()
            if not self._by_events and properties.etag != etag:
                return None
            if trigger.properties.deferred:
                return inputs.blob_reference(trigger.connection, properties.container, properties.name)
            return inputs.blob_content(blob.download_blob().readall(), properties, blob.url)
        except ResourceNotFoundError:
            return None


def split_path(path: str) -> tuple[str, re.Pattern[str]]:
    """Split a trigger's path into the container and a pattern of the names below it."""
    container, _, names = path.partition("/")
    return container, re.compile(_PLACEHOLDER.sub(".+", re.escape(names)) if names else ".+", re.DOTALL)
