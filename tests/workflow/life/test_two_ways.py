"""Each event comes by two ways, the function's webhook and the queue; either may be first, late, or missing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from shared.job.blob_names import status_of
from shared.job.status_document import State
from shared.workflow.queue_messages import WakeUp
from tests.fakes import Fuse, Message
from tests.manifests import array, serials
from tests.world import NAME, World

DEVICES = array(serials(3))
SWEEP_EVERY = timedelta(minutes=15)
PROMISED = timedelta(minutes=20)
"""Until a manifest whose event is lost is found, by the README."""


def by_queue(world: World, name: str = NAME) -> None:
    world.queue.messages.append(Message(WakeUp(name).encode(), world.clock.now))


def sent_once(world: World) -> bool:
    return world.job().state is State.COMPLETED and set(world.accepted().values()) == {1}


def test_a_webhook_that_refuses_everything_costs_nothing() -> None:
    world = World()
    world.storage.put(NAME, DEVICES)
    by_queue(world)
    world.settle()
    assert sent_once(world)


def test_a_queue_that_brings_nothing_costs_nothing() -> None:
    world = World()
    world.drop(DEVICES)
    world.settle()
    assert sent_once(world)


def test_a_queue_that_is_first_uploads_once() -> None:
    world = World()
    world.storage.put(NAME, DEVICES)
    by_queue(world)
    assert world.step()
    assert world.job().state is State.ACCEPTED
    world.events.append((NAME, 0))
    world.settle()
    assert sent_once(world)


class Meeting(Fuse):
    """Lets somebody else act just before one of the operations."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self._others: list[Callable[[], None]] = []

    def expect(self, other: Callable[[], None]) -> None:
        self._others.append(other)

    @property
    def over(self) -> bool:
        return not self._others

    @contextmanager
    def around(self, operation: str) -> Iterator[None]:
        if len(self.operations) == self._number and self._others:
            self._others.pop()()
        with super().around(operation):
            yield


def operations_of_the_first_delivery() -> int:
    world = World()
    world.drop(DEVICES)
    world.step()
    return len(world.fuse.operations)


@pytest.mark.parametrize("number", range(operations_of_the_first_delivery()))
@pytest.mark.parametrize("landed", [True, False], ids=["webhook first", "queue first"])
def test_both_at_once_upload_once(number: int, *, landed: bool) -> None:
    meeting = Meeting(number)
    world = World(fuse=meeting)
    world.storage.put(NAME, DEVICES)
    meeting.expect(lambda: world.workflow.advance(WakeUp(NAME, landed=not landed)))
    world.workflow.advance(WakeUp(NAME, landed=landed))
    assert meeting.over
    world.settle()
    assert sent_once(world)


def swept(world: World) -> timedelta:
    """Let time pass and the sweep run until everything has a status; give the time it took."""
    begun = world.clock.now
    while not all(status_of(name) in world.storage.blobs for name in names(world)):
        assert world.clock.now - begun < timedelta(hours=2), "the sweep finds nothing"
        world.clock.advance(SWEEP_EVERY)
        world.sweep.run()
        while world.step():
            pass
    return world.clock.now - begun


def names(world: World) -> list[str]:
    return [name for name in world.storage.blobs if not name.endswith((".status.json", ".results.csv"))]


def test_what_comes_by_neither_way_is_found_by_the_sweep() -> None:
    world = World()
    world.storage.put(NAME, DEVICES)
    assert swept(world) <= PROMISED
    world.settle()
    assert sent_once(world)


@pytest.mark.parametrize("name", [f"/{NAME}", f"{NAME}/"])
def test_a_blob_whose_event_names_another_is_found_by_the_sweep(name: str) -> None:
    world = World()
    world.storage.put(name, DEVICES)
    world.events.append((NAME, 0))
    while world.step():
        pass
    assert names(world) == [name]
    assert status_of(name) not in world.storage.blobs
    assert swept(world) <= PROMISED


def test_an_overwrite_that_comes_by_neither_way_is_found_by_the_sweep_though_polls_go_on() -> None:
    world = World()
    world.partner_center.script.processing_for = timedelta(days=1)
    world.drop(DEVICES)
    world.settle(until=timedelta(0))
    world.storage.put(NAME, array(serials(2, start=50)))
    for _ in range(4):
        world.clock.advance(PROMISED / 4)
        world.settle(until=timedelta(0))
    polled = world.job()
    assert (polled.internal.polls, polled.previous) == (4, None)
    world.sweep.run()
    world.settle(until=timedelta(0))
    job = world.job()
    assert (job.state, job.etag) == (State.ACCEPTED, world.storage.blobs[NAME].etag)
    assert job.previous is not None
    assert job.previous.uploads == polled.uploads
