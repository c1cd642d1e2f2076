"""Manifests are uploaded: whole, in parts, and each part once."""

import logging
from copy import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from local.stand_ins.partner_center import Operation, SignIn, faults
from local.stand_ins.web import Fault, Proceed, Response, Silence, answer_lost, no_fault
from shared.job import plausibility
from shared.job.faults import TOO_MANY_PARTS
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.workflow.life.views import TWO, rows, status_of_error, uploads
from tests.world import CUSTOMER, DELAYS, NAME, World


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
    assert [job.state for job in world.storage.written] == ["processing", "accepted", "accepted", "completed"]


def test_the_same_event_20_times_uploads_once() -> None:
    world = World()
    world.drop(TWO)
    for _ in range(19):
        world.events.append((NAME, 0))
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(uploads(world)) == 1


def test_a_lost_answer_is_asked_for_with_the_same_request_id() -> None:
    world = World()
    world.partner_center.script.next_upload(*[answer_lost(Silence.CLOSED)] * 3)
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(uploads(world)) == 4
    assert len(set(uploads(world))) == 1
    assert world.accepted() == {"S000001": 1, "S000002": 1}


def test_a_success_without_location_is_asked_again_with_the_same_id() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.no_location)
    world.drop(TWO)
    world.step()
    assert world.job().state is State.WAITING
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(set(uploads(world))) == 1


def test_successes_without_location_are_asked_again_more_and_more_seldom() -> None:
    world = World()
    world.partner_center.script.next_upload(*[faults.no_location] * 100)
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.FAILED
    assert world.job().message.startswith("Partner Center has probably taken the devices, but did not say where")
    assert len(set(uploads(world))) == 1
    posts = [call.at for call in world.partner_center.calls if call.request.method == "POST"]
    waits = [later - earlier for earlier, later in pairwise(posts)]
    assert waits[:-1] == sorted(waits[:-1])
    assert len(posts) < 20, "in two days"


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
    assert status_of_error(world) == 400
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


def test_more_parts_than_a_status_can_list_are_not_sent_and_the_others_are_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plausibility, "LARGEST_UPLOADS", 2 * plausibility.LARGEST_UPLOAD)
    world = World(part_size=1)
    world.drop(array(serials(50)))
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.error == TOO_MANY_PARTS
    assert 10 < job.sent < 50
    assert job.devices.registered == job.sent == len(world.accepted())


def test_nothing_is_sent_under_a_lease_that_the_call_could_outlast() -> None:
    world = World(delays=replace(DELAYS, lease=timedelta(minutes=1)))
    world.drop(TWO)
    world.settle()
    processing = [job for job in world.storage.written if job.state is State.PROCESSING]
    assert len(processing) == 2
    assert processing[1].devices.pending == 2


def test_a_setting_that_changes_between_parts_stops_the_sending() -> None:
    world = World(part_size=1, attended=False)
    world.partner_center.script.next_upload(lambda proceed: proceed(), faults.throttled(60))
    world.drop(array(serials(2)))
    world.step()
    world.allowed = frozenset({"11111111-2222-3333-4444-555555555555"})
    world.start_process()
    world.settle()
    assert world.job().state is State.WAITING
    assert len(world.partner_center.calls) == 2


def test_a_bound_that_falls_between_parts_stops_the_sending_and_what_was_accepted_is_followed() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_upload(lambda proceed: proceed(), faults.throttled(60))
    world.drop(array(serials(2)))
    world.step()
    world.devices = 1
    world.start_process()
    world.settle()
    job = world.job()
    assert (job.state, job.devices.registered, job.devices.not_uploaded) == (State.COMPLETED_WITH_ERRORS, 1, 1)
    assert job.error is not None
    assert job.error.code == "too_many_devices"


def test_an_acceptance_is_kept_though_the_queue_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(TWO)

    def accepted_then_down(proceed: Proceed) -> Response:
        world.clock.advance(timedelta(seconds=20))  # what was queued comes too soon by now
        outage.setattr(world.queue, "send", down)
        return proceed()

    def down(*_: object) -> None:
        raise ConnectionError

    world.partner_center.script.next_upload(accepted_then_down)
    with monkeypatch.context() as outage, pytest.raises(ConnectionError):
        world.step()
    assert world.job().state is State.ACCEPTED
    world.events.append((NAME, 1))  # the host hands over again what has failed
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(uploads(world)) == 1


def test_each_answer_renews_the_lease_with_what_is_saved_of_it() -> None:
    world = World(part_size=2)

    def slow(fault: Fault) -> Fault:
        def answer(proceed: Proceed) -> Response:
            lease = world.job().lease
            assert lease is not None
            assert lease.until - world.clock.now == DELAYS.lease
            world.clock.advance(DELAYS.lease * 0.99)
            return fault(proceed)

        return answer

    world.partner_center.script.next_upload(slow(faults.error(413, "", "No.")), slow(no_fault), slow(no_fault))
    world.drop(TWO)
    world.step()
    assert [job.state for job in world.storage.written] == ["processing"] * 3 + ["accepted"]


def test_every_answer_to_an_attempt_is_logged_with_its_ids(caplog: pytest.LogCaptureFixture) -> None:
    world = World(customers={CUSTOMER: []}, create_missing_batch=True, access=SignIn.APP_AND_USER)

    def created_meanwhile(proceed: Proceed) -> Response:
        world.partner_center.add_batch(CUSTOMER, "Test")
        return proceed()

    world.partner_center.script.next_upload(faults.error(401, "900420", "No."), faults.error(413, "", "No."))
    world.partner_center.script.next_call(Operation.CREATE_BATCH, created_meanwhile)
    world.drop(TWO)
    with caplog.at_level(logging.INFO, "manifests"):
        world.step()
    found = [record.__dict__ for record in caplog.records if "request" in record.__dict__]
    sent = [call.headers["MS-RequestId"] for call in world.partner_center.calls]
    assert [fields["request"] for fields in found] == sent
    answered = [fields for fields in found if fields["event"] == "upload_answered"]
    assert [fields["status"] for fields in answered] == [401, 413, 404, 409]
    assert all(fields["manifest"] == NAME and fields["attempt"] == 1 for fields in answered)
    assert all(fields["correlation"] and fields["server_correlation"] for fields in answered)
