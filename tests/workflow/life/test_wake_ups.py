"""Somebody always comes when it is time, and only then.

Beside this, the world sees to it in every test that nobody leaves an unfinished job to which nobody comes.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from msgspec.structs import replace

from local.stand_ins.partner_center import faults
from local.stand_ins.web import Fault, Proceed, Response
from shared.job.blob_names import status_of
from shared.job.record import Job, State
from shared.workflow.ports import ConflictError, Stored
from shared.workflow.wake_up import WakeUp
from tests.fakes import Fuse, ProcessDied
from tests.manifests import array, serials
from tests.workflow.life.views import TWO
from tests.world import DELAYS, NAME, World


def test_whoever_loses_every_race_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(TWO)

    def lost(job: Job, version: str | None) -> Stored:
        raise ConflictError(job.manifest, version)

    with monkeypatch.context() as losing:
        losing.setattr(world.storage, "save", lost)
        world.step()
    assert status_of(NAME) not in world.storage.blobs
    *claims, last = world.queue.wake_ups()
    assert len(claims) == 3
    assert last == WakeUp(NAME, world.clock.now + DELAYS.first_retry)
    world.settle()
    assert world.job().state is State.COMPLETED


def test_a_wake_up_that_comes_early_comes_again() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    due = world.job().next_attempt_at
    before = len(world.queue.messages)
    world.workflow.advance(NAME, due)
    assert world.queue.wake_ups()[before:] == [WakeUp(NAME, due)]


def test_a_wake_up_for_a_moment_that_is_over_falls_asleep() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    before = len(world.queue.messages)
    world.workflow.advance(NAME, world.clock.now)
    assert len(world.queue.messages) == before


def test_a_wake_up_of_an_earlier_moment_still_waits_for_the_end_of_a_live_lease() -> None:
    world = World()
    world.drop(TWO)

    def meets_the_lease(proceed: Proceed) -> Response:
        lease = world.job().lease
        assert lease is not None
        assert WakeUp(NAME, lease.until) not in world.queue.wake_ups()
        world.workflow.advance(NAME, world.clock.now)
        assert WakeUp(NAME, lease.until) in world.queue.wake_ups()
        return proceed()

    world.partner_center.script.next_upload(meets_the_lease)
    world.step()
    assert world.job().state is State.ACCEPTED


def test_an_event_before_its_time_comes_again() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.queue.messages.clear()
    world.workflow.advance(NAME)
    assert world.queue.wake_ups() == [WakeUp(NAME, world.job().next_attempt_at)]


def passed(proceed: Proceed) -> Response:
    return proceed()


def overwritten(world: World) -> Fault:
    def fault(proceed: Proceed) -> Response:
        world.storage.put(NAME, array(serials(3, start=50)))
        return proceed()

    return fault


def deleted(world: World, fault: Fault = passed) -> Fault:
    def first(proceed: Proceed) -> Response:
        del world.storage.blobs[NAME]
        return fault(proceed)

    return first


def late(world: World, fault: Fault) -> Fault:
    def slow(proceed: Proceed) -> Response:
        world.clock.advance(timedelta(seconds=50))
        return fault(proceed)

    return slow


LIVES: dict[str, Callable[[World], list[Fault]]] = {
    "smooth": lambda _: [],
    "throttled": lambda _: [faults.throttled(40), faults.throttled(4000), passed, faults.throttled(4000)],
    "renewed token": lambda _: [faults.error(401, "900420", "No.")],
    "halved": lambda _: [faults.error(413, "", "No.")],
    "second part refused": lambda _: [passed, faults.error(400, "3000", "No.")],
    "second part refused late": lambda world: [passed, late(world, faults.error(400, "3000", "No."))],
    "deleted while waiting": lambda world: [passed, deleted(world, faults.throttled(4000))],
    "overwritten between parts": lambda world: [overwritten(world)],
    "deleted between parts": lambda world: [deleted(world)],
    "down": lambda _: [faults.gateway_error(503)] * 20,
}


@pytest.mark.parametrize("uploads", LIVES.values(), ids=LIVES)
def test_a_wake_up_is_queued_before_the_state_that_needs_it(
    monkeypatch: pytest.MonkeyPatch, uploads: Callable[[World], list[Fault]]
) -> None:
    world = World(part_size=2)
    save = world.storage.save

    def saved(job: Job, version: str | None) -> Stored:
        if job.due and job.due > world.clock.now:
            assert world.comes_by(job.manifest, job.due), f"{job.state} is saved and nobody comes"
        return save(job, version)

    monkeypatch.setattr(world.storage, "save", saved)
    world.partner_center.script.next_upload(*uploads(world))
    world.partner_center.script.next_poll(passed, faults.throttled(5000), faults.gateway_error(500))
    world.partner_center.script.processing_for = timedelta(hours=1)
    world.drop(array(serials(5)))
    world.settle()
    assert world.job().final


@pytest.mark.parametrize(("seconds", "poll_after"), [(0, 30), (3, 30), (4, 34), (40, 70)])
def test_one_wake_up_is_enough_for_an_upload_and_its_first_poll(seconds: int, poll_after: int) -> None:
    world = World()
    began = world.clock.now

    def slow(proceed: Proceed) -> Response:
        world.clock.advance(timedelta(seconds=seconds))
        return proceed()

    world.partner_center.script.next_upload(slow)
    world.drop(TWO)
    world.step()
    poll_at = began + timedelta(seconds=poll_after)
    assert world.job().next_attempt_at == poll_at
    assert world.queue.wake_ups() == [WakeUp(NAME, poll_at)]


@pytest.mark.parametrize("seconds", [0.2, 0.93])
def test_a_first_poll_that_is_due_at_once_finds_the_acceptance_saved(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    world = World(delays=replace(DELAYS, first_poll=timedelta(milliseconds=100)))
    began, save = world.clock.now, world.storage.save

    def slow(proceed: Proceed) -> Response:
        world.clock.advance(timedelta(seconds=seconds))
        return proceed()

    def saved_late(job: Job, version: str | None) -> Stored:
        if job.state is State.ACCEPTED:
            monkeypatch.setattr(world.storage, "save", save)
            world.clock.advance(timedelta(seconds=0.9))
            while world.step():
                pass
        return save(job, version)

    monkeypatch.setattr(world.storage, "save", saved_late)
    world.partner_center.script.next_upload(slow)
    world.storage.put(NAME, TWO)
    world.workflow.advance(NAME, landed=True)
    while not world.job().final:
        moment = world.queue.next_moment()
        assert moment is not None
        world.clock.now = max(world.clock.now, moment)
        world.step()
    assert world.clock.now - began < timedelta(seconds=5)


def throttled_twice(fuse: Fuse) -> World:
    """Take a job through two attempts that are told to wait for an hour; whatever dies is not handed over again."""
    world = World(part_size=2, fuse=fuse)
    world.partner_center.script.next_upload(faults.throttled(3600), lambda proceed: proceed(), faults.throttled(3600))
    world.storage.put(NAME, array(serials(5)))
    with suppress(ProcessDied):
        world.workflow.advance(NAME)
        due = world.job().due
        assert due is not None
        world.clock.now = due
        world.queue.messages.clear()
        world.workflow.advance(NAME, due)
    return world


OPERATIONS = throttled_twice(Fuse()).fuse.operations


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(len(OPERATIONS)), ids=lambda number: f"{number}-{OPERATIONS[number]}")
def test_whoever_dies_under_a_lease_leaves_somebody_who_comes_by_its_end(number: int, moment: str) -> None:
    world = throttled_twice(Fuse((number, moment)))
    assert world.fuse.blown
    if status_of(NAME) in world.storage.blobs and (lease := world.job().lease):
        assert world.comes_by(NAME, lease.until)
