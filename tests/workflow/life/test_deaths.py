"""What kills the process in following ends the job, and not by doing again what it died of."""

from datetime import timedelta
from typing import Never

import pytest

from local.stand_ins.web import Proceed, Response
from shared.job.record import State
from tests.manifests import array, serials
from tests.workflow.life.views import TWO, rows
from tests.world import World

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


READINGS = ["shared.workflow.follow.reread", "shared.workflow.follow.judge", "shared.manifest.manifest.Source.rows"]


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
    # All that is missing, where the outcomes were known already, is what the rows say of the devices.
    assert crashed(world) or (job.state is State.COMPLETED and dying.endswith("rows"))
    assert [row["serialNumber"] for row in rows(world)] == ["", ""]
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
