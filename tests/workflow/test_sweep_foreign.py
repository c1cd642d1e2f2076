"""What the sweep looks at ends by itself: statuses that lost their metadata, and those of nobody."""

import json
import logging
from datetime import timedelta

import pytest

from shared.job.blob_names import status_of
from shared.job.status_document import State
from shared.workflow.ports import StatusUnavailableError
from shared.workflow.queue_messages import WakeUp
from tests.workflow.life.views import TWO
from tests.world import NAME, World

DAY = timedelta(days=1)


class Log:
    """Reads what the sweeps reported, as the alert does."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        self._caplog = caplog

    def last(self) -> tuple[int, int]:
        """Return the numbers of woken manifests and of foreign statuses that the last sweep reported."""
        lines = [record.message for record in self._caplog.records if record.message.startswith("sweep_done")]
        fields = json.loads(lines[-1].partition(" ")[2])
        return fields["woken"], fields["foreign"]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Log:
    return Log(caplog)


def sweep(world: World) -> None:
    """Sweep, and let everything come to rest."""
    world.sweep.run()
    world.settle()
    world.clock.advance(timedelta(minutes=15))


def strip(world: World) -> None:
    """Take the metadata from a status, as a copy without them does."""
    world.storage.put(status_of(NAME), world.storage.blobs[status_of(NAME)].data)


@pytest.mark.parametrize("gone", [False, True])
def test_a_final_status_gets_its_metadata_back_and_nothing_else(log: Log, *, gone: bool) -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    before, metadata = world.job(), world.storage.blobs[status_of(NAME)].metadata
    strip(world)
    if gone:
        del world.storage.blobs[NAME]
    sweep(world)
    assert log.last() == (0, 0 if gone else 1)
    sweep(world)
    assert log.last() == (0, 0)
    assert world.job() == before
    assert gone or world.storage.blobs[status_of(NAME)].metadata == metadata


def test_metadata_of_somebody_else_beside_those_of_the_app_stay() -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    status = world.storage.blobs[status_of(NAME)]
    status.metadata["scanned"] = "clean"
    world.workflow.advance(WakeUp(NAME))
    assert world.storage.blobs[status_of(NAME)] is status


def test_a_job_at_work_that_lost_its_metadata_is_left_to_whoever_has_it() -> None:
    world = World()
    world.partner_center.script.next_upload(lambda _: world.fuse.die())
    world.drop(TWO)
    world.step()
    strip(world)
    status = world.storage.blobs[status_of(NAME)]
    world.workflow.advance(WakeUp(NAME))
    assert world.storage.blobs[status_of(NAME)] is status


@pytest.mark.parametrize("due", [None, "0", "2099-01-01T00:00:00Z", "2026-11-22T17:00:00Z"])
def test_a_foreign_status_is_no_lost_event_and_looked_at_for_a_week(log: Log, due: str | None) -> None:
    world = World(attended=False)
    etag = world.storage.put(NAME, TWO)
    world.clock.advance(timedelta(hours=1))
    world.storage.put(status_of(NAME), b"{}", {} if due is None else {"etag": etag, "due": due})
    world.clock.advance(DAY + timedelta(hours=1))
    days = 1
    while world.sweep.run():
        assert log.last() == (0, 1)
        world.settle()
        world.clock.advance(DAY)
        days += 1
    assert days == 7
    assert log.last() == (0, 0)
    assert world.storage.blobs[status_of(NAME)].data == b"{}"


def test_a_job_that_nobody_can_save_counts_as_lost_for_a_day(log: Log) -> None:
    world = World(attended=False)
    world.drop(TWO)
    world.step()
    world.queue.messages.clear()
    world.clock.advance(timedelta(hours=1))
    world.storage.save = refused  # type: ignore[assignment, method-assign] # as under a policy of immutability
    counted = []
    for _ in range(3):
        world.sweep.run()
        counted.append(log.last())
        world.settle()
        world.clock.advance(timedelta(hours=12))
    assert counted == [(1, 0), (1, 0), (0, 1)]


def refused(*_: object) -> None:
    raise StatusUnavailableError("BlobImmutableDueToPolicy")


def test_a_manifest_without_a_status_is_a_lost_event_however_old(log: Log) -> None:
    world = World()
    world.storage.put(NAME, TWO)
    world.clock.advance(6 * DAY)
    sweep(world)
    assert log.last() == (1, 0)
    assert world.job().state is State.COMPLETED
