"""Blob triggers: writes become messages in a queue of the host's own, and messages become runs.

Source of the rules: BlobQueueTriggerExecutor of the storage extension of the Functions host, and what was seen of it.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties, ContainerClient
from azure.storage.queue import QueueMessage

from local.host import inputs
from local.host.blob_message import BlobMessage
from local.host.connections import Connection
from local.host.container_scan import ContainerScan
from local.host.event_grid import EventGrid, name_in_webhook
from local.host.runtime import Function, Result, Runtime
from local.host.trigger_queue import TriggerQueue
from local.host.triggers import Run, Work

_PLACEHOLDER = re.compile(r"\\\{(\w+)\\\}")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WatchedContainer:
    """Hold a function with a blob trigger, the container that its path names, and the names that fit its path."""

    function: Function
    connection: Connection
    container: ContainerClient
    path: re.Pattern[str]
    scan: ContainerScan

    @property
    def by_events(self) -> bool:
        """Return whether Event Grid reports the writes; else the container is polled."""
        return self.function.trigger.source == "EventGrid"

    def name_of(self, name: str) -> str:
        """Return the name by which a message speaks of a blob: an event may name another one, a listing never does."""
        return name_in_webhook(name) if self.by_events else name

    def fit(self, message: BlobMessage) -> dict[str, str] | None:
        """Return the values of the path's placeholders; None where the blob's name does not fit the path."""
        fitted = self.path.fullmatch(message.name)
        return fitted.groupdict() if fitted and message.container == self.container.container_name else None


@dataclass(frozen=True)
class BlobTriggers:
    """Run functions for the writes in their containers; `watched` has them by the function's name.

    `LogsAndContainerScan`: one run for each name and ETag that fit the path, what was there first included; dropped
    when the blob has changed meanwhile. `EventGrid`: a run for each event from the first start on, whatever its ETag;
    one whose name does not fit the path fails without a run. A blob that is gone is dropped either way.
    """

    runtime: Runtime
    queue: TriggerQueue
    events: EventGrid
    watched: Mapping[str, WatchedContainer]

    def __post_init__(self) -> None:
        """Continue where the last start of a host has ended."""
        for watched in self.watched.values():
            watched.scan.start(what_is_there_counts=not watched.by_events)

    def due(self) -> list[Work]:
        """Turn writes into messages, then receive a batch of messages."""
        for watched in self.watched.values():
            written = watched.scan.written()
            for name, etag in written.items():
                self._write(watched, name, etag)
            watched.scan.settle(written)
        return [partial(self._run, message) for message in self.queue.receive()]

    def deliver(self, container: str, name: str) -> None:
        """Add a message for each function that takes events, whichever container it watches, or that polls this one."""
        for watched in self.watched.values():
            if watched.by_events or watched.container.container_name == container:
                etag = _etag(watched.connection.blobs.get_blob_client(container, watched.name_of(name)))
                self._send(BlobMessage(watched.function.name, container, watched.name_of(name), etag))

    def _write(self, watched: WatchedContainer, name: str, etag: str) -> None:
        container = watched.container.container_name
        message = BlobMessage(watched.function.name, container, watched.name_of(name), f'"{etag}"')
        if watched.by_events:
            self._publish(watched, watched.container.get_blob_client(name), message)
        elif watched.fit(message) is not None:
            self._send(message)

    def _publish(self, watched: WatchedContainer, blob: BlobClient, message: BlobMessage) -> None:
        def enqueue() -> None:
            with watched.connection.queues.get_queue_client(self.events.queue_name) as queue:
                queue.send_message(self.events.text(blob, message.etag.strip('"')))

        self.events.publish(partial(self._send, message), enqueue)

    def _send(self, message: BlobMessage) -> None:
        self.queue.client.send_message(message.encode())

    def _run(self, received: QueueMessage) -> Run | None:
        message = BlobMessage.decode(received.content)
        watched = self.watched.get(message.function)
        # The webhook answers 202 for a function that does not exist, and the event is lost.
        if watched is None:
            logger.warning("function_not_found function=%s", message.function)
            self.queue.finish(received, Result())
            return None
        result = self._result(watched, message)
        self.queue.finish(received, result or Result())
        return Run(message.function, f"{message.container}/{message.name}", result) if result else None

    def _result(self, watched: WatchedContainer, message: BlobMessage) -> Result | None:
        """Return how the run ended; None where there is no blob to run for."""
        blob = watched.connection.blobs.get_blob_client(message.container, message.name)
        try:
            properties = blob.get_blob_properties()
            # Newer content has a message of its own as soon as the container is polled again.
            if not watched.by_events and properties.etag != message.etag:
                return None
            values = watched.fit(message)
            # The subscription's filter let it through, but the function's binding cannot be resolved.
            if values is None:
                return Result(error=f"{message.container}/{message.name} does not fit the path of the trigger")
            given = _input(watched, blob, properties, values)
        except ResourceNotFoundError:
            return None
        # The storage lists names that no client can address, such as those with a segment of two dots.
        except HttpResponseError as error:
            return Result(error=f"{message.container}/{message.name} cannot be read: HTTP {error.status_code}")
        return self.runtime.invoke(watched.function, given)


def _etag(blob: BlobClient) -> str:
    try:
        return str(blob.get_blob_properties().etag)
    except ResourceNotFoundError:
        return '""'


def _input(
    watched: WatchedContainer, blob: BlobClient, properties: BlobProperties, values: Mapping[str, str]
) -> inputs.Input:
    metadata = inputs.blob_metadata(properties, blob.url, values)
    if watched.function.trigger.properties.deferred:
        connection = watched.function.trigger.connection
        return inputs.blob_reference(connection, properties.container, properties.name, metadata)
    return inputs.blob_content(blob.download_blob().readall(), metadata)


def split_path(path: str) -> tuple[str, re.Pattern[str]]:
    """Split a trigger's path into the container and a pattern of the names below it, a group for each placeholder."""
    container, _, names = path.partition("/")
    return container, re.compile(_PLACEHOLDER.sub(r"(?P<\1>.+)", re.escape(names)) if names else ".+", re.DOTALL)
