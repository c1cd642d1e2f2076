"""What the app relies on in storage, shown of the real one and of the fakes that stand in for it elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, override
from uuid import UUID

import pytest
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import HttpRequest, RequestsTransport
from azure.storage.blob import ContainerClient, LinearRetry
from azure.storage.queue import QueueClient, TextBase64EncodePolicy
from msgspec.structs import replace

from local.azurite import Account
from local.triggers import decoded
from shared import bootstrap, services
from shared.job import Job, Lease, Progress, State, timestamp
from shared.names import results_of, status_of
from shared.services import ConflictError, ManifestChangedError, StorageUnavailableError
from shared.settings import read_settings
from shared.storage import LONGEST_DELAY, Storage, WakeUpQueue
from shared.sweep import Listing
from shared.wake_up import WakeUp, read_wake_up
from tests.fakes import Clock, FakeQueue, FakeStorage

NAME = "c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops.json"
NAMES = sorted([NAME, "a b/#1/50% ü 東京.json", "%2e%2E?x=1&y.json", "+~'()!*,;:@$", "ü" * 1012])
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CHUNK = 1024
LONG = b"0123456789abcdef" * (5 * CHUNK // 32)
"""Two and a half chunks."""


def job(manifest: str = NAME) -> Job:
    return Job(
        manifest=manifest,
        etag="0x1",
        state=State.PROCESSING,
        message="ü",
        lease=Lease(owner="me", until=NOON + timedelta(minutes=5)),
        created_at=NOON,
        updated_at=NOON,
        progress=Progress(run=UUID(int=7), part_size=1000),
    )


FINAL = replace(job(), state=State.REJECTED, final=True, lease=None)


class AppStorage(services.Storage, Listing, Protocol):
    """All that the app calls."""


class Wire(RequestsTransport):
    """The real transport; it breaks, or loses the answers to writes, where a test says so."""

    broken = False
    answers_to_lose = 0

    @override
    def send(self, request: HttpRequest, **kwargs: Any) -> Any:
        if self.broken:
            raise ServiceRequestError("no connection")
        response = super().send(request, **kwargs)
        if request.method == "PUT" and self.answers_to_lose:
            self.answers_to_lose -= 1
            raise ServiceResponseError("the connection broke before the answer came")
        return response


@dataclass
class RealShelf:
    """A container of Azurite's, as the app and as somebody else sees it."""

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
    """The fake container, seen the same ways."""

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


@pytest.fixture
def real(storage_account: Account) -> Iterator[RealShelf]:
    wire, connection = Wire(), storage_account.connection_string
    small: dict[str, Any] = {"max_single_get_size": CHUNK, "max_chunk_get_size": CHUNK}
    quick = LinearRetry(backoff=0, retry_total=2, random_jitter_range=0)
    with ExitStack() as open_clients:
        container = open_clients.enter_context(ContainerClient.from_connection_string(connection, "manifests"))
        container.create_container()
        apps = ContainerClient.from_connection_string(
            connection, "manifests", transport=wire, retry_policy=quick, **small
        )
        yield RealShelf(Storage(open_clients.enter_context(apps)), container, wire)


@pytest.fixture(params=["real", "fake"])
def shelf(request: pytest.FixtureRequest) -> Shelf:
    if request.param == "fake":
        return FakeShelf(FakeStorage(Clock()))
    real: RealShelf = request.getfixturevalue("real")
    return real


def test_what_is_saved_is_loaded(shelf: Shelf) -> None:
    assert shelf.app.load(NAME) is None
    for name in NAMES:
        first = shelf.app.save(job(name), None)
        assert first.job == job(name)
        assert shelf.app.load(name) == first
        second = shelf.app.save(replace(first.job, attempts=2), first.version)
        assert second.version != first.version
        assert shelf.app.load(name) == second
    assert [blob.name for blob in shelf.app.listing()] == sorted(map(status_of, NAMES))


def test_of_two_claims_the_first_wins(shelf: Shelf) -> None:
    first = shelf.app.save(job(), None)
    with pytest.raises(ConflictError):
        shelf.app.save(replace(job(), attempts=9), None)
    assert shelf.app.load(NAME) == first


def test_a_save_over_an_old_version_loses(shelf: Shelf) -> None:
    first = shelf.app.save(job(), None)
    second = shelf.app.save(replace(job(), attempts=2), first.version)
    with pytest.raises(ConflictError):
        shelf.app.save(replace(job(), attempts=9), first.version)
    assert shelf.app.load(NAME) == second


def test_a_save_over_a_deleted_status_loses(shelf: Shelf) -> None:
    first = shelf.app.save(job(), None)
    shelf.remove(status_of(NAME))
    with pytest.raises(ConflictError):
        shelf.app.save(job(), first.version)
    assert shelf.app.load(NAME) is None


def test_an_etag_is_the_same_wherever_it_is_read(shelf: Shelf) -> None:
    for name in NAMES:
        shelf.put(name, b"[]")
        content = shelf.app.open(name)
        assert content
        (listed,) = shelf.app.listing(name) if isinstance(shelf, FakeShelf) else _listed(shelf, name)
        assert content.etag == shelf.app.etag(name) == listed
        assert content.etag.strip('"') == content.etag != ""


def _listed(shelf: RealShelf, name: str) -> list[str]:
    return [blob.etag for blob in shelf.app.listing() if blob.name == name]
