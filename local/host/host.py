"""A Functions host for one app: finds what is due in the storage and runs it on the real Python worker runtime."""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from azure.core.exceptions import ResourceExistsError

from local.host.bindings import SettingError, resolve
from local.host.blob_trigger import BlobTrigger, split_path
from local.host.connections import Connection
from local.host.container_scan import ContainerScan
from local.host.host_json import read_host_json
from local.host.runtime import Function, Runtime
from local.host.trigger_queue import POISON, TriggerQueue
from local.host.triggers import QueueTrigger, Run, TimerTrigger, Trigger, Work

BLOB_POISON = "webjobs-blobtrigger-poison"
RECORDS = "azure-webjobs-hosts"
HIDDEN_WHILE_RUNNING = timedelta(minutes=10)
THREADS = 64
STEPS_TO_SETTLE = 200
logger = logging.getLogger(__name__)


class Host:
    """Run the function app in a directory while the `with` block lasts, by the rules of the host in Azure.

    `environ` must be what the app reads. `hidden` is how long a message stays away from others while it runs, and after
    its worker died; it is not renewed. Raises AppError, SettingError, or what reading host.json raises.
    """

    def __init__(
        self,
        app_directory: Path,
        environ: Mapping[str, str] = os.environ,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        hidden: timedelta = HIDDEN_WHILE_RUNNING,
        duplicate_every: int = 0,
        client_options: Mapping[str, Any] | None = None,
    ) -> None:
        self._environ, self._clock, self._hidden = environ, clock, hidden
        self._duplicate_every, self._client_options = duplicate_every, client_options or {}
        self._connections: dict[str, Connection] = {}
        self._extensions = read_host_json(app_directory).extensions
        with ExitStack() as parts:
            self._parts = parts
            self._runtime = Runtime(app_directory)
            parts.callback(self._runtime.stop)
            self.triggers = [self._trigger(function) for function in self._runtime.functions]
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
            with suppress(ResourceExistsError):
                match trigger:
                    case BlobTrigger():
                        trigger.container.create_container()
                    case QueueTrigger() if not trigger.queue.client.queue_name.endswith(POISON):
                        trigger.queue.client.create_queue()

    def step(self) -> list[Run]:
        """Look once, run what is due, at most one batch of each trigger, wait for all of it, and tell what ran."""
        return self._do(self._due())

    def settle(self, steps: int = STEPS_TO_SETTLE) -> list[Run]:
        """Step until nothing is due, and tell all that ran; raises RuntimeError if something still is after `steps`."""
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
        """Add an event of a blob by hand, for each function that watches the container: late, repeated, or many."""
        watching = [trigger for trigger in self.triggers if isinstance(trigger, BlobTrigger)]
        watching = [trigger for trigger in watching if trigger.container.container_name == container]
        if not watching:
            raise ValueError(f"no function watches the container {container}")
        for trigger in watching:
            trigger.deliver(name)

    def unhide(self) -> None:
        """Let the time pass for which a dead worker's messages stay hidden, and failed ones without a poison queue."""
        for trigger in self.triggers:
            if isinstance(trigger, BlobTrigger | QueueTrigger):
                trigger.queue.unhide()

    def _due(self) -> list[Work]:
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

    def _trigger(self, function: Function) -> Trigger:
        match function.trigger.type:
            case "blobTrigger":
                return self._blob_trigger(function)
            case "queueTrigger":
                return self._queue_trigger(function)
            case "timerTrigger":
                schedule = resolve(function.trigger.schedule, self._environ)
                return TimerTrigger(self._runtime, function, schedule, self._clock)
            case other:
                raise SettingError(f"{function.name}: the local host runs blob, queue and timer triggers, not {other}")

    def _blob_trigger(self, function: Function) -> BlobTrigger:
        connection = self._connection(function)
        name, path = split_path(resolve(function.trigger.path, self._environ))
        own = hashlib.sha256(f"{function.name}/{name}".encode()).hexdigest()[:16]
        container = connection.blobs.get_container_client(name)
        queue = TriggerQueue(
            connection.queues.get_queue_client(f"azure-webjobs-blobtrigger-{own}"),
            connection.queues.get_queue_client(BLOB_POISON),
            batch_size=self._extensions.blobs.max_degree_of_parallelism,
            max_tries=self._extensions.blobs.poison_blob_threshold,
            retry_delay=timedelta(),
            hidden=self._hidden,
        )
        with suppress(ResourceExistsError):
            queue.client.create_queue()
        scan = ContainerScan(container, connection.blobs.get_container_client(RECORDS), f"local/{own}.json")
        return BlobTrigger(self._runtime, function, container, queue, scan, path, self._duplicate_every)

    def _queue_trigger(self, function: Function) -> QueueTrigger:
        connection, options = self._connection(function), self._extensions.queues
        name = resolve(function.trigger.queue_name, self._environ)
        queue = TriggerQueue(
            connection.queues.get_queue_client(name),
            None if name.endswith(POISON) else connection.queues.get_queue_client(name + POISON),
            batch_size=options.batch_size,
            max_tries=options.max_dequeue_count,
            retry_delay=options.retry_delay,
            hidden=self._hidden,
        )
        return QueueTrigger(self._runtime, function, queue, encoded=options.message_encoding == "base64")

    def _connection(self, function: Function) -> Connection:
        name = function.trigger.connection
        if name not in self._connections:
            self._connections[name] = Connection.open(name, self._environ, self._client_options)
            self._parts.callback(self._connections[name].close)
        return self._connections[name]
