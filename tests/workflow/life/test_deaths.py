"""What kills the process in following ends the job, and not by doing again what it died of."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Never

import pytest

from local.stand_ins.partner_center import faults
from local.stand_ins.web import Proceed, Response
from shared.config.timeouts import LONGEST_CALL
from shared.job.status_document import Job, State
from shared.workflow.ports import ManifestChangedError, Stored
from shared.workflow.queue_messages import WakeUp
from tests.fakes import FakeContent
from tests.manifests import array, serials
from tests.workflow.forgeries import touch
from tests.workflow.life.views import TWO, rows
from tests.world import NAME, World

MOST = 5


def crashed(world: World) -> bool:
    job = world.job()
    return job.state is State.COMPLETED_WITH_ERRORS and job.error is not None and job.error.code == "crashed"


def die_polling(world: World) -> None:
    def dies(proceed: Proceed) -> Response:
        proceed()
        world.fuse.die()

    world.partner_center.script.next_poll(*[dies] * 50)


def test_polls_that_kill_end_after_five() -> None:
    world = World()
    die_polling(world)
    world.drop(TWO)
    world.settle()
    assert crashed(world)
    assert sum(call.request.method == "GET" for call in world.partner_center.calls) == MOST
    assert [row["outcome"] for row in rows(world)] == ["not_reported"] * 2
    assert world.queue.messages == []


def test_metadata_that_are_set_while_the_results_are_written_are_no_deaths(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    def changes(*_: object, **__: object) -> Never:
        touch(world)
        # As the ranges of a large manifest do.
        raise ManifestChangedError(NAME)

    world.drop(TWO)
    world.step()
    world.clock.now = world.job().due or world.clock.now
    with monkeypatch.context() as patch:
        patch.setattr(world.storage, "write_results", changes)
        world.step()
    assert world.job().lease is not None
    world.settle()
    assert world.job().state is State.COMPLETED
    assert all(row["serialNumber"] for row in rows(world))


def test_messages_that_come_while_a_poll_goes_on_are_no_deaths() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.clock.now = world.job().due or world.clock.now

    def come(proceed: Proceed) -> Response:
        # A lost event's rescue, or a doubled one: each may be a second delivery.
        for _ in range(2 * MOST):
            world.workflow.advance(WakeUp(NAME, landed=True), again=True)
        return proceed()

    world.partner_center.script.next_poll(*[come] * 10)
    world.workflow.advance(WakeUp(NAME, landed=True), again=True)
    assert sum(call.request.method == "GET" for call in world.partner_center.calls) == 1
    assert len(world.queue.messages) <= 2 + 2 * MOST
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.queue.messages == []


def test_messages_that_come_during_each_of_many_polls_are_no_deaths() -> None:
    parts = 2 * MOST
    world = World(part_size=1)
    world.drop(array(serials(parts)))
    world.step()
    world.clock.now = world.job().due or world.clock.now

    def come(proceed: Proceed) -> Response:
        world.workflow.advance(WakeUp(NAME, landed=True), again=True)
        return proceed()

    world.partner_center.script.next_poll(*[come] * (2 * parts))
    world.workflow.advance(WakeUp(NAME, landed=True), again=True)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.queue.messages == []


READINGS = [
    "shared.workflow.sent_devices.reread",
    "shared.workflow.follow.judge",
    "shared.manifest.manifest.Source.rows",
]


@pytest.mark.parametrize("dying", READINGS)
def test_the_end_does_not_read_what_the_others_died_of(monkeypatch: pytest.MonkeyPatch, dying: str) -> None:
    world = World()
    deaths = []

    def dies(*_: object, **__: object) -> Never:
        deaths.append(world.clock.now)
        world.fuse.die()

    monkeypatch.setattr(dying, dies)
    world.drop(TWO)
    world.settle()
    assert len(deaths) == MOST
    job = world.job()
    assert crashed(world)
    assert [row["serialNumber"] for row in rows(world)] == ["", ""]
    # What has been judged is known, and all that is missing is what the rows say of the devices.
    is_judged = dying.endswith("rows")
    assert [row["outcome"] for row in rows(world)] == ["registered" if is_judged else "not_reported"] * 2
    assert (job.devices.registered, job.devices.not_reported) == ((2, 0) if is_judged else (0, 2))
    assert ("All 2 devices are registered" in job.message) is is_judged
    assert ("by their places alone" in job.message) is is_judged
    assert world.queue.messages == []


def test_a_death_in_each_round_that_ends_all_the_same_does_not_add_up() -> None:
    world = World()
    world.partner_center.script.processing_for = timedelta(hours=6)

    def dies(_: Proceed) -> Response:
        world.fuse.die()

    world.partner_center.script.next_poll(*[dies, lambda proceed: proceed()] * 8)
    world.drop(array(serials(1)))
    world.settle()
    assert world.job().state is State.COMPLETED


@pytest.mark.parametrize("reading", [0, 40, 100])
def test_a_throttle_that_was_not_saved_is_followed_when_the_lease_ends_and_no_sooner(
    monkeypatch: pytest.MonkeyPatch, reading: int
) -> None:
    world = World()
    chunks = FakeContent.chunks

    def slow(content: FakeContent) -> Iterator[bytes]:
        world.clock.advance(timedelta(seconds=reading))
        return chunks(content)

    def dies(proceed: Proceed) -> Response:
        faults.throttled(3600)(proceed)
        world.fuse.die()

    monkeypatch.setattr(FakeContent, "chunks", slow)
    world.partner_center.script.next_upload(dies)
    world.drop(TWO)
    world.settle()
    first, second = (call.at for call in world.partner_center.calls if call.request.method == "POST")
    assert second - first >= LONGEST_CALL
    assert world.job().state is State.COMPLETED


def test_nothing_is_posted_under_a_lease_that_ended_while_it_was_renewed() -> None:
    world = World(part_size=1)
    leases = list[timedelta]()
    save, freezes = world.storage.save, [timedelta(hours=1)] * 2  # the first makes the lease end that is renewed then

    def slow(job: Job, version: str | None) -> Stored:
        stored = save(job, version)
        if leases and freezes:
            world.clock.advance(freezes.pop())
        return stored

    def look(proceed: Proceed) -> Response:
        lease = world.job().lease
        leases.append(lease.until - world.clock.now if lease else timedelta(0))
        return proceed()

    world.storage.save = slow  # type: ignore[method-assign] # as where the process is frozen in it
    world.partner_center.script.next_upload(look, look)
    world.drop(TWO)
    world.settle()
    assert len(leases) == 2
    assert min(leases) > LONGEST_CALL
    assert world.job().state is State.COMPLETED
