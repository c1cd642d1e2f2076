"""A Functions host for one app: finds what is due in the storage and runs it on the real Python worker runtime."""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient, QueueMessage

from local.host.bindings import SettingError, resolve
from local.host.blob_message import BlobMessage
from local.host.blob_trigger import BlobTriggers, WatchedContainer, split_path
from local.host.connections import Connection
from local.host.container_scan import ContainerScan
from local.host.event_grid import EventGrid
from local.host.host_json import read_host_json
from local.host.runtime import Function, Runtime
from local.host.trigger_queue import POISON, TriggerQueue
from local.host.triggers import QueueTrigger, Run, TimerTrigger, Trigger, Work

HOST_ACCOUNT = "AzureWebJobsStorage"
HOST_ID = "local"
BLOB_POISON = "webjobs-blobtrigger-poison"
RECORDS = "azure-webjobs-hosts"
HIDDEN_WHILE_RUNNING = timedelta(minutes=10)
THREADS = 64
STEPS_TO_SETTLE = 200
logger = logging.getLogger(__name__)


class Host:
    """Run the function app in a directory while the `with` block lasts, by the rules of the host in Azure.

    `hidden` is how long a message stays away from others while it runs, and after its instance has gone; it is not
    renewed. A worker that ends has failed its invocation, and with `whole_instance` the instance goes with it. `events`
    says how Event Grid delivers. Raises AppError, SettingError, or what reading host.json raises.
    """

    def __init__(
        self,
        app_directory: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        hidden: timedelta = HIDDEN_WHILE_RUNNING,
        whole_instance: bool = False,
        events: EventGrid | None = None,
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._clock, self._hidden, self._whole_instance = clock, hidden, whole_instance
        self._events, self._client_options = events or EventGrid(), client_options or {}
        self._connections: dict[str, Connection] = {}
        self._extensions = read_host_json(app_directory).extensions
        with ExitStack() as parts:
            self._parts = parts
            self._runtime = Runtime(app_directory)
            parts.callback(self._runtime.stop)
            self.triggers = list(self._make_triggers(self._runtime.functions))
            self._threads = parts.enter_context(ThreadPoolExecutor(THREADS, thread_name_prefix="host"))
            self._parts = parts.pop_all()

    def __enter__(self) -> Self:
        """Return itself: it is ready already."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Wait for what runs, and end the threads and connections."""
        self._parts.close()

    def create_storage(self) -> None:
        """Create the containers and queues of the triggers that are missing; poison queues appear on first use."""
        for trigger in self.triggers:
            match trigger:
                case BlobTriggers():
                    for watched in trigger.watched.values():
                        _create(watched.container.create_container)
                # A poison queue appears when it is needed, as it does in Azure.
                case QueueTrigger() if not trigger.queue.client.queue_name.endswith(POISON):
                    _create(trigger.queue.client.create_queue)

    def step(self) -> list[Run]:
        """Look once, run what is due, at most one batch of each trigger, wait for all of it, and return what ran."""
        return self._do(self._due())

    def settle(self, steps: int = STEPS_TO_SETTLE) -> list[Run]:
        """Step until nothing is due, and return what ran; raises RuntimeError if something still is after `steps`."""
        ran: list[Run] = []
        for _ in range(steps):
            works = self._due()
            if not works:
                return ran
            ran += self._do(works)
        raise RuntimeError(f"something is still due after {steps} steps; the last runs were {ran[-3:]}")

    def run(self, until: threading.Event, poll: float = 0.05) -> None:
        """Step until the event is set, pausing `poll` seconds whenever nothing was due."""
        while not until.is_set():
            works = self._due()
            if works:
                self._do(works)
            else:
                until.wait(poll)

    def deliver(self, container: str, name: str) -> None:
        """Add an event of a blob by hand: late, repeated, many, or of a container that nobody watches."""
        for trigger in self.triggers:
            if isinstance(trigger, BlobTriggers):
                trigger.deliver(container, name)

    def unhide(self) -> None:
        """Show what stayed hidden after its instance had gone, or had failed without a poison queue."""
        for trigger in self.triggers:
            if isinstance(trigger, BlobTriggers | QueueTrigger):
                trigger.queue.unhide()

    def _due(self) -> list[Work]:
        works = self._look()
        # What is late comes when all else is done, never beside it.
        if not works and self._events.deliver_late():
            works = self._look()
        return works

    def _look(self) -> list[Work]:
        return [work for trigger in self.triggers for work in trigger.due()]

    def _do(self, works: list[Work]) -> list[Run]:
        futures = [self._threads.submit(work) for work in works]
        wait(futures)
        runs = [run for future in futures if (run := future.result())]
        for run in runs:
            if not run.ok:
                why = run.result.stack or run.result.error
                logger.error("function_failed function=%s what=%s\n%s", run.function, run.what, why)
        return runs

    def _make_triggers(self, functions: Iterable[Function]) -> Iterator[Trigger]:
        """Make the triggers, blobs first: what they enqueue is due in the same step."""
        by_blobs = [function for function in functions if function.trigger.type == "blobTrigger"]
        if by_blobs:
            yield self._blob_triggers(by_blobs)
        for function in functions:
            match function.trigger.type:
                case "blobTrigger":
                    pass
                case "queueTrigger":
                    yield self._queue_trigger(function)
                case "timerTrigger":
                    schedule = resolve(function.trigger.schedule, os.environ)
                    yield TimerTrigger(self._runtime, function, schedule, self._clock)
                case other:
                    raise SettingError(f"{function.name}: only blob, queue and timer triggers run here, not {other}")

    def _blob_triggers(self, functions: Iterable[Function]) -> BlobTriggers:
        account, options = self._connection(HOST_ACCOUNT), self._extensions.blobs
        watched = {function.name: self._watched(function) for function in functions}

        def poison_of(message: QueueMessage) -> QueueClient | None:
            owner = watched.get(BlobMessage.decode(message.content).function)
            return owner.connection.queues.get_queue_client(BLOB_POISON) if owner else None

        queue = TriggerQueue(
            account.queues.get_queue_client(f"azure-webjobs-blobtrigger-{HOST_ID}"),
            poison_of,
            batch_size=options.max_degree_of_parallelism,
            max_tries=options.poison_blob_threshold,
            retry_delay=timedelta(),
            hidden=self._hidden,
            whole_instance=self._whole_instance,
        )
        _create(queue.client.create_queue)
        return BlobTriggers(self._runtime, queue, self._events, watched)

    def _watched(self, function: Function) -> WatchedContainer:
        connection = self._connection(function.trigger.connection)
        name, path = split_path(resolve(function.trigger.path, os.environ))
        own = hashlib.sha256(f"{function.name}/{name}".encode()).hexdigest()[:16]
        container = connection.blobs.get_container_client(name)
        records = self._connection(HOST_ACCOUNT).blobs.get_container_client(RECORDS)
        return WatchedContainer(
            function, connection, container, path, ContainerScan(container, records, f"local/{own}.json")
        )

    def _queue_trigger(self, function: Function) -> QueueTrigger:
        connection, options = self._connection(function.trigger.connection), self._extensions.queues
        name = resolve(function.trigger.queue_name, os.environ)
        poison = None if name.endswith(POISON) else connection.queues.get_queue_client(name + POISON)
        queue = TriggerQueue(
            connection.queues.get_queue_client(name),
            lambda _: poison,
            batch_size=options.batch_size,
            max_tries=options.max_dequeue_count,
            retry_delay=options.retry_delay,
            hidden=self._hidden,
            whole_instance=self._whole_instance,
        )
        return QueueTrigger(self._runtime, function, queue, encoded=options.message_encoding == "base64")

    def _connection(self, name: str) -> Connection:
        if name not in self._connections:
            self._connections[name] = Connection.open(name, os.environ, self._client_options)
            self._parts.callback(self._connections[name].close)
        return self._connections[name]


def _create(create: Callable[[], object]) -> None:
    with suppress(ResourceExistsError):
        create()
