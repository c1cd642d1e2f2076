"""What the app relies on in storage, shown of the real one and of the fake that stands in for it elsewhere."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from azure.storage.blob import BlobBlock
from msgspec.structs import replace

from local.azurite import Account
from shared.job.blob_names import results_of, status_of
from shared.job.lease import Lease
from shared.job.moments import timestamp
from shared.job.status_document import Internal, Job, State
from shared.job.transitions import noted
from shared.storage.blobs import BLOCK
from shared.workflow.ports import (
    ConflictError,
    ManifestChangedError,
    ResultsBlob,
    StatusUnavailableError,
    StorageUnavailableError,
    Stored,
)
from tests.fakes import Clock, FakeStorage
from tests.stories.shelves import CHUNK, AppStorage, FakeShelf, RealShelf, Shelf, real_shelf

NAME = "c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops.json"
NAMES = sorted([NAME, "a b/#1/50% ü 東京.json", "%2e%2E?x=1&y.json", "+~'()!*,;:@$", "ü" * 1012])
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LONG = b"0123456789abcdef" * (5 * CHUNK // 32)
"""Two and a half chunks."""


def job(manifest: str = NAME) -> Job:
    return Job(
        manifest=manifest,
        etag="0x1",
        state=State.PROCESSING,
        message="ü",
        created_at=NOON,
        updated_at=NOON,
        internal=Internal(run=UUID(int=7), part_size=1000, lease=Lease(owner="me", until=NOON + timedelta(minutes=5))),
    )


FINAL = noted(replace(job(), state=State.REJECTED, final=True), lease=None)


@pytest.fixture
def real(storage_account: Account) -> Iterator[RealShelf]:
    with real_shelf(storage_account.connection_string) as shelf:
        yield shelf


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


def etag_of(shelf: Shelf, name: str) -> str:
    seen = shelf.app.properties(name)
    assert seen
    return seen.etag


def test_an_etag_is_the_same_wherever_it_is_read(shelf: Shelf) -> None:
    for name in NAMES:
        shelf.put(name, b"[]")
    listed = {blob.name: blob.etag for blob in shelf.app.listing()}
    assert list(listed) == NAMES
    for name in NAMES:
        content = shelf.app.open(name)
        assert content
        etag = content.properties.etag
        assert etag == etag_of(shelf, name) == listed[name]
        assert etag
        assert '"' not in etag


def test_a_manifest_is_read_from_the_start_each_time(shelf: Shelf) -> None:
    shelf.put(NAME, LONG)
    content = shelf.app.open(NAME, etag_of(shelf, NAME))
    assert content
    assert (content.size, content.is_directory) == (len(LONG), False)
    assert [b"".join(content.chunks()) for _ in range(3)] == [LONG] * 3


def test_a_manifest_that_is_gone_is_none(shelf: Shelf) -> None:
    shelf.put(NAME, LONG)
    etag = etag_of(shelf, NAME)
    shelf.remove(NAME)
    assert shelf.app.properties(NAME) is None
    assert shelf.app.open(NAME) is None
    assert shelf.app.open(NAME, etag) is None


def test_a_manifest_that_was_overwritten_is_not_opened_by_its_old_etag(shelf: Shelf) -> None:
    shelf.put(NAME, LONG)
    etag = etag_of(shelf, NAME)
    shelf.put(NAME, LONG)
    with pytest.raises(ManifestChangedError):
        shelf.app.open(NAME, etag)


def overwrite(shelf: Shelf) -> None:
    shelf.put(NAME, LONG)


def remove(shelf: Shelf) -> None:
    shelf.remove(NAME)


@pytest.mark.parametrize("change", [overwrite, remove])
def test_a_change_between_two_readings_is_noticed(shelf: Shelf, change: Callable[[Shelf], None]) -> None:
    shelf.put(NAME, LONG)
    content = shelf.app.open(NAME)
    assert content
    assert b"".join(content.chunks()) == LONG
    change(shelf)
    with pytest.raises(ManifestChangedError):
        list(content.chunks())


@pytest.mark.parametrize("change", [overwrite, remove])
def test_a_change_between_two_chunks_is_noticed(real: RealShelf, change: Callable[[Shelf], None]) -> None:
    real.put(NAME, LONG)
    content = real.app.open(NAME)
    assert content
    chunks = content.chunks()
    assert next(chunks) == LONG[:CHUNK]
    change(real)
    with pytest.raises(ManifestChangedError):
        list(chunks)


def test_a_manifest_that_cannot_be_read_now_is_said_to_be_so(shelf: Shelf) -> None:
    shelf.put(NAME, LONG)
    content = shelf.app.open(NAME)
    assert content
    shelf.break_reading()
    for _ in range(2):
        with pytest.raises(StorageUnavailableError):
            list(content.chunks())


CALLS: dict[str, Callable[[AppStorage], object]] = {
    "open": lambda app: app.open(NAME),
    "open by its ETag": lambda app: app.open(NAME, "0x1"),
    "properties": lambda app: app.properties(NAME),
    "results": lambda app: app.results(NAME),
    "write results": lambda app: app.write_results(job(), [b""], None),
    "delete results": lambda app: app.delete_results(NAME, ResultsBlob("0x1", "")),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_storage_that_cannot_be_reached_is_said_to_be_so(real: RealShelf, call: Callable[[AppStorage], object]) -> None:
    real.break_reading()
    with pytest.raises(StorageUnavailableError):
        call(real.app)


def test_a_directory_marker_is_recognised(shelf: Shelf) -> None:
    shelf.put("folder", b"-", {"Hdi_isfolder": "true"})
    content = shelf.app.open("folder")
    assert content
    assert content.is_directory
    assert [blob.is_directory for blob in shelf.app.listing()] == [True]


@pytest.mark.parametrize("call", ["load", "save"])
def test_a_status_that_cannot_be_reached_is_said_to_be_so(real: RealShelf, call: str) -> None:
    real.break_reading()
    with pytest.raises(StatusUnavailableError):
        real.app.load(NAME) if call == "load" else real.app.save(job(), None)


def another_run() -> Job:
    return noted(job(), run=UUID(int=8))


@pytest.mark.parametrize("size", [10, BLOCK, 2 * BLOCK + 1], ids=["small", "a block", "blocks"])
def test_results_are_written_over_those_that_were_seen_and_deleted(shelf: Shelf, size: int) -> None:
    assert shelf.app.results(NAME) is None
    for owner, byte in ((job(), b"a"), (another_run(), b"b")):
        seen = shelf.app.results(NAME)
        pieces = [byte * size, b"the end"]
        assert shelf.app.write_results(owner, iter(pieces), seen) == results_of(NAME)
        assert shelf.look(results_of(NAME)) == b"".join(pieces)
        found = shelf.app.results(NAME)
        assert found
        assert found.run == str(owner.internal.run)
        last = found
    shelf.app.delete_results(NAME, last)
    assert list(shelf.app.listing()) == []


@pytest.mark.parametrize("size", [10, BLOCK + 1], ids=["small", "blocks"])
def test_results_that_somebody_else_has_changed_are_left_alone(shelf: Shelf, size: int) -> None:
    shelf.app.write_results(job(), [b"ours"], None)
    seen = shelf.app.results(NAME)
    assert seen
    shelf.app.write_results(another_run(), [b"theirs"], seen)
    for over in (None, seen):
        with pytest.raises(ConflictError):
            shelf.app.write_results(job(), [b"x" * size], over)
    with pytest.raises(ConflictError):
        shelf.app.delete_results(NAME, seen)
    assert shelf.look(results_of(NAME)) == b"theirs"


def test_blocks_of_two_writers_do_not_mix(real: RealShelf) -> None:
    def theirs() -> Iterator[bytes]:
        yield b"b" * BLOCK
        raise ConnectionResetError

    def ours() -> Iterator[bytes]:
        yield b"a" * BLOCK
        with pytest.raises(ConnectionResetError):
            real.app.write_results(another_run(), theirs(), None)
        yield b"a"

    real.app.write_results(job(), ours(), None)
    assert real.look(results_of(NAME)) == b"a" * (BLOCK + 1)


def test_results_that_name_the_same_run_are_seen_before_they_are_replaced(shelf: Shelf) -> None:
    shelf.app.write_results(job(), [b"forged"], None)
    with pytest.raises(ConflictError):
        shelf.app.write_results(job(), [b"ours"], None)
    shelf.app.write_results(job(), [b"ours"], shelf.app.results(NAME))
    assert shelf.look(results_of(NAME)) == b"ours"


def test_metadata_change_the_etag_and_not_the_content(real: RealShelf) -> None:
    real.put(NAME, b"[]")
    before = real.app.properties(NAME)
    real.container.get_blob_client(NAME).set_blob_metadata({"scanned": "clean"})
    after = real.app.properties(NAME)
    assert before
    assert after
    assert after.etag != before.etag
    assert after.content == before.content is not None
    assert after.created == before.created is not None
    real.put(NAME, b"[1]")
    written = real.app.properties(NAME)
    assert written
    assert written.content != before.content


def test_what_was_written_in_blocks_is_known_by_its_bytes_once_they_are_read(real: RealShelf) -> None:
    blob = real.container.get_blob_client(NAME)
    blob.stage_block("1", LONG)
    blob.commit_block_list([BlobBlock("1")])
    content = real.app.open(NAME)
    assert content
    assert content.properties.content is None
    assert b"".join(content.chunks()) == LONG
    assert content.properties.content == f"sha256 {sha256(LONG).hexdigest()}"


def test_what_was_written_in_blocks_is_hashed_once_however_often_it_is_read(
    monkeypatch: pytest.MonkeyPatch, real: RealShelf
) -> None:
    blob = real.container.get_blob_client(NAME)
    blob.stage_block("1", LONG)
    blob.commit_block_list([BlobBlock("1")])
    content = real.app.open(NAME)
    assert content
    assert b"".join(content.chunks()) == LONG
    known = content.properties.content
    # It takes a twentieth of a large manifest's landing.
    monkeypatch.delattr("shared.storage.manifest_content.sha256")
    assert b"".join(content.chunks()) == LONG
    assert content.properties.content == known


def test_what_was_written_in_blocks_is_not_hashed_where_nobody_asks_for_it(real: RealShelf) -> None:
    blob = real.container.get_blob_client(NAME)
    blob.stage_block("1", LONG)
    blob.commit_block_list([BlobBlock("1")])
    content = real.app.open(NAME, fingerprint=False)
    assert content
    assert b"".join(content.chunks()) == LONG
    assert content.properties.content is None


@pytest.mark.parametrize(("written", "due"), [(job(), timestamp(NOON + timedelta(minutes=5))), (FINAL, "")])
def test_a_listing_tells_state_etag_and_due_time(shelf: Shelf, written: Job, due: str) -> None:
    version = shelf.app.save(written, None).version
    (status,) = shelf.app.listing()
    assert status.metadata == {
        "state": written.state,
        "etag": "0x1",
        "due": due,
        "run": str(UUID(int=7)),
        "devices": "",
    }
    assert status.etag == version.strip('"')
    assert status.modified.tzinfo is not None


@pytest.mark.parametrize("written", [job(), FINAL])
def test_a_status_that_has_lost_its_metadata_is_known(shelf: Shelf, written: Job) -> None:
    def is_marked(metadata: dict[str, str]) -> bool:
        shelf.put(status_of(NAME), document, metadata)
        stored = shelf.app.load(NAME)
        assert isinstance(stored, Stored)
        return stored.is_marked

    shelf.app.save(written, None)
    document, (status,) = shelf.look(status_of(NAME)), shelf.app.listing()
    assert is_marked(status.metadata | {"scanned": "clean"})
    assert not is_marked({"scanned": "clean"})
    assert not is_marked(status.metadata | {"due": "2099-01-01T00:00:00Z"})


def test_blobs_have_the_types_that_readers_expect(real: RealShelf) -> None:
    real.app.save(job(), None)
    real.app.write_results(job(), [b""], None)
    types = {blob.name: blob.content_settings.content_type for blob in real.container.list_blobs()}
    assert types == {
        status_of(NAME): "application/json; charset=utf-8",
        results_of(NAME): "text/csv; charset=utf-8",
    }


def test_a_write_whose_answer_was_lost_is_known_as_ones_own(real: RealShelf) -> None:
    real.wire.answers_to_lose = 1
    first = real.app.save(job(), None)
    assert real.app.load(NAME) == first
    real.wire.answers_to_lose = 1
    second = real.app.save(replace(job(), attempts=2), first.version)
    assert real.app.load(NAME) == second
    assert real.wire.answers_to_lose == 0


def test_a_lost_answer_does_not_make_somebody_elses_write_ones_own(real: RealShelf) -> None:
    first = real.app.save(job(), None)
    theirs = real.app.save(replace(job(), attempts=2), first.version)
    real.wire.answers_to_lose = 1
    with pytest.raises(ConflictError):
        real.app.save(replace(job(), attempts=3), first.version)
    assert real.app.load(NAME) == theirs
