"""Storage and queue, the real ones and the fakes, seen by the app and by somebody else: for one set of tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, override

from azure.core.exceptions import ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpRequest, RequestsTransport
from azure.storage.blob import ContainerClient, LinearRetry
from azure.storage.queue import QueueClient, QueueMessage, TextBase64EncodePolicy

from local.host.triggers import decoded
from shared.storage.blobs import Storage
from shared.storage.wake_up_queue import WakeUpQueue
from shared.workflow import ports
from shared.workflow.sweep import Listing
from tests.fakes import Clock, FakeQueue, FakeStorage

CHUNK = 1024
"""Bytes that one request reads."""


class AppStorage(ports.Storage, Listing, Protocol):
    """All that the app calls."""


class Wire(RequestsTransport):  # type: ignore[misc]  # azure-core gives it out without a type
    """The real transport; it breaks, tears or shortens what is read, or loses answers, where a test says so."""

    broken = False
    answers_to_lose = 0
    meanwhile: Callable[[], None] | None = None
    """What happens after the next answer to a reading."""
    reading: Callable[..., Iterator[bytes]] | None = None
    """What is read of the next answers, in place of their bodies."""

    def send(self, request: HttpRequest, **options: Any) -> Any:  # noqa: ANN401 - as in azure-core
        if self.broken:
            raise ServiceRequestError("no connection")
        response = super().send(request, **options)
        if request.method == "PUT" and self.answers_to_lose:
            self.answers_to_lose -= 1
            raise ServiceResponseError("the connection broke before the answer came")
        if request.method == "GET":
            self._read(response)
        return response

    def _read(self, response: Any) -> None:  # noqa: ANN401 - as in azure-core
        if self.reading:
            response.internal_response.raw.stream = self.reading
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()


@dataclass
class RealShelf:
    """A container of Azurite's."""

    app: AppStorage
    container: ContainerClient
    wire: Wire

    def put(self, name: str, data: bytes, metadata: dict[str, str] | None = None) -> None:
        self.container.upload_blob(name, data, metadata=metadata, overwrite=True)

    def remove(self, name: str) -> None:
        self.container.delete_blob(name)

    def look(self, name: str) -> bytes:
        return self.container.download_blob(name).readall()

    def break_reading(self) -> None:
        self.wire.broken = True


@dataclass
class FakeShelf:
    """The fake container."""

    app: FakeStorage

    def put(self, name: str, data: bytes, metadata: dict[str, str] | None = None) -> None:
        self.app.put(name, data, metadata)

    def remove(self, name: str) -> None:
        del self.app.blobs[name]

    def look(self, name: str) -> bytes:
        return self.app.blobs[name].data

    def break_reading(self) -> None:
        self.app.read_fault = True


type Shelf = RealShelf | FakeShelf


@contextmanager
def real_shelf(connection: str) -> Iterator[RealShelf]:
    """Create a container; the app's client reads in small chunks and retries at once."""
    wire, retries = Wire(), LinearRetry(backoff=0, retry_total=2, random_jitter_range=0)
    small: dict[str, Any] = {"max_single_get_size": CHUNK, "max_chunk_get_size": CHUNK}
    with (
        ContainerClient.from_connection_string(connection, "manifests") as container,
        ContainerClient.from_connection_string(
            connection, "manifests", transport=wire, retry_policy=retries, **small
        ) as apps,
    ):
        container.create_container()
        yield RealShelf(Storage(apps), container, wire)


class RememberingClient(QueueClient):
    """The real client, which keeps what the service answered to the last message."""

    sent: QueueMessage

    @override
    def send_message(self, *args: Any, **options: Any) -> QueueMessage:
        self.sent = super().send_message(*args, **options)
        return self.sent


@dataclass
class RealQueue:
    """A queue of Azurite's."""

    app: WakeUpQueue
    client: RememberingClient
    host: QueueClient

    def delay(self) -> timedelta:
        """When the last message shows itself, as the service has it."""
        sent = self.client.sent
        assert sent.next_visible_on
        assert sent.inserted_on
        return sent.next_visible_on - sent.inserted_on

    def texts(self) -> list[str | None]:
        """What the Functions host reads."""
        return [decoded(message.content) for message in self.host.peek_messages(32)]

    def count(self) -> int:
        return self.app.count()

    def take_out(self) -> None:
        """Begin to handle what is visible, as a host does."""
        assert list(self.host.receive_messages(visibility_timeout=60))


@dataclass
class StandInQueue:
    """The fake queue."""

    app: FakeQueue
    clock: Clock

    def delay(self) -> timedelta:
        return self.app.messages[-1].visible_at - self.clock.now

    def texts(self) -> list[str | None]:
        return [message.text for message in self.app.visible()]

    def count(self) -> int:
        return len(self.app.messages)

    def take_out(self) -> None:
        for message in self.app.visible():
            self.app.messages.remove(message)


type Queue = RealQueue | StandInQueue


@contextmanager
def real_queue(connection: str) -> Iterator[RealQueue]:
    policy = TextBase64EncodePolicy()
    with (
        RememberingClient.from_connection_string(connection, "wake-ups", message_encode_policy=policy) as client,
        QueueClient.from_connection_string(connection, "wake-ups") as host,
    ):
        host.create_queue()
        yield RealQueue(WakeUpQueue(client), client, host)
