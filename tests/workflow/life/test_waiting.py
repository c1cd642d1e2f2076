"""What is down, throttled or out of reach is waited for, until it is given up."""

from copy import replace
from datetime import datetime, timedelta

import pytest
from requests.structures import CaseInsensitiveDict

from local.stand_ins.partner_center import Operation, SignIn, faults
from local.stand_ins.web import Fault as WebFault
from local.stand_ins.web import Proceed, Response, Silence, instead, no_fault, unanswered
from shared.job.status_document import Fault, State
from shared.partner_center.token_protocol import SignInError
from shared.workflow.outage import MANY
from tests.workflow.life.views import TWO, status_of_error, uploads
from tests.world import CUSTOMER, DELAYS, World


def test_a_throttle_is_waited_out() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(77))
    world.drop(TWO)
    world.step()
    job = world.job()
    assert job.state is State.WAITING
    assert job.next_attempt_at == world.clock.now + timedelta(seconds=77)
    assert job.error is not None
    assert job.error.http_status == 429
    assert "Partner Center limits the rate of requests. It is tried again at" in job.message
    assert not job.final
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.job().attempts == 2
    assert len(uploads(world)) == 2
    assert len(set(uploads(world))) == 1  # a throttle does not say that the part was not taken


def busy(status: int) -> WebFault:
    return instead(
        Response(status, CaseInsensitiveDict({"Retry-After": "600"}), b'{"code": "1", "description": "No."}')
    )


def posts(world: World) -> list[datetime]:
    return [call.at for call in world.partner_center.calls if call.request.method == "POST"]


@pytest.mark.parametrize("status", [401, 403, 408, 413, 429, 500, 503])
def test_every_answer_that_says_how_long_to_wait_is_obeyed(status: int) -> None:
    world = World()
    world.partner_center.script.next_upload(busy(status))
    world.drop(TWO)
    world.settle()
    first, second = posts(world)[:2]
    assert second - first >= timedelta(seconds=600)
    assert world.job().state is State.COMPLETED
    assert world.accepted() == {"S000001": 1, "S000002": 1}


def test_a_missing_batch_is_created_only_when_the_wait_is_over() -> None:
    world = World(customers={CUSTOMER: []}, create_missing_batch=True, access=SignIn.APP_AND_USER)
    world.partner_center.script.next_upload(busy(404))
    world.partner_center.script.next_call(Operation.CREATE_BATCH, busy(409))
    world.drop(TWO)
    world.settle(timedelta(minutes=11))
    world.partner_center.add_batch(CUSTOMER, "Test")
    world.settle()
    first, second, third = posts(world)
    assert min(second - first, third - second) >= timedelta(seconds=600)
    assert world.job().state is State.COMPLETED


def test_names_of_batches_are_not_asked_for_by_who_is_to_wait() -> None:
    world = World()
    world.partner_center.script.next_upload(busy(404))
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.REJECTED
    assert len(world.partner_center.calls) == 1


ANSWERS: dict[str, list[WebFault]] = {
    "the last part's": [no_fault],
    "the first part's": [],
    "the first part's, and the second is refused": [faults.error(400, "3000", "No.")],
    "the first part's, and another attempt posts the second": [faults.throttled(60)],
}
"""What follows, or precedes, an acceptance with a ``Retry-After``."""


@pytest.mark.parametrize("whose", ANSWERS)
@pytest.mark.parametrize(("seconds", "wait"), [("600", timedelta(minutes=10)), ("99999999", DELAYS.give_up)])
def test_no_poll_comes_sooner_than_any_acceptance_asks_for(seconds: str, wait: timedelta, whose: str) -> None:
    def later(proceed: Proceed) -> Response:
        answer = proceed()
        answer.headers["Retry-After"] = seconds
        return answer

    world = World(part_size=1)
    is_last = whose.startswith("the last")
    world.partner_center.script.next_upload(*ANSWERS[whose] * is_last, later, *ANSWERS[whose] * (not is_last))
    world.drop(TWO)
    world.settle(timedelta(minutes=2))
    job = world.job()
    assert job.state is State.ACCEPTED
    assert job.next_attempt_at is not None
    assert wait <= job.next_attempt_at - job.uploads[0].accepted_at <= wait + timedelta(minutes=1)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_gateway_that_gives_up_on_what_was_taken_has_it_taken_once(status: int) -> None:
    def gives_up(proceed: Proceed) -> Response:
        proceed()
        return faults.gateway_error(status)(proceed)

    world = World()
    world.partner_center.script.next_upload(gives_up, gives_up)
    world.drop(TWO)
    world.settle()
    assert world.accepted() == {"S000001": 1, "S000002": 1}
    assert (len(uploads(world)), len(set(uploads(world)))) == (3, 1)


def test_a_no_of_partner_center_itself_gets_a_new_request_id() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.error(500, "800003", "Server error."))
    world.drop(TWO)
    world.settle()
    assert len(set(uploads(world))) == 2


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


def test_an_absurd_throttle_is_waited_for_for_14_days() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(999_999_999_999))
    world.drop(TWO)
    world.settle(until=timedelta(days=20))
    job = world.job()
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code == "throttled"
    assert job.updated_at - job.created_at == timedelta(days=14)
    assert len(uploads(world)) == 1


def test_a_part_that_was_accepted_ends_the_row_of_setbacks() -> None:
    world = World(part_size=1)
    throttled = faults.throttled()
    world.partner_center.script.next_upload(throttled, throttled, throttled, lambda proceed: proceed(), throttled)
    world.drop(TWO)
    world.settle()
    waits = [job.due and job.due - job.updated_at for job in world.storage.written if job.state is State.WAITING]
    assert waits == [timedelta(seconds=seconds) for seconds in (38, 60, 120, 38)]


@pytest.mark.parametrize("cause", ["storage", "Partner Center"])
def test_only_an_outage_of_what_is_called_lengthens_the_wait_of_all_who_meet_it(cause: str) -> None:
    world = World()
    world.storage.read_fault = cause == "storage"
    world.partner_center.script.outage = None if world.storage.read_fault else faults.gateway_error(503)
    for number in range(MANY):
        world.drop(TWO, f"{CUSTOMER}/Test/{number}.json")
    world.settle(timedelta(minutes=10))
    world.clock.advance(timedelta(minutes=10))
    world.storage.read_fault = False
    world.partner_center.script.next_upload(faults.gateway_error(503))
    # An event comes before the wake-ups that are due.
    world.drop(TWO)
    world.step()
    due = world.job().due
    assert due is not None
    wait = due - world.clock.now
    assert wait < timedelta(minutes=1) if cause == "storage" else wait == 2 * DELAYS.longest_retry
