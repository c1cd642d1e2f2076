"""Partner Center, Entra ID, the network and the worker fail; the job does not."""

from datetime import timedelta
from itertools import pairwise
from typing import override

import pytest

from local.stage import CUSTOMER
from local.stand_ins.identity import identity_not_found
from local.stand_ins.partner_center import Operation, faults
from local.stand_ins.web import Fault, Proceed, Request, Response, Server, Silence, Site, answer_lost, unanswered
from shared.job.status_document import Job, State
from tests.manifests import array, serials
from tests.stories.conftest import Starter
from tests.stories.stage import Stage
from tests.stories.surroundings import NAME

TWO = array(serials(2))
ONCE = {"S000001": 1, "S000002": 1}


def request_ids(stage: Stage) -> list[str]:
    return [call.headers["MS-RequestId"] for call in stage.uploads()]


def test_throttled_then_accepted(stage: Stage) -> None:
    stage.partner_center.script.next_upload(faults.throttled(3600))
    stage.drop(TWO)
    stage.work()
    job = stage.job()
    assert (job.state, job.error and job.error.http_status) == (State.WAITING, 429)
    stage.settle(lambda: stage.job().state is State.ACCEPTED)
    first, second = (call.at for call in stage.uploads())
    assert second - first >= timedelta(hours=1)
    assert len(set(request_ids(stage))) == 1  # a throttle leaves it open whether the part was taken


def test_a_throttle_that_does_not_say_how_long_lasts_as_the_settings_say(start: Starter) -> None:
    stage = start({"FIRST_RETRY_AFTER": "PT1S", "LONGEST_RETRY_INTERVAL": "PT2S"})
    stage.partner_center.script.next_upload(faults.throttled())
    stage.drop(TWO)
    stage.finish()
    first, second = (call.at for call in stage.uploads())
    assert second - first < timedelta(seconds=20)


def test_down_for_an_hour_then_accepted(stage: Stage) -> None:
    back = stage.time.now() + timedelta(hours=1)

    def down(proceed: Proceed) -> Response:
        return proceed() if stage.time.now() >= back else faults.gateway_error(503)(proceed)

    stage.partner_center.script.outage = down
    stage.drop(TWO)
    job = stage.finish()
    assert job.state is State.COMPLETED
    assert 5 <= job.attempts <= 12
    assert job.uploads[0].accepted_at >= back
    gaps = [later.at - earlier.at for earlier, later in pairwise(stage.uploads())]
    assert timedelta(seconds=30) <= min(gaps) < max(gaps) <= timedelta(minutes=15, seconds=1)


def test_down_for_too_long_is_given_up(start: Starter) -> None:
    stage = start({"GIVE_UP_AFTER": "PT10M"})
    stage.partner_center.script.outage = faults.gateway_error(502)
    stage.drop(TWO)
    job = stage.finish()
    assert (job.state, job.updated_at - job.created_at) == (State.FAILED, timedelta(minutes=10))
    assert job.error
    assert job.error.http_status == 502


@pytest.mark.parametrize(("fault", "times"), [(answer_lost(), 1), (answer_lost(), 3), (unanswered(Silence.CLOSED), 1)])
def test_no_answer_is_asked_again_with_the_same_request_id(stage: Stage, fault: Fault, times: int) -> None:
    stage.partner_center.script.next_upload(*[fault] * times)
    stage.drop(TWO)
    assert stage.finish().state is State.COMPLETED
    assert request_ids(stage) == [request_ids(stage)[0]] * (times + 1)
    assert stage.accepted() == ONCE
    correlations = [call.headers["MS-CorrelationId"] for call in stage.uploads()]
    assert len(set(correlations)) == times + 1


def test_a_worker_that_dies_between_parts_is_followed_by_one_that_goes_on(stage: Stage) -> None:
    def die(job: Job) -> None:
        if len(job.uploads) == 1:
            stage.witness.then = lambda _: None
            raise SystemExit(9)

    stage.witness.then = die
    stage.drop(array(serials(2500)))
    stage.work()
    (death,) = stage.take_failures()
    assert (death.function, death.result.died) == ("upload_manifest", True)
    assert [upload.device_count for upload in stage.job().uploads] == [1000]
    job = stage.finish()
    assert (job.state, job.attempts) == (State.COMPLETED, 2)
    parts = [(upload.first_device, upload.device_count) for upload in job.uploads]
    assert parts == [(1, 1000), (1001, 1000), (2001, 500)]
    assert len(stage.uploads()) == 3
    assert len(stage.accepted()) == 2500
    assert set(stage.accepted().values()) == {1}
    assert len(stage.results().splitlines()) == 2501


def test_a_refused_part_ends_the_sending_and_the_others_are_followed(start: Starter) -> None:
    stage = start({"MAX_DEVICES_PER_UPLOAD": "1"})
    stage.partner_center.script.next_upload(lambda proceed: proceed(), faults.error(400, "3000", "Bad model."))
    stage.drop(array(serials(3)))
    job = stage.finish()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert (job.devices.registered, job.devices.not_uploaded) == (1, 2)
    assert job.error
    assert (job.error.http_status, job.error.code, job.error.description) == (400, "3000", "Bad model.")
    assert stage.accepted() == {"S000001": 1}


def test_an_unknown_batch_is_rejected(stage: Stage) -> None:
    name = f"{CUSTOMER}/Unknown/laptops.json"
    stage.drop(TWO, name)
    stage.settle()
    job = stage.job(name)
    assert job.state is State.REJECTED
    assert job.error
    assert (job.error.http_status, job.error.code) == (404, "60003")
    assert job.error.request_id == request_ids(stage)[0]
    assert job.error.server_correlation


@pytest.mark.parametrize("fault", [identity_not_found(), unanswered(Silence.CLOSED)], ids=["no identity", "down"])
def test_no_token_is_waited_out(stage: Stage, fault: Fault) -> None:
    stage.identity.next_fetch(fault, fault)
    stage.drop(TWO)
    stage.work()
    job = stage.job()
    assert (job.state, job.error and job.error.code) == (State.WAITING, "no_managed_identity")
    assert stage.partner_center.calls == []
    assert stage.finish().state is State.COMPLETED
    assert stage.job().error is None


def test_a_token_for_somebody_else_is_renewed_once(stage: Stage) -> None:
    stage.identity.next_fetch(stage.identity.wrong_audience("https://graph.windows.net"))
    stage.drop(TWO)
    stage.settle()
    assert (stage.job().state, stage.job().attempts) == (State.COMPLETED, 1)
    assert [call.response and call.response.status for call in stage.uploads()] == [401, 202]
    assert len(stage.identity.fetches) == 2


class Trap(Site):
    """A host that nobody who carries a token may call."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    @override
    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response.of(200, {"status": "finished", "devicesStatus": []})


def test_a_location_on_a_foreign_host_is_kept_but_not_called(stage: Stage) -> None:
    trap = Trap()
    with Server(trap) as foreign:
        stage.partner_center.script.next_upload(faults.absolute_location(f"{foreign.url}/v1"))
        stage.drop(TWO)
        stage.settle()
        assert trap.requests == []
    job = stage.job()
    assert job.state is State.COMPLETED
    assert job.location
    assert job.location.startswith(f"{foreign.url}/v1/customers/{CUSTOMER}/batchJobStatus/")
    assert len(stage.calls(Operation.POLL)) == 1


def test_a_redirect_is_not_followed(stage: Stage) -> None:
    trap = Trap()
    with Server(trap) as foreign:
        stage.partner_center.script.next_upload(faults.redirect(f"{foreign.url}/v1/customers"))
        stage.drop(TWO)
        stage.work()
        assert stage.job().state is State.WAITING
        stage.settle()
        assert trap.requests == []
    assert stage.job().state is State.COMPLETED


def test_settings_that_are_wrong_lose_no_manifest(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = start({"GIVE_UP_AFTER": "two days", "SWEEP_SCHEDULE": "0 0 * * * *"})
    stage.drop(TWO)
    stage.work()
    failures = stage.take_failures()
    assert [run.function for run in failures] == ["upload_manifest"] * 5
    wanted = "no ISO 8601 duration such as PT30S or P2D (no months, and a year at most)"
    said = f"SettingsError: App settings: GIVE_UP_AFTER is 'two days', which is {wanted}."
    assert {str(run.result.error) for run in failures} == {said}
    monkeypatch.setenv("GIVE_UP_AFTER", "P2D")
    stage.advance(timedelta(hours=1))
    stage.settle()
    assert stage.job().state is State.COMPLETED
    assert NAME in stage.names()
