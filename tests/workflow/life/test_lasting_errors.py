"""Partner Center answers with the same words again and again: the job goes on trying, and says that it is in vain."""

from datetime import timedelta

import pytest

from local.stand_ins.partner_center import faults
from local.stand_ins.web import Fault
from shared.job.lasting_errors import REMARK
from shared.job.status_document import Job, State
from tests.manifests import array, serials
from tests.world import World

FIXED = faults.error(500, "InternalServerError", "Sequence contains no matching element")
WORDS = "Sequence contains no matching element."


def job_after(*answers: Fault) -> Job:
    """Return the job once an upload has been answered so, and before the next one."""
    world = World()
    world.partner_center.script.next_upload(*answers)
    world.drop(array(serials(1)))
    while len(world.partner_center.calls) < len(answers):
        world.settle(until=timedelta(0))
        world.clock.now += timedelta(seconds=30)
    return world.job()


def description(job: Job) -> str:
    assert job.state is State.WAITING
    assert job.error is not None
    return job.error.description


def test_the_tenth_answer_of_the_same_words_says_that_it_will_not_pass() -> None:
    assert description(job_after(*[FIXED] * 9)) == WORDS
    tenth = job_after(*[FIXED] * 10)
    assert description(tenth) == f"{WORDS} {REMARK}"
    assert REMARK in tenth.message
    assert "It is tried again at" in tenth.message
    assert description(job_after(*[FIXED] * 12)) == f"{WORDS} {REMARK}"


@pytest.mark.parametrize(
    "other",
    [
        faults.gateway_error(503),
        faults.throttled(),
        faults.error(500, "InternalServerError", "Another."),
        faults.error(500, "800003", "Sequence contains no matching element"),
    ],
)
def test_another_answer_in_between_begins_the_count_again(other: Fault) -> None:
    assert description(job_after(*[FIXED] * 6, other, *[FIXED] * 6)) == WORDS


def test_an_outage_behind_a_gateway_may_pass_however_long_it_lasts() -> None:
    assert REMARK not in description(job_after(*[faults.gateway_error(502)] * 12))


def test_a_job_that_gives_up_says_it_too() -> None:
    world = World()
    world.partner_center.script.outage = FIXED
    world.drop(array(serials(1)))
    world.settle()
    job = world.job()
    assert job.state is State.FAILED
    assert job.updated_at - job.created_at >= world.delays.give_up
    assert job.error is not None
    assert job.error.description == f"{WORDS} {REMARK}"


def test_polls_that_fail_so_say_it_and_the_job_is_followed_on() -> None:
    world = World()
    world.partner_center.script.next_poll(*[FIXED] * 10)
    world.drop(array(serials(1)))
    world.settle(until=timedelta(0))
    said = []
    while not world.job().final:
        world.clock.now += timedelta(seconds=30)
        world.settle(until=timedelta(0))
        if error := world.job().error:
            said.append(error.description)
    assert said[-1] == f"{WORDS} {REMARK}"
    assert world.job().state is State.COMPLETED
