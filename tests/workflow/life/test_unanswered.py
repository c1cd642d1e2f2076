"""Where no answer came, nobody says that nothing was uploaded."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from local.stand_ins.partner_center import faults
from local.stand_ins.web import Fault, Proceed, Response, Silence, answer_lost, unanswered
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.workflow.life.views import TWO, rows, uploads
from tests.world import NAME, World


def died(world: World) -> Fault:
    def fault(proceed: Proceed) -> Response:
        proceed()
        world.fuse.die()

    return fault


def gateway_lost(proceed: Proceed) -> Response:
    proceed()
    return faults.gateway_error(504)(proceed)


LOSSES: dict[str, Callable[[World], Fault]] = {
    "died": died,
    "answer lost": lambda _: answer_lost(Silence.TIMED_OUT),
    "gateway": lambda _: gateway_lost,
    "no answer": lambda _: unanswered(Silence.TIMED_OUT),
    "no location": lambda _: faults.no_location,
}


def deleted(world: World) -> None:
    world.events.clear()
    del world.storage.blobs[NAME]


def refused(world: World) -> None:
    world.partner_center.script.next_upload(faults.error(400, "3000", "No."))


def given_up(world: World) -> None:
    world.partner_center.script.outage = unanswered(Silence.TIMED_OUT)


def down(world: World) -> None:
    world.partner_center.script.outage = faults.error(503, "9", "Down.")


def crashed(world: World) -> None:
    world.partner_center.script.next_upload(*[died(world)] * 9)


def forbidden(world: World) -> None:
    world.allowed = frozenset({"11111111-2222-3333-4444-555555555555"})
    world.start_process()


ENDS = [deleted, refused, given_up, down, crashed, forbidden]


def rest(world: World) -> None:
    world.settle()
    world.sweep.run()
    world.settle()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_part_that_may_have_been_taken_is_named(loss: Callable[[World], Fault], end: Callable[[World], None]) -> None:
    world = World(part_size=2)
    world.partner_center.script.next_upload(loss(world))
    world.drop(TWO)
    world.step()
    end(world)
    rest(world)
    job = world.job()
    assert job.state in (State.FAILED, State.REJECTED)
    assert "It is not known whether Partner Center took devices 1 to 2" in job.message
    assert "Nothing was uploaded" not in job.message


@pytest.mark.parametrize("end", [end for end in ENDS if end is not forbidden])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_second_part_that_may_have_been_taken_is_named_and_listed_in_the_results(
    loss: Callable[[World], Fault], end: Callable[[World], None]
) -> None:
    world = World(part_size=2)
    world.partner_center.script.next_upload(lambda proceed: proceed(), loss(world))
    world.drop(array(serials(5)))
    world.step()
    end(world)
    rest(world)
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert "It is not known whether Partner Center took devices 3 to 4" in job.message
    unknown = ["No clear answer came" in row["errorDescription"] for row in rows(world)]
    assert unknown == [False, False, True, True, False]
    assert [row["action"].startswith("It was not sent") for row in rows(world)] == [False, False, False, False, True]
    assert [row["action"].startswith("Look the device up") for row in rows(world)] == unknown
    assert [row["outcome"] for row in rows(world)][4] == "not_uploaded"


def test_one_device_that_may_have_been_taken_is_one() -> None:
    world = World()
    world.partner_center.script.next_upload(answer_lost(Silence.TIMED_OUT))
    world.drop(array(serials(1)))
    world.step()
    deleted(world)
    rest(world)
    assert world.job().message.endswith("took device 1, as no clear answer came: look it up there.")


def test_before_the_devices_were_counted_as_many_as_there_are_may_have_been_taken() -> None:
    world = World(part_size=1000)
    world.partner_center.script.next_upload(died(world))
    world.drop(TWO)
    world.step()
    assert world.job().device_count is None
    world.events.clear()
    del world.storage.blobs[NAME]
    rest(world)
    assert "devices 1 to 1000 (or as many as the manifest has)" in world.job().message


def test_what_was_answered_after_all_is_known() -> None:
    world = World()
    world.partner_center.script.next_upload(answer_lost(Silence.TIMED_OUT))
    world.drop(TWO)
    rest(world)
    assert world.job().state is State.COMPLETED
    assert world.job().message == "All 2 devices are registered."


@pytest.mark.parametrize("refusals", [1, 2, 3])
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_token_that_expired_meanwhile_does_not_have_it_taken_twice(
    loss: Callable[[World], Fault], refusals: int
) -> None:
    world = World()
    world.partner_center.script.next_upload(loss(world), *[faults.error(401, "900420", "No.")] * refusals)
    world.drop(TWO)
    rest(world)
    assert world.job().state is State.COMPLETED
    assert len(set(uploads(world))) == 1
    assert set(world.accepted().values()) == {1}


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_alone_says_that_nothing_was_uploaded(status: int) -> None:
    world = World()
    world.partner_center.script.next_upload(faults.error(status, "20002", "No."))
    world.drop(TWO)
    rest(world)
    assert world.job().state is State.REJECTED
    assert "Nothing was uploaded" in world.job().message


def test_no_more_devices_are_named_than_there_are() -> None:
    world = World(part_size=1000)
    world.partner_center.script.next_upload(died(world), faults.error(400, "3000", "No."))
    world.drop(TWO)
    world.settle(timedelta(hours=1))
    assert world.job().internal.unanswered == (1, 2)
