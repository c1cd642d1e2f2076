"""What is down, throttled or out of reach is waited for, until it is given up."""

from copy import replace
from datetime import timedelta

from local.stand_ins.partner_center import faults
from local.stand_ins.web import Silence, unanswered
from shared.job.record import Fault, State
from shared.partner_center.tokens import SignInError
from tests.workflow.life.views import TWO, status_of_error, uploads
from tests.world import DELAYS, World


def test_a_throttle_is_waited_out_as_told() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(77))
    world.drop(TWO)
    world.step()
    job = world.job()
    assert job.state is State.WAITING
    assert job.next_attempt_at == world.clock.now + timedelta(seconds=77)
    assert job.error is not None
    assert job.error.http_status == 429
    assert not job.final
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.job().attempts == 2
    assert len(uploads(world)) == 2
    assert len(set(uploads(world))) == 1  # a throttle does not say that the part was not taken


def test_an_hours_outage_is_survived() -> None:
    world = World()
    world.partner_center.script.outage = faults.gateway_error(503)
    world.drop(TWO)
    world.settle(until=timedelta(hours=1))
    assert world.job().state is State.WAITING
    assert 5 <= world.job().attempts <= 12
    world.partner_center.script.outage = None
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.job().error is None


def test_a_timeout_is_not_retried_in_the_same_call() -> None:
    world = World()
    world.partner_center.script.next_upload(unanswered(Silence.TIMED_OUT))
    world.drop(TWO)
    world.step()
    assert len(uploads(world)) == 1
    assert world.job().state is State.WAITING
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(set(uploads(world))) == 1


def test_a_broken_connection_is_retried_at_once() -> None:
    world = World()
    world.partner_center.script.next_upload(unanswered(Silence.CLOSED))
    world.drop(TWO)
    world.step()
    assert world.job().state is State.ACCEPTED


def test_giving_up_comes_after_its_time() -> None:
    world = World()
    world.partner_center.script.outage = faults.gateway_error(500)
    world.drop(TWO)
    world.settle()
    job = world.job()
    assert job.state is State.FAILED
    assert job.updated_at - job.created_at == DELAYS.give_up
    assert job.error is not None
    assert job.error.http_status == 500
    assert job.devices.not_uploaded == 2


def test_no_token_waits() -> None:
    world = World()
    world.tokens.fault = SignInError(Fault(code="sign_in_failed", description="No identity."))
    world.drop(TWO)
    world.step()
    assert world.job().state is State.WAITING
    assert world.job().error == Fault(code="sign_in_failed", description="No identity.")
    world.tokens.fault = None
    world.settle()
    assert world.job().state is State.COMPLETED


def test_a_token_that_is_not_accepted_is_renewed_once() -> None:
    world = World(accepts_token=lambda token: token == "token 2")
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.tokens.renewals == 1
    assert world.job().attempts == 1
    assert len(set(uploads(world))) == 2


def test_a_token_that_is_never_accepted_waits() -> None:
    world = World(accepts_token=lambda _: False)
    world.drop(TWO)
    world.step()
    assert world.job().state is State.WAITING
    assert world.tokens.renewals == 1
    assert status_of_error(world) == 401


def test_a_manifest_that_cannot_be_read_waits() -> None:
    world = World()
    world.storage.read_fault = True
    world.drop(TWO)
    world.step()
    error = world.job().error
    assert world.job().state is State.WAITING
    assert error is not None
    assert error.code == "storage_unavailable"
    world.storage.read_fault = False
    world.settle()
    assert world.job().state is State.COMPLETED


def test_an_attempt_that_fails_after_the_time_to_give_up_is_the_last() -> None:
    world = World(delays=replace(DELAYS, give_up=timedelta(minutes=2)))
    world.drop(TWO)
    world.fuse.blow_at = (4, "before")
    world.step()
    assert world.job().state is State.PROCESSING
    world.partner_center.script.outage = faults.gateway_error(500)
    world.settle()
    assert world.job().state is State.FAILED
    assert world.job().attempts == 2
    assert status_of_error(world) == 500


def test_an_absurd_retry_after_is_waited_for_until_giving_up() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(999_999_999_999))
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.FAILED
    assert status_of_error(world) == 429
    assert len(uploads(world)) == 1


def test_a_part_that_was_accepted_ends_the_row_of_setbacks() -> None:
    world = World(part_size=1)
    throttled = faults.throttled()
    world.partner_center.script.next_upload(throttled, throttled, throttled, lambda proceed: proceed(), throttled)
    world.drop(TWO)
    world.settle()
    waits = [job.due and job.due - job.updated_at for job in world.storage.written if job.state is State.WAITING]
    assert waits == [timedelta(seconds=seconds) for seconds in (38, 60, 120, 38)]
