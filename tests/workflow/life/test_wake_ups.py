"""Somebody always comes when it is time, and only then.

Beside this, the world sees to it in every test that nobody leaves an unfinished job to which nobody comes.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from local.stand_ins.partner_center import faults
from local.stand_ins.web import Fault, Proceed, Response
from shared.job.blob_names import status_of
from shared.job.status_document import Job, State
from shared.workflow.backoff import MOST_TRIES
from shared.workflow.ports import ConflictError, Sent, StatusUnavailableError, Stored
from shared.workflow.queue_messages import WakeUp
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
    assert world.queue.wake_ups() == [WakeUp(NAME, tries=1)]
    world.settle()
    assert world.job().state is State.COMPLETED


def test_a_wake_up_that_comes_early_comes_again() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    due = world.job().next_attempt_at
    before = len(world.queue.messages)
    world.workflow.advance(WakeUp(NAME, due))
    assert world.queue.wake_ups()[before:] == [WakeUp(NAME, due, tries=1)]


def test_a_wake_up_for_a_moment_that_is_over_falls_asleep() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    before = len(world.queue.messages)
    world.workflow.advance(WakeUp(NAME, world.clock.now))
    assert len(world.queue.messages) == before


def test_a_wake_up_of_an_earlier_moment_still_waits_for_the_end_of_a_live_lease() -> None:
    world = World()
    world.drop(TWO)

    def meets_the_lease(proceed: Proceed) -> Response:
        lease = world.job().lease
        assert lease is not None
        assert WakeUp(NAME, lease.until, tries=1) not in world.queue.wake_ups()
        world.workflow.advance(WakeUp(NAME, world.clock.now))
        assert WakeUp(NAME, lease.until, tries=1) in world.queue.wake_ups()
        return proceed()

    world.partner_center.script.next_upload(meets_the_lease)
    world.step()
    assert world.job().state is State.ACCEPTED


def test_an_event_before_its_time_comes_again() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.queue.messages.clear()
    world.workflow.advance(WakeUp(NAME))
    assert world.queue.wake_ups() == [WakeUp(NAME, world.job().next_attempt_at, tries=1)]


def test_a_second_event_of_the_same_drop_leaves_no_message() -> None:
    world = World()
    world.drop(TWO)

    def reported_again(proceed: Proceed) -> Response:
        world.workflow.advance(WakeUp(NAME, landed=True))
        return proceed()

    world.partner_center.script.next_upload(reported_again)
    world.step()
    world.workflow.advance(WakeUp(NAME, landed=True))
    assert world.queue.wake_ups() == [WakeUp(NAME, world.job().due)]


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
def test_a_wake_up_is_enqueued_after_the_state_that_it_is_to_find(
    monkeypatch: pytest.MonkeyPatch, uploads: Callable[[World], list[Fault]]
) -> None:
    world = World(part_size=2)
    send = world.queue.send

    def sent(wake_up: WakeUp, delay: timedelta, instead_of: Sent | None = None) -> Sent:
        job = world.job()
        assert wake_up.due == job.due or job.lease, f"{wake_up} is enqueued for a state that is not saved"
        return send(wake_up, delay, instead_of)

    monkeypatch.setattr(world.queue, "send", sent)
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
    world.workflow.advance(WakeUp(NAME, landed=True))
    while not world.job().final:
        moment = world.queue.next_moment()
        assert moment is not None
        world.clock.now = max(world.clock.now, moment)
        world.step()
    assert world.clock.now - began < timedelta(seconds=5)


def refused_saves(world: World, monkeypatch: pytest.MonkeyPatch, states: set[State]) -> None:
    save = world.storage.save

    def refused(job: Job, version: str | None) -> Stored:
        if job.state in states:
            raise StatusUnavailableError("LeaseIdMissing")
        return save(job, version)

    monkeypatch.setattr(world.storage, "save", refused)


@pytest.mark.parametrize("swept", [True, False])
@pytest.mark.parametrize(
    "states",
    [set(State), {State.ACCEPTED}, {State.WAITING}, {State.COMPLETED}],
    ids=lambda states: " ".join(sorted(states)),
)
def test_a_week_in_which_a_status_cannot_be_saved_leaves_a_handful_of_messages(
    monkeypatch: pytest.MonkeyPatch, states: set[State], *, swept: bool
) -> None:
    world = World(attended=False)
    world.partner_center.script.next_upload(faults.throttled(60))
    refused_saves(world, monkeypatch, states)
    world.drop(TWO)
    end, most = world.clock.now + timedelta(days=7), 0
    while world.clock.now < end:
        if swept:
            world.sweep.run()
        world.settle(timedelta(minutes=15), most=60)
        most = max(most, len(world.queue.messages))
        world.clock.now += timedelta(minutes=15)
    assert most <= 4


def test_a_conflict_that_lasts_is_met_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(TWO)
    claims = []

    def conflict(job: Job, version: str | None) -> Stored:
        claims.append(world.clock.now)
        raise ConflictError(job.manifest, version)

    monkeypatch.setattr(world.storage, "save", conflict)
    world.settle()
    assert len(set(claims)) == MOST_TRIES + 1
    assert world.queue.messages == []


def test_what_could_not_be_saved_for_a_while_goes_on_by_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    with monkeypatch.context() as outage:
        refused_saves(world, outage, set(State))
        world.drop(TWO)
        world.settle()
    assert world.queue.messages == []
    world.clock.advance(timedelta(hours=1))
    world.sweep.run()
    world.settle()
    assert world.job().state is State.COMPLETED
