"""Somebody always comes when it is time, and only then."""

import pytest

from shared.job import Job, State
from shared.names import status_of
from shared.services import ConflictError, Stored
from shared.wake_up import WakeUp
from tests.life.views import TWO
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
    assert WakeUp(NAME, world.clock.now + DELAYS.first_retry) in world.queue.wake_ups()
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
