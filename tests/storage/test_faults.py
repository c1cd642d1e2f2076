"""What is wrong in the container itself is told, not taken for a manifest that is not there."""

from collections.abc import Iterator

import pytest
from azure.core.exceptions import ResourceNotFoundError

from local.azurite import Account
from shared.job.blob_names import status_of
from shared.storage.blobs import UnreadableStatusError
from shared.workflow.ports import StorageUnavailableError
from tests.stories.shelves import RealShelf, real_shelf

NAME = "c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops.json"


@pytest.fixture
def real(storage_account: Account) -> Iterator[RealShelf]:
    with real_shelf(storage_account.connection_string) as shelf:
        yield shelf


@pytest.mark.parametrize("text", [b" ", b"[]", b"hash-of-somebody", b'{"state": "resting"}'])
def test_a_status_of_somebody_elses_is_told_with_what_to_do(real: RealShelf, text: bytes) -> None:
    real.put(status_of(NAME), text)
    with pytest.raises(UnreadableStatusError, match=r"laptops\.json\.status\.json is no status .* Delete it") as error:
        real.app.load(NAME)
    assert "hash-of-somebody" not in repr(error.value)
    assert error.value.__cause__ is None


def test_a_container_that_is_missing_is_not_taken_for_a_manifest_that_is_gone(real: RealShelf) -> None:
    real.container.delete_container()
    with pytest.raises(ResourceNotFoundError):
        real.app.load(NAME)
    with pytest.raises(StorageUnavailableError):
        real.app.open(NAME)
