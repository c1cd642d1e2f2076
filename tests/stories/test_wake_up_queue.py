"""What the app relies on in its queue, shown of the real one and of the fake that stands in for it elsewhere."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.azurite import Account
from shared.storage.wake_up_queue import LONGEST_DELAY
from shared.workflow.queue_messages import WakeUp
from tests.fakes import Clock, FakeQueue, read_wake_up
from tests.stories.shelves import Queue, RealQueue, StandInQueue, real_queue

NAMES = ["c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops.json", "a b/#1/50% ü 東京.json", "ü" * 1012]
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def azurites_queue(storage_account: Account) -> Iterator[RealQueue]:
    with real_queue(storage_account.connection_string) as queue:
        yield queue


@pytest.fixture(params=["real", "fake"])
def queue(request: pytest.FixtureRequest) -> Queue:
    if request.param == "fake":
        clock = Clock()
        return StandInQueue(FakeQueue(clock), clock)
    real: RealQueue = request.getfixturevalue("azurites_queue")
    return real


def test_a_wake_up_never_comes_before_its_time(queue: Queue) -> None:
    wanted = {-5: 0, 0: 0, 0.001: 1, 1: 1, 1.2: 2, 30: 30, 3600.5: 3601, LONGEST_DELAY: LONGEST_DELAY}
    for delay, seconds in wanted.items():
        queue.app.send(WakeUp(NAMES[0], NOON), timedelta(seconds=delay))
        assert (delay, queue.delay()) == (delay, timedelta(seconds=seconds))
    assert len(queue.texts()) == 2


def test_a_wake_up_is_read_as_it_was_sent(queue: Queue) -> None:
    sent = [WakeUp(name, due) for name in NAMES for due in (NOON, None)]
    for wake_up in sent:
        queue.app.send(wake_up, timedelta(0))
    assert [read_wake_up(text or "") for text in queue.texts()] == sent


def test_a_wake_up_takes_the_place_of_an_earlier_one(queue: Queue) -> None:
    sent = queue.app.send(WakeUp(NAMES[0], NOON), timedelta(0))
    sent = queue.app.send(WakeUp(NAMES[1]), timedelta(minutes=5), sent)
    assert queue.texts() == []
    queue.app.send(WakeUp(NAMES[2], NOON), timedelta(0), sent)
    assert [read_wake_up(text or "") for text in queue.texts()] == [WakeUp(NAMES[2], NOON)]
    assert queue.count() == 1


def test_a_wake_up_comes_although_the_one_in_whose_place_it_was_to_come_is_being_handled(queue: Queue) -> None:
    sent = queue.app.send(WakeUp(NAMES[0]), timedelta(0))
    queue.take_out()
    queue.app.send(WakeUp(NAMES[1], NOON), timedelta(0), sent)
    assert [read_wake_up(text or "") for text in queue.texts()] == [WakeUp(NAMES[1], NOON)]


def test_a_wake_up_waits_no_longer_than_a_queue_can_and_never_expires(azurites_queue: RealQueue) -> None:
    azurites_queue.app.send(WakeUp(NAMES[0]), timedelta(days=30))
    assert azurites_queue.delay() == timedelta(seconds=LONGEST_DELAY)
    assert azurites_queue.client.sent.expires_on
    assert azurites_queue.client.sent.expires_on.year == 9999
    assert azurites_queue.app.count() == 1


def test_the_first_wake_up_makes_a_queue_that_is_missing(azurites_queue: RealQueue) -> None:
    azurites_queue.client.delete_queue()
    azurites_queue.app.send(WakeUp(NAMES[0]), timedelta(0))
    assert [read_wake_up(text or "") for text in azurites_queue.texts()] == [WakeUp(NAMES[0])]
