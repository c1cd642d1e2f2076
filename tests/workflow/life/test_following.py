"""What was accepted is followed until every device's outcome is known."""

from datetime import timedelta
from itertools import pairwise

import pytest
from requests.structures import CaseInsensitiveDict

from local.stand_ins.partner_center import faults
from local.stand_ins.web import Fault as WebFault
from local.stand_ins.web import Proceed, Response, instead
from shared.job.status_document import Fault, State
from shared.partner_center.token_protocol import SignInError
from shared.workflow.queue_messages import WakeUp
from shared.workflow.waiting_line import Call
from tests.manifests import array, serials
from tests.workflow.forgeries import touch
from tests.workflow.life.views import TWO, down_for_days, rows, status_of_error, uploads
from tests.world import CUSTOMER, DELAYS, NAME, World


@pytest.mark.parametrize(
    "fault",
    [
        faults.absolute_location("https://elsewhere.example/v1"),
        faults.location_in_body("location"),
        faults.location_in_body("links"),
    ],
)
def test_any_location_is_followed_on_the_configured_host(fault: WebFault) -> None:
    world = World()
    world.partner_center.script.next_upload(fault)
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(world.partner_center.calls) == 2


def test_polling_slows_down_and_gives_up() -> None:
    world = World()
    world.partner_center.script.processing_for = timedelta(days=9)
    world.drop(TWO)
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.error is not None
    assert job.devices.not_reported == 2
    asked = [call.at for call in world.partner_center.calls[1:]]
    gaps = [later - earlier for earlier, later in pairwise(asked)]
    assert gaps[:4] == [timedelta(seconds=60 * 2**times) for times in range(4)]
    assert max(gaps) == timedelta(minutes=10)
    assert asked[-1] == job.updated_at == job.uploads[0].accepted_at + DELAYS.give_up


def test_following_ends_by_the_last_acceptance() -> None:
    world = World(part_size=1)
    world.partner_center.script.processing_for = timedelta(days=9)
    world.partner_center.script.next_upload(lambda proceed: proceed(), faults.throttled(86_400))
    world.drop(TWO)
    world.settle()
    first, last = world.job().uploads
    assert last.accepted_at - first.accepted_at == timedelta(days=1)
    assert world.job().updated_at == last.accepted_at + DELAYS.give_up


def test_giving_up_tells_the_fault_that_came_last() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.partner_center.script.outage = faults.gateway_error(504)
    world.settle()
    assert (world.job().state, status_of_error(world)) == (State.COMPLETED_WITH_ERRORS, 504)


def test_giving_up_does_not_hide_why_the_rest_was_not_sent() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_upload(lambda proceed: proceed(), faults.error(400, "3000", "No."))
    world.drop(TWO)
    world.step()
    world.partner_center.script.outage = faults.gateway_error(504)
    world.settle()
    assert status_of_error(world) == 400
    assert [row["outcome"] for row in rows(world)] == ["not_reported", "not_uploaded"]


def test_a_poll_that_fails_leaves_the_job_accepted() -> None:
    world = World()
    world.partner_center.script.next_poll(faults.throttled(90), faults.error(404, "1000", "Not found."))
    world.drop(TWO)
    world.step()
    world.clock.advance(timedelta(seconds=30))
    world.step()
    job = world.job()
    assert job.state is State.ACCEPTED
    assert job.error is not None
    assert job.next_attempt_at == world.clock.now + timedelta(seconds=90)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.job().error is None


def polls(world: World) -> list[str]:
    """The uploads that were asked after, in order."""
    return [call.request.path for call in world.partner_center.calls if call.request.method == "GET"]


def ask_now(world: World) -> None:
    """Let the next round of asking come when it is due."""
    due = world.job().due
    assert due is not None
    world.clock.now = due
    world.workflow.advance(WakeUp(NAME, due))


def test_a_throttle_at_poll_63_of_100_does_not_start_again_at_1() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_poll(*[lambda proceed: proceed()] * 62, faults.throttled(60))
    world.drop(array(serials(100)))
    world.step()
    ask_now(world)
    assert len(polls(world)) == 63
    assert world.job().devices.registered == 62
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(polls(world)) == 101
    assert len(set(polls(world))) == 100


def test_each_judgement_is_kept_before_the_next_upload_is_asked_after() -> None:
    world = World(part_size=1)
    world.drop(array(serials(4)))
    world.step()
    kept: list[int | None] = []

    def look(proceed: Proceed) -> Response:
        kept.append(world.job().devices.registered)
        return proceed()

    world.partner_center.script.next_poll(*[look] * 4)
    ask_now(world)
    assert kept == [0, 1, 2, 3]


def test_a_due_poll_reads_the_manifest_only_for_the_results() -> None:
    world = World()
    world.partner_center.script.processing_for = timedelta(minutes=1)
    world.drop(TWO)
    world.step()
    world.fuse.operations.clear()
    ask_now(world)
    assert [operation.split()[0] for operation in world.fuse.operations] == ["load", "GET", "save", "send"]
    world.fuse.operations.clear()
    ask_now(world)
    assert [operation.split()[0] for operation in world.fuse.operations] == [
        "load", "GET", "open", "save", "write", "save",
    ]  # fmt: skip
    assert world.job().state is State.COMPLETED


def test_a_scan_between_two_polls_restarts_nothing_and_its_etag_is_recorded() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    touch(world)
    ask_now(world)
    job = world.job()
    assert (job.state, job.etag, job.previous) == (State.COMPLETED, world.storage.blobs[NAME].etag, None)
    assert (len(polls(world)), len(uploads(world))) == (2, 1)


def test_a_fault_ends_the_round_and_the_other_uploads_are_left_alone() -> None:
    world = World(part_size=1)
    world.drop(array(serials(3)))
    world.step()
    world.partner_center.script.next_poll(faults.throttled(90))
    ask_now(world)
    assert len(polls(world)) == 1
    world.tokens.fault = SignInError(Fault(code="sign_in_failed", description="No identity."))
    asked = world.tokens.asked
    ask_now(world)
    assert world.tokens.asked == asked + 1


def test_a_success_may_tell_how_long_to_wait() -> None:
    world = World()
    world.partner_center.script.processing_for = timedelta(hours=1)
    world.drop(TWO)
    world.step()

    def come_back_in_an_hour(proceed: Proceed) -> Response:
        answer = proceed()
        answer.headers["Retry-After"] = "3600"
        return answer

    world.partner_center.script.next_poll(come_back_in_an_hour)
    ask_now(world)
    assert world.job().next_attempt_at == world.clock.now + timedelta(hours=1)


@pytest.mark.parametrize("hours", [3, 7])
def test_no_poll_comes_sooner_than_a_success_asks_to_wait_until_giving_up(hours: int) -> None:
    world = World()
    world.partner_center.script.processing_for = timedelta(days=9)

    def come_back_later(proceed: Proceed) -> Response:
        answer = proceed()
        answer.headers["Retry-After"] = str(hours * 3600)
        return answer

    world.partner_center.script.next_poll(*[come_back_later] * 50)
    world.drop(TWO)
    world.settle()
    polls = [call.at for call in world.partner_center.calls if call.request.method == "GET"]
    assert min(later - sooner for sooner, later in pairwise(polls)) >= timedelta(hours=hours)
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    ended = world.job().updated_at - world.job().uploads[0].accepted_at
    assert ended <= world.delays.give_up + world.delays.longest_poll


@pytest.mark.parametrize("status", [401, 404, 503])
def test_a_round_ends_with_who_says_how_long_to_wait(status: int) -> None:
    world = World(part_size=1)
    world.partner_center.script.next_poll(instead(Response(status, CaseInsensitiveDict({"Retry-After": "600"}), b"{}")))
    world.drop(TWO)
    world.settle()
    first, second = [call.at for call in world.partner_center.calls if call.request.method == "GET"][:2]
    assert second - first >= timedelta(seconds=600)
    assert world.job().state is State.COMPLETED


def test_a_fault_is_reported_until_it_is_over() -> None:
    world = World()
    world.partner_center.script.processing_for = timedelta(hours=1)
    world.partner_center.script.next_upload(faults.gateway_error(503))
    world.partner_center.script.next_poll(faults.gateway_error(502))
    world.drop(TWO)
    world.step()
    assert (world.job().state, status_of_error(world)) == (State.WAITING, 503)
    ask_now(world)
    assert (world.job().state, world.job().error) == (State.ACCEPTED, None)
    ask_now(world)
    assert (world.job().state, status_of_error(world)) == (State.ACCEPTED, 502)
    ask_now(world)
    assert (world.job().state, world.job().error) == (State.ACCEPTED, None)


def test_a_poll_without_a_token_comes_again() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.tokens.fault = SignInError(Fault(code="sign_in_failed", description="No identity."))
    world.clock.advance(timedelta(seconds=30))
    world.step()
    assert world.job().state is State.ACCEPTED
    assert world.job().error == world.tokens.fault.fault
    world.tokens.fault = None
    world.settle()
    assert world.job().state is State.COMPLETED


def test_a_poll_renews_a_token_once() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.accepts_token = lambda token: token == "token 2"
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.tokens.renewals == 1


def test_a_poll_with_a_new_token_takes_a_turn_of_its_own() -> None:
    world = World()
    world.drop(TWO)
    world.step()

    def closed_meanwhile(proceed: Proceed) -> Response:
        del proceed
        world.services.pacing.throttled(Call.PROGRESS, CUSTOMER, timedelta(minutes=1))
        return Response(401)

    world.partner_center.script.next_poll(closed_meanwhile)
    world.settle()
    first, second = [call.at for call in world.partner_center.calls if call.request.method == "GET"]
    assert second - first >= timedelta(minutes=1)
    assert world.job().state is State.COMPLETED


def test_a_limit_that_falls_after_acceptance_does_not_end_the_following() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.manifest_bytes = 10
    world.start_process()
    world.settle()
    assert world.job().state is State.COMPLETED


def test_a_manifest_that_stays_unreadable_does_not_keep_the_job_for_ever() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.storage.read_fault = True
    world.settle()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    assert world.job().updated_at - world.job().uploads[0].accepted_at < DELAYS.give_up + timedelta(hours=1)
    assert [row["outcome"] for row in rows(world)] == ["not_reported"] * 2
    assert world.queue.messages == []


def test_a_poll_asked_to_wait_beyond_the_end_is_not_sent_again() -> None:
    world = World()
    world.partner_center.script.next_poll(down_for_days)
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    assert len(world.partner_center.calls) == 2
