"""Whole lives of jobs in a world in memory, where days pass in no time."""

import csv
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from itertools import pairwise

import pytest

from local.partner_center import Outcome, faults
from local.web import Fault as WebFault
from local.web import Proceed, Response, Silence, answer_lost, unanswered
from shared.job import Fault, Job, State
from shared.names import status_of
from shared.services import ConflictError, SignInError, Stored
from shared.wake_up import WakeUp
from tests.manifests import array, serials
from tests.world import CUSTOMER, DELAYS, NAME, World

TWO = array(serials(2))


def rows(world: World, name: str = NAME) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(world.results(name))))


def uploads(world: World) -> list[str]:
    return [
        call.headers["MS-RequestId"] for call in world.partner_center.calls if call.request.path.endswith("/devices")
    ]


def status_of_error(world: World) -> int | None:
    error = world.job().error
    assert error is not None
    return error.http_status


def test_a_manifest_lives_to_completed() -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED
    assert job.final
    assert job.location == job.uploads[0].location
    assert job.devices.registered == job.device_count == 2
    assert job.error is None
    assert job.lease is None
    assert job.results == f"{NAME}.results.csv"
    assert [row["outcome"] for row in rows(world)] == ["registered"] * 2
    assert [job.state for job in world.storage.written] == ["processing", "accepted", "completed"]


def test_the_same_event_20_times_uploads_once() -> None:
    world = World()
    world.drop(TWO)
    for _ in range(19):
        world.events.append((NAME, 0))
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(uploads(world)) == 1


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


def test_a_lost_answer_is_asked_for_with_the_same_request_id() -> None:
    world = World()
    world.partner_center.script.next_upload(*[answer_lost(Silence.CLOSED)] * 3)
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(uploads(world)) == 4
    assert len(set(uploads(world))) == 1
    assert world.accepted() == {"S000001": 1, "S000002": 1}


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


def test_2500_devices_go_in_three_parts() -> None:
    world = World()
    world.drop(array(serials(2500)))
    world.settle()
    job = world.job()
    assert [(upload.first_device, upload.device_count) for upload in job.uploads] == [
        (1, 1000),
        (1001, 1000),
        (2001, 500),
    ]
    assert job.state is State.COMPLETED
    assert set(world.accepted().values()) == {1}
    assert len(rows(world)) == 2500


def test_a_refused_part_stops_the_sending_but_not_the_following() -> None:
    world = World(part_size=2)
    world.partner_center.script.next_upload(lambda proceed: proceed(), faults.error(400, "3000", "Bad model."))
    world.drop(array(serials(5)))
    world.step()
    assert world.job().state is State.ACCEPTED
    assert world.job().devices.not_uploaded == 3
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.error is not None
    assert job.error.description == "Bad model."
    assert [row["outcome"] for row in rows(world)] == ["registered"] * 2 + ["not_uploaded"] * 3


def test_too_large_parts_are_halved_down_to_one() -> None:
    world = World(part_size=8)
    world.partner_center.script.max_devices = 3
    world.drop(array(serials(8)))
    world.settle()
    assert world.job().state is State.COMPLETED
    assert [upload.device_count for upload in world.job().uploads] == [2, 2, 2, 2]


def test_one_device_that_is_too_large_is_rejected() -> None:
    world = World(part_size=2)
    world.partner_center.script.max_devices = 0
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.REJECTED
    assert status_of_error(world) == 413


@pytest.mark.parametrize(
    ("status", "code"), [(400, "3000"), (403, "20002"), (404, "60003"), (405, None), (409, None), (422, None)]
)
def test_a_refusal_rejects_with_its_evidence(status: int, code: str | None) -> None:
    world = World()
    world.partner_center.script.next_upload(faults.error(status, code or "", "No."))
    world.drop(TWO)
    world.settle()
    job = world.job()
    assert job.state is State.REJECTED
    assert job.error is not None
    assert job.error.http_status == status
    assert job.error.description.startswith("No.")
    assert job.error.request_id
    assert job.error.correlation_id
    assert job.error.server_correlation
    assert job.devices.not_uploaded == 2


def test_an_unknown_batch_is_rejected() -> None:
    world = World(customers={CUSTOMER: ["Else"]})
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.REJECTED
    assert world.job().error is not None


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


def test_a_success_without_location_is_asked_again_with_the_same_id() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.no_location)
    world.drop(TWO)
    world.step()
    assert world.job().state is State.WAITING
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(set(uploads(world))) == 1


def test_failed_devices_are_told_with_what_to_do() -> None:
    world = World()
    world.partner_center.script.device_ends("S000002", Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    world.partner_center.script.device_ends("S000003", Outcome("806", "ZtdDeviceAlreadyAssigned"))
    world.drop(array(serials(3)))
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert (job.devices.registered, job.devices.already_registered, job.devices.failed) == (1, 1, 1)
    told = rows(world)
    assert [row["outcome"] for row in told] == ["registered", "failed", "already_registered"]
    assert told[1]["errorCode"] == "808"
    assert "release it" in told[1]["action"]
    assert told[1]["matchedBy"] == "serialNumber"


def test_devices_missing_from_the_answer_are_not_reported() -> None:
    world = World()
    world.partner_center.script.device_ends("S000001", Outcome(reported=False))
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    assert world.job().devices.not_reported == 1
    assert [row["outcome"] for row in rows(world)] == ["not_reported", "registered"]


def test_polling_slows_down_and_gives_up() -> None:
    world = World()
    world.partner_center.script.processing_for = timedelta(days=9)
    world.drop(TWO)
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.error is not None
    assert job.devices.not_reported == 2
    polls = [call.at for call in world.partner_center.calls[1:]]
    gaps = [later - earlier for earlier, later in pairwise(polls)]
    assert gaps[:4] == [timedelta(seconds=60 * 2**times) for times in range(4)]
    assert max(gaps) == timedelta(minutes=10)
    assert job.updated_at - job.uploads[0].accepted_at == DELAYS.give_up


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


def test_a_throttle_between_polls_keeps_what_was_judged() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_poll(*[lambda proceed: proceed()] * 3, faults.throttled(60))
    world.drop(array(serials(6)))
    world.settle()
    assert world.job().state is State.COMPLETED
    polls = [call for call in world.partner_center.calls if call.request.method == "GET"]
    assert len(polls) == 7


def test_an_overwrite_starts_anew_and_remembers() -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    first = world.job()
    world.drop(array(serials(3)))
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED
    assert job.device_count == 3
    assert job.devices.already_registered == 2
    assert job.previous is not None
    assert job.previous.etag == first.etag
    assert job.previous.uploads == first.uploads


def test_an_overwrite_under_a_live_lease_is_not_lost() -> None:
    world = World()
    world.drop(TWO)

    def overwritten(proceed: Proceed) -> Response:
        world.storage.put(NAME, array(serials(3)))
        world.workflow.advance(NAME)
        return proceed()

    world.partner_center.script.next_upload(overwritten)
    world.settle()
    assert world.job().device_count == 3
    assert world.job().state is State.COMPLETED
    assert world.job().previous is not None


def test_an_overwrite_between_parts_stops_the_old_content() -> None:
    world = World(part_size=1)

    def overwritten(proceed: Proceed) -> Response:
        world.storage.put(NAME, array(serials(2, start=50)))
        return proceed()

    world.partner_center.script.next_upload(overwritten)
    world.drop(array(serials(3)))
    world.settle()
    assert world.accepted() == {"S000001": 1, "S000050": 1, "S000051": 1}
    previous = world.job().previous
    assert previous is not None
    assert [upload.device_count for upload in previous.uploads] == [1]


def test_a_deletion_before_sending_cancels() -> None:
    world = World()
    world.partner_center.script.outage = faults.throttled(60)
    world.drop(TWO)
    world.step()
    del world.storage.blobs[NAME]
    world.settle()
    job = world.job()
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code == "manifest_gone"


def test_a_deletion_between_parts_cancels_the_rest() -> None:
    world = World(part_size=1)

    def deleted(proceed: Proceed) -> Response:
        del world.storage.blobs[NAME]
        return proceed()

    world.partner_center.script.next_upload(deleted)
    world.drop(array(serials(3)))
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.devices.registered == 1
    assert job.devices.not_uploaded == 2
    assert [row["outcome"] for row in rows(world)] == ["registered", "not_uploaded", "not_uploaded"]


def test_an_event_for_a_blob_that_is_gone_leaves_nothing() -> None:
    world = World()
    world.drop(TWO)
    del world.storage.blobs[NAME]
    world.settle()
    assert world.storage.blobs == {}


@pytest.mark.parametrize("name", [f"{NAME}.status.json", f"{NAME}.results.csv", "x" * 1013])
def test_what_is_no_manifest_gets_no_status(name: str) -> None:
    world = World()
    world.drop(b"[]", name)
    world.settle()
    assert status_of(name) not in world.storage.blobs


def test_a_directory_marker_is_no_manifest() -> None:
    world = World()
    world.storage.put("a/b", b"", {"hdi_isfolder": "true"})
    world.workflow.advance("a/b")
    assert list(world.storage.blobs) == ["a/b"]


def test_a_manifest_deleted_just_before_it_is_read_again_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(60))
    world.drop(TWO)
    world.step()
    etag = world.storage.blobs.pop(NAME).etag
    monkeypatch.setattr(world.storage, "etag", lambda _: etag)
    world.clock.advance(timedelta(minutes=1))
    world.step()
    assert world.job().state is State.FAILED
    assert world.job().attempts == 2


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


def test_nothing_is_sent_under_a_lease_that_the_call_could_outlast() -> None:
    world = World(delays=replace(DELAYS, lease=timedelta(minutes=1)))
    world.drop(TWO)
    world.settle()
    processing = [job for job in world.storage.written if job.state is State.PROCESSING]
    assert len(processing) == 2
    assert processing[1].devices.pending == 2


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


def test_results_that_cannot_be_made_now_are_made_later() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.storage.read_fault = True
    world.clock.advance(timedelta(seconds=30))
    world.step()
    error = world.job().error
    assert world.job().state is State.ACCEPTED
    assert error is not None
    assert error.code == "storage_unavailable"
    world.storage.read_fault = False
    world.settle()
    assert world.job().state is State.COMPLETED


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


def test_one_device_in_many_uploads_failing_is_told_for_that_device() -> None:
    world = World(part_size=1)
    world.partner_center.script.device_ends("S000002", Outcome("812", "ZtdDeviceNotFound"))
    world.partner_center.script.next_poll(faults.error(404, "1000", "Not found."))
    world.drop(array(serials(3)))
    world.settle()
    assert [row["outcome"] for row in rows(world)] == ["registered", "failed", "registered"]


def test_exact_duplicates_are_sent_once_and_told_in_the_results() -> None:
    world = World()
    world.drop(array(["A", "B", "A"]))
    world.settle()
    assert world.accepted() == {"A": 1, "B": 1}
    assert world.job().device_count == 2
    assert world.job().state is State.COMPLETED
    assert [row["outcome"] for row in rows(world)] == ["registered", "registered", "duplicate"]


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"no json", NAME, None),
        (b"", NAME, "empty_file"),
        (b"[{}]", NAME, "missing_identity"),
        (TWO, "laptops.json", "missing_customer_id"),
        (TWO, "contoso/Test/laptops.json", "invalid_customer_id"),
        (TWO, f"{CUSTOMER}/../laptops.json", "invalid_batch_id"),
        (b"[" + b" " * 2**20 + b"]", NAME, "manifest_too_large"),
    ],
)
def test_a_bad_manifest_is_rejected_and_nothing_uploaded(data: bytes, name: str, code: str | None) -> None:
    world = World()
    world.drop(data, name)
    world.settle()
    job = world.job(name)
    assert job.state is State.REJECTED
    assert job.issue_count >= 1
    assert code is None or code in {issue.code for issue in job.issues}
    assert world.partner_center.calls == []


def test_a_customer_that_is_not_allowed_is_rejected() -> None:
    world = World(allowed=frozenset({"11111111-2222-3333-4444-555555555555"}))
    world.drop(TWO)
    world.settle()
    assert [issue.code for issue in world.job().issues] == ["customer_not_allowed"]


def test_a_setting_that_changes_between_parts_stops_the_sending() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_upload(lambda proceed: proceed(), faults.throttled(60))
    world.drop(array(serials(2)))
    world.step()
    world.allowed = frozenset({"11111111-2222-3333-4444-555555555555"})
    world.start_process()
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.error is not None
    assert job.error.code == "customer_not_allowed"
    assert (job.devices.registered, job.devices.not_uploaded) == (1, 1)


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


def test_an_absurd_retry_after_is_waited_for_until_giving_up() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(999_999_999_999))
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.FAILED
    assert status_of_error(world) == 429
    assert len(uploads(world)) == 1


def test_a_poll_told_to_wait_beyond_the_end_is_not_sent_again() -> None:
    world = World()
    world.partner_center.script.next_poll(faults.throttled(9 * 86_400))
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    assert len(world.partner_center.calls) == 2


def test_results_of_an_old_run_do_not_lie_beside_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(TWO)
    world.step()
    write = world.storage.write_results

    def overwritten_first(manifest: str, results: bytes) -> str:
        monkeypatch.setattr(world.storage, "write_results", write)
        world.storage.put(NAME, b"no json")
        world.workflow.advance(NAME)
        return write(manifest, results)

    monkeypatch.setattr(world.storage, "write_results", overwritten_first)
    world.settle()
    assert world.job().state is State.REJECTED
    assert f"{NAME}.results.csv" not in world.storage.blobs


def test_results_of_a_status_that_was_deleted_do_not_stay() -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    del world.storage.blobs[status_of(NAME)]
    world.drop(b"no json")
    world.settle()
    assert world.job().state is State.REJECTED
    assert f"{NAME}.results.csv" not in world.storage.blobs


def test_whoever_ends_a_job_second_leaves_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(TWO)
    world.step()
    write = world.storage.write_results

    def ended_by_another(manifest: str, results: bytes) -> str:
        monkeypatch.setattr(world.storage, "write_results", write)
        world.workflow.advance(NAME)
        return write(manifest, results)

    monkeypatch.setattr(world.storage, "write_results", ended_by_another)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(rows(world)) == 2
