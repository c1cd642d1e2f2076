"""A manifest that the storage does not serve, as one in the Archive tier: no invocation fails for it."""

import logging
from datetime import timedelta

import pytest

from shared.job.status_document import State
from shared.workflow.ports import Properties, StorageUnavailableError
from tests.workflow.life.views import TWO
from tests.world import NAME, World

QUARTER = timedelta(minutes=15)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "manifests")


def test_what_can_never_be_read_fails_no_invocation_and_is_left_after_a_week(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    reads = list[str]()

    def archived(name: str, etag: str | None = None) -> None:
        reads.append(f"{name} {etag}")
        raise StorageUnavailableError(name)

    monkeypatch.setattr(world.storage, "open", archived)
    world.drop(TWO)
    for _ in range(8 * 24 * 4):
        world.sweep.run()
        world.settle(QUARTER)
        world.clock.advance(QUARTER)
        assert len(world.queue.messages) <= 1
    assert len(reads) <= 7 * 24 * 4 + 10
    assert {record.message.split()[0] for record in caplog.records} == {"manifest_unavailable"}
    assert list(world.storage.blobs) == [NAME]


def test_a_second_drop_of_the_same_content_starts_anew_though_the_storage_failed_at_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    world.clock.advance(QUARTER)
    faults, read = [StorageUnavailableError(NAME)] * 2, world.storage.properties

    def properties(name: str) -> Properties | None:
        if faults:
            raise faults.pop()
        return read(name)

    monkeypatch.setattr(world.storage, "properties", properties)
    world.drop(TWO)
    world.settle()
    assert not faults
    assert world.job().previous
    assert world.job().state is State.COMPLETED
