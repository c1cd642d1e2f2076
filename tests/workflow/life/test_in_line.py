"""Who comes to a closed door, or to a line, waits for a turn without a call."""

import json
import logging
from copy import replace
from datetime import datetime, timedelta

import pytest

from local.stand_ins.partner_center import faults
from shared.job.status_document import Job, State
from shared.workflow.queue_messages import WakeUp
from shared.workflow.waiting_line import Call
from tests.manifests import array, serials
from tests.workflow.life.views import TWO, down_for_days, uploads
from tests.world import CUSTOMER, DELAYS, NAME, World

OTHER = f"{CUSTOMER}/Test/other.json"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def code_of(job: Job) -> str | None:
    return job.error.code if job.error else None


def closed_door(seconds: int = 60) -> World:
    """A world in which one manifest has been throttled and another lands."""
    world = World()
    world.partner_center.script.next_upload(faults.throttled(seconds))
    world.drop(TWO)
    world.step()
    world.drop(array(serials(1, start=50)), OTHER)
    world.step()
    return world


def test_who_lands_before_a_closed_door_waits_without_a_call() -> None:
    world = closed_door()
    job = world.job(OTHER)
    assert job.state is State.WAITING
    assert code_of(job) == "rate_limited"
    assert job.attempts == 0
    assert job.internal.setbacks == 0
    assert job.next_attempt_at is not None
    assert world.clock.now + MINUTE <= job.next_attempt_at < world.clock.now + 2 * MINUTE
    assert "the turn is expected at 2026-11-22T16:01" in job.message
    assert len(uploads(world)) == 1


def test_its_next_execution_is_at_its_turn() -> None:
    world = closed_door()
    turn = world.job(OTHER).next_attempt_at
    assert [message.visible_at for message in world.queue.messages if OTHER in message.text] == [turn]
    world.settle()
    assert world.job(OTHER).state is State.COMPLETED
    assert world.job(OTHER).attempts == 1
    assert world.job().state is State.COMPLETED
    assert len(uploads(world)) == 3


def test_who_ends_without_an_upload_takes_no_place_for_a_poll() -> None:
    world = closed_door()
    world.clock.advance(100 * SECOND)

    def place(api: Call) -> datetime:
        return world.services.pacing.place(api, CUSTOMER, world.clock.now)

    # The line ends after what a first poll waits anyway, and before what the manifest has waited.
    while place(Call.UPLOAD) < world.clock.now + MINUTE:
        pass
    first, second = place(Call.PROGRESS), place(Call.PROGRESS)
    del world.storage.blobs[OTHER]
    world.workflow.advance(WakeUp(OTHER))
    assert world.job(OTHER).state is State.FAILED
    assert second < place(Call.PROGRESS) <= second + 1.5 * (second - first)


def test_an_invalid_manifest_is_rejected_whatever_line_there_is() -> None:
    world = closed_door()
    world.drop(b"{", f"{CUSTOMER}/Test/broken.json")
    world.step()
    assert world.job(f"{CUSTOMER}/Test/broken.json").state is State.REJECTED


def test_who_comes_at_its_turn_and_finds_the_door_closed_again_takes_another_place() -> None:
    world = closed_door()
    first = world.job(OTHER).next_attempt_at
    assert first is not None
    world.clock.now = first
    world.services.pacing.throttled(Call.UPLOAD, CUSTOMER, 2 * MINUTE)
    saves = len(world.storage.written)
    world.workflow.advance(WakeUp(OTHER, first))
    job = world.job(OTHER)
    assert job.next_attempt_at is not None
    assert job.next_attempt_at > first
    assert (job.attempts, job.internal.places) == (0, 2)
    assert len(world.storage.written) == saves + 1, "standing in line costs no claim"
    world.settle()
    assert world.job(OTHER).state is State.COMPLETED


def test_polls_wait_for_their_turn_and_stay_accepted() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.partner_center.script.next_poll(faults.throttled(60))
    world.drop(array(serials(1, start=50)), OTHER)
    world.step()
    world.clock.advance(MINUTE / 2)
    world.step()
    assert world.job().error is not None
    calls = len(world.partner_center.calls)
    world.step()
    job = world.job(OTHER)
    assert job.state is State.ACCEPTED
    assert code_of(job) == "rate_limited"
    assert job.message.startswith("Partner Center accepted 1 device and is registering it. Partner Center limits")
    assert job.internal.polls == 0
    assert len(world.partner_center.calls) == calls
    world.settle()
    assert {world.job().state, world.job(OTHER).state} == {State.COMPLETED}
    assert world.job(OTHER).error is None


@pytest.mark.parametrize("call", ["next_upload", "next_poll"])
def test_time_in_line_does_not_count_towards_giving_up(call: str) -> None:
    world = World(delays=replace(DELAYS, give_up=MINUTE))
    getattr(world.partner_center.script, call)(faults.throttled(85), faults.throttled(85))
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.job().updated_at - world.job().created_at > 2 * MINUTE


def test_a_first_poll_behind_a_line_does_not_count_towards_giving_up() -> None:
    world = World(delays=replace(DELAYS, give_up=MINUTE * 0.75))
    world.partner_center.script.next_poll(faults.throttled(60))
    world.drop(TWO)
    world.step()
    world.clock.advance(MINUTE / 2)
    world.step()
    world.partner_center.script.processing_for = MINUTE * 1.1
    world.drop(array(serials(1, start=50)), OTHER)
    world.settle()
    assert world.job(OTHER).state is State.COMPLETED


def test_what_is_no_throttle_counts_as_ever() -> None:
    world = World(delays=replace(DELAYS, give_up=MINUTE))
    world.partner_center.script.next_upload(faults.throttled(85))
    world.partner_center.script.outage = down_for_days
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.FAILED
    assert world.job().updated_at - world.job().created_at < 4 * MINUTE


@pytest.mark.parametrize("accepted", [False, True])
def test_after_14_days_of_throttles_a_job_ends(*, accepted: bool) -> None:
    world = World()
    script = world.partner_center.script
    (script.next_poll if accepted else script.next_upload)(*[faults.throttled(86_400)] * 40)
    world.drop(TWO)
    world.settle(until=timedelta(days=60))
    job = world.job()
    assert job.state is (State.COMPLETED_WITH_ERRORS if accepted else State.FAILED)
    assert code_of(job) == "throttled"
    assert timedelta(days=13) < job.updated_at - job.created_at < timedelta(days=17)


def test_the_log_says_who_waits_and_what_was_learnt(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    closed_door()
    events = {record.message.split()[0]: record for record in caplog.records}
    limited, throttled = (
        json.loads(events[name].message.split(maxsplit=1)[1]) for name in ("rate_limited", "throttled")
    )
    assert events["throttled"].levelno == logging.WARNING
    assert throttled.keys() == {"manifest", "scope", "retry_after", "rate"}
    assert (throttled["scope"], throttled["retry_after"]) == ("customer", 60)
    assert events["rate_limited"].levelno == logging.INFO
    assert limited.keys() == {"manifest", "until", "line_seconds"}
    assert limited["manifest"] == OTHER
    assert limited["line_seconds"] == 60
    assert throttled["manifest"] == NAME


@pytest.mark.parametrize("retry_after", [1, 6, 60])
def test_a_lone_manifest_that_is_throttled_once_is_late_by_little_more_than_its_retry_after(retry_after: int) -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(retry_after))
    begun = world.clock.now
    world.drop(TWO)
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED
    assert job.uploads[0].accepted_at == begun + timedelta(seconds=retry_after)
    assert job.updated_at <= job.uploads[0].accepted_at + DELAYS.first_poll + timedelta(seconds=10)


def test_a_retry_after_of_a_year_keeps_others_away_for_a_day() -> None:
    world = World()
    script = world.partner_center.script
    year = 365 * 24 * 60 * MINUTE
    script.next_upload(faults.throttled(int(year.total_seconds())))
    world.drop(TWO)
    world.step()
    world.clock.advance(2 * MINUTE)
    # The word of a second answer is believed.
    script.next_upload(faults.throttled(int(year.total_seconds())))
    world.drop(array(serials(1, start=40)), f"{CUSTOMER}/Test/second.json")
    world.step()
    world.drop(array(serials(1, start=50)), OTHER)
    world.step()
    for _ in range(4 * 26):
        world.sweep.run()
        while world.step():
            pass
        world.clock.advance(15 * MINUTE)
    assert world.job(OTHER).state is State.COMPLETED
    assert world.job().next_attempt_at == world.job().created_at + 14 * 24 * 60 * MINUTE
