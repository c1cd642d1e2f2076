"""A manifest that ended badly is restarted on request."""

from datetime import timedelta

import pytest

from local.stand_ins.partner_center import faults
from shared.commands.retry import retry
from shared.job.status_document import Job, State
from shared.workflow.ports import Stored
from tests.commands.screens import Screen
from tests.workflow.life.views import TWO
from tests.world import NAME, World


def rejected() -> tuple[World, Stored]:
    world = World()
    world.partner_center.script.next_upload(faults.error(404, "60003", "No such batch."))
    world.drop(TWO)
    world.settle()
    stored = world.storage.load(NAME)
    assert isinstance(stored, Stored)
    return world, stored


def test_a_restart_that_nobody_took_up_in_time_is_no_failure() -> None:
    world, stored = rejected()
    world.workflow.restart(stored)
    world.clock.advance(timedelta(days=30))
    world.settle()
    assert (world.job().state, world.job().attempts) == (State.COMPLETED, 1)


def test_what_has_moved_on_since_it_was_listed_is_left_alone() -> None:
    world, _ = rejected()
    listed = list(world.storage.listing())
    world.drop(TWO)
    world.step()
    assert world.job().state is State.ACCEPTED
    assert retry(listed, world.storage.load, world.workflow.restart, lambda _: True, Screen().terminal) == 0
    assert world.job().state is State.ACCEPTED


def test_a_restart_of_what_was_overwritten_meanwhile_takes_the_new_content() -> None:
    world, stored = rejected()
    world.storage.put(NAME, TWO)
    world.workflow.restart(stored)
    world.settle()
    job = world.job()
    assert (job.state, job.etag) == (State.COMPLETED, world.storage.blobs[NAME].etag)


def test_a_restart_that_is_slow_to_save_is_taken_up_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    world, stored = rejected()
    save = world.storage.save

    def slow(job: Job, version: str | None) -> Stored:
        monkeypatch.setattr(world.storage, "save", save)
        world.settle()
        assert world.queue.messages == []
        return save(job, version)

    monkeypatch.setattr(world.storage, "save", slow)
    world.workflow.restart(stored)
    world.settle()
    assert world.job().state is State.COMPLETED
