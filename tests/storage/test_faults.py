"""What is wrong in the container itself is told, not taken for a manifest that is not there."""

from collections.abc import Iterator

import pytest

from local.azurite import Account
from shared.job.blob_names import status_of
from shared.job.trust import Foreign
from shared.workflow.ports import StatusUnavailableError, StorageUnavailableError
from tests.stories.shelves import RealShelf, real_shelf

NAME = "c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops.json"


@pytest.fixture
def real(storage_account: Account) -> Iterator[RealShelf]:
    with real_shelf(storage_account.connection_string) as shelf:
        yield shelf


@pytest.mark.parametrize("text", [b" ", b"[]", b"hash-of-somebody", b'{"state": "resting"}', b'{"x":' + b"[" * 100_000])
def test_what_is_no_status_is_foreign(real: RealShelf, text: bytes) -> None:
    real.put(status_of(NAME), text)
    found = real.app.load(NAME)
    assert isinstance(found, Foreign)
    assert "hash-of-somebody" not in repr(found)


def test_a_container_that_is_missing_is_not_taken_for_a_manifest_that_is_gone(real: RealShelf) -> None:
    real.container.delete_container()
    with pytest.raises(StatusUnavailableError, match="ContainerNotFound"):
        real.app.load(NAME)
    with pytest.raises(StorageUnavailableError):
        real.app.open(NAME)
