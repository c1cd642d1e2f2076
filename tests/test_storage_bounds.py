"""Whatever stands in the container: it is read as it is, and no further than is good."""

import gzip
import random
from collections.abc import Iterator

import pytest
from azure.storage.blob import ContentSettings

from local.azurite import Account
from shared import storage
from shared.job import encode
from shared.names import status_of
from shared.storage import UnreadableStatusError
from tests.stories.shelves import CHUNK, RealShelf, real_shelf
from tests.test_storage import NAME, job

PACKED = ContentSettings(content_encoding="gzip")


@pytest.fixture
def real(storage_account: Account) -> Iterator[RealShelf]:
    with real_shelf(storage_account.connection_string) as shelf:
        yield shelf


@pytest.mark.parametrize("size", [CHUNK // 4, 3 * CHUNK], ids=["in one range", "in several"])
def test_a_manifest_with_a_content_encoding_is_read_as_it_is(real: RealShelf, size: int) -> None:
    packed = gzip.compress(random.Random(7).randbytes(size))  # noqa: S311 - nothing secret
    real.container.upload_blob(NAME, packed, content_settings=PACKED)
    content = real.app.open(NAME)
    assert content
    assert b"".join(content.chunks()) == packed
    assert content.size == len(packed)


def test_a_status_with_a_content_encoding_is_not_unpacked(real: RealShelf) -> None:
    real.container.upload_blob(status_of(NAME), gzip.compress(encode(job())), content_settings=PACKED)
    with pytest.raises(UnreadableStatusError):
        real.app.load(NAME)


def test_a_status_that_no_job_can_have_is_not_read(real: RealShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    real.app.save(job(), None)
    size = len(encode(job()))
    monkeypatch.setattr(storage, "LARGEST_STATUS", size)
    assert real.app.load(NAME)
    monkeypatch.setattr(storage, "LARGEST_STATUS", size - 1)
    with pytest.raises(UnreadableStatusError, match="Delete it"):
        real.app.load(NAME)
