"""Whatever stands in the container: it is read as it is, and no further than is good."""

import gzip
import random
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from azure.storage.blob import ContentSettings, StandardBlobTier
from msgspec.structs import replace
from urllib3.exceptions import SSLError

from local.azurite import Account
from shared.job.blob_names import status_of
from shared.job.plausibility import Foreign
from shared.job.status_document import encode
from shared.storage import blobs
from shared.workflow.ports import ConflictError, StorageUnavailableError, Stored
from tests.storage.test_blobs import NAME, job
from tests.stories.shelves import CHUNK, RealShelf, real_shelf

PACKED = ContentSettings(content_encoding="gzip")


@pytest.fixture
def real(storage_account: Account) -> Iterator[RealShelf]:
    with real_shelf(storage_account.connection_string) as shelf:
        yield shelf


@pytest.mark.parametrize("size", [CHUNK // 4, 3 * CHUNK], ids=["in one range", "in several"])
def test_a_manifest_with_a_content_encoding_is_read_as_it_is(real: RealShelf, size: int) -> None:
    packed = gzip.compress(random.Random(7).randbytes(size))
    real.container.upload_blob(NAME, packed, content_settings=PACKED)
    content = real.app.open(NAME)
    assert content
    assert b"".join(content.chunks()) == packed
    assert content.size == len(packed)


def test_a_status_with_a_content_encoding_is_not_unpacked(real: RealShelf) -> None:
    real.container.upload_blob(status_of(NAME), gzip.compress(encode(job())), content_settings=PACKED)
    assert isinstance(real.app.load(NAME), Foreign)


def test_an_archived_manifest_cannot_be_read_now(real: RealShelf) -> None:
    real.container.upload_blob(NAME, b"[]", standard_blob_tier=StandardBlobTier.ARCHIVE)
    assert real.app.properties(NAME)
    with pytest.raises(StorageUnavailableError):
        real.app.open(NAME)


@pytest.mark.parametrize("metadata", [{}, {"state": "accepted", "etag": "0x1", "due": ""}])
def test_no_status_is_read_further_than_one_of_ours_goes(
    real: RealShelf, monkeypatch: pytest.MonkeyPatch, metadata: dict[str, str]
) -> None:
    real.put(status_of(NAME), encode(job()), metadata)
    monkeypatch.setattr(blobs, "LARGEST_STATUS", len(encode(job())))
    assert isinstance(real.app.load(NAME), Stored)
    monkeypatch.setattr(blobs, "LARGEST_STATUS", len(encode(job())) - 1)
    found = real.app.load(NAME)
    assert isinstance(found, Foreign)
    assert found.reason == "too large"


@pytest.mark.parametrize("how", ["replaced", "deleted"])
def test_a_status_that_changes_while_it_is_read_is_a_conflict(real: RealShelf, how: str) -> None:
    real.app.save(replace(job(), message="x" * 3 * CHUNK), None)
    act = partial(real.put, status_of(NAME), b"{}") if how == "replaced" else partial(real.remove, status_of(NAME))
    real.wire.meanwhile = act
    with pytest.raises(ConflictError):
        real.app.load(NAME)


def torn(*_: object, **__: object) -> Iterator[bytes]:
    raise SSLError("bad record mac")


@pytest.mark.parametrize("reading", [torn, lambda *_, **__: iter([b"short"])], ids=["torn", "short"])
def test_a_manifest_that_comes_torn_or_short_cannot_be_read_now(
    real: RealShelf, reading: Callable[..., Iterator[bytes]]
) -> None:
    real.put(NAME, b"0123456789" * CHUNK)
    content = real.app.open(NAME)
    assert content
    real.wire.reading = reading
    with pytest.raises(StorageUnavailableError):
        list(content.chunks())
