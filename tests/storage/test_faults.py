"""What is wrong in the container itself is told, not taken for a manifest that is not there."""

import re
from collections.abc import Callable, Iterator

import pytest
from azure.storage.blob import ContainerClient

from local.azurite import Account
from shared.job.blob_names import status_of
from shared.job.plausibility import Foreign
from shared.storage.blobs import Storage
from shared.workflow.ports import StatusUnavailableError, StorageUnavailableError
from tests.storage.test_blobs import job
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


REFUSED: dict[str, tuple[type[Exception], Callable[[Storage], object]]] = {
    "load": (StatusUnavailableError, lambda app: app.load(NAME)),
    "save": (StatusUnavailableError, lambda app: app.save(job(), None)),
    "open": (StorageUnavailableError, lambda app: app.open(NAME)),
    "properties": (StorageUnavailableError, lambda app: app.properties(NAME)),
    "results": (StorageUnavailableError, lambda app: app.results(NAME)),
}


@pytest.mark.parametrize(("error", "call"), REFUSED.values(), ids=REFUSED)
def test_a_right_that_has_not_spread_yet_is_waited_for(
    storage_account: Account, error: type[Exception], call: Callable[[Storage], object]
) -> None:
    stranger = re.sub(r"AccountKey=[^;]+", "AccountKey=c3RyYW5nZXI=", storage_account.connection_string)
    with ContainerClient.from_connection_string(stranger, "manifests") as container, pytest.raises(error) as raised:
        call(Storage(container))
    assert getattr(raised.value.__cause__, "status_code", None) == 403
