"""Manifests are overwritten, deleted and overlooked, and messages end up in poison queues."""

import json
from datetime import timedelta

import pytest

from local.host.host import BLOB_POISON
from local.stage import CONTAINER
from local.stand_ins.partner_center import faults
from local.stand_ins.web import Proceed, Response
from shared.job.blob_names import results_of, status_of
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.stories.conftest import Starter
from tests.stories.stage import Stage
from tests.stories.surroundings import NAME, QUEUE

TWO = array(serials(2))
OTHER_TWO = array(serials(2, start=50))
HOURLY = {"SWEEP_SCHEDULE": "0 0 * * * *"}
HOUR = timedelta(hours=1)
POISON = {
    BLOB_POISON: json.dumps({"Type": "BlobTrigger", "ContainerName": CONTAINER, "BlobName": NAME, "ETag": '"0x1"'}),
    f"{QUEUE}-poison": json.dumps({"manifest": NAME, "due": "2026-11-22T16:00:00Z"}),
}


def test_overwritten_under_a_live_lease(stage: Stage) -> None:
    def overwritten(proceed: Proceed) -> Response:
        stage.drop(OTHER_TWO)
        stage.work()  # its event comes while the old run still holds the lease
        return proceed()

    stage.partner_center.script.next_upload(overwritten)
    stage.drop(TWO)
    stage.settle()
    job = stage.job()
    assert job.state is State.COMPLETED
    assert job.previous
    assert [upload.device_count for upload in job.previous.uploads] == [2]
    assert set(stage.accepted().values()) == {1}
    assert len(stage.accepted()) == 4


def test_overwritten_between_parts(start: Starter) -> None:
    stage = start({"MAX_DEVICES_PER_UPLOAD": "1"})

    def overwritten(proceed: Proceed) -> Response:
        stage.drop(OTHER_TWO)
        return proceed()

    stage.partner_center.script.next_upload(overwritten)
    stage.drop(array(serials(3)))
    stage.settle()
    job = stage.job()
    assert job.state is State.COMPLETED
    assert job.previous
    assert [upload.device_count for upload in job.previous.uploads] == [1]
    assert stage.accepted() == {"S000001": 1, "S000050": 1, "S000051": 1}


def test_dropped_again_when_all_was_over(stage: Stage) -> None:
    stage.drop(TWO)
    stage.settle()
    before = stage.job()

    def looks(proceed: Proceed) -> Response:
        seen.append(results_of(NAME) in stage.names())
        return proceed()

    seen: list[bool] = []
    stage.partner_center.script.next_upload(looks)
    stage.drop(array(serials(3)))
    job = stage.finish()
    assert seen == [True], "the results of the run before stay until there are new ones"
    assert (job.state, job.devices.already_registered, job.devices.registered) == (State.COMPLETED, 2, 1)
    assert job.previous
    assert (job.previous.etag, job.previous.state) == (before.etag, State.COMPLETED)


def test_deleted_before_anything_was_sent(stage: Stage) -> None:
    stage.partner_center.script.next_upload(faults.throttled(60))
    stage.drop(TWO)
    stage.work()
    stage.container.delete_blob(NAME)
    job = stage.finish()
    assert (job.state, job.error and job.error.code) == (State.FAILED, "manifest_gone")
    assert stage.accepted() == {}


def test_deleted_between_parts(start: Starter) -> None:
    stage = start({"MAX_DEVICES_PER_UPLOAD": "1"})

    def deleted(proceed: Proceed) -> Response:
        stage.container.delete_blob(NAME)
        return proceed()

    stage.partner_center.script.next_upload(deleted)
    stage.drop(array(serials(3)))
    job = stage.finish()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert (job.devices.registered, job.devices.not_uploaded) == (1, 2)
    assert stage.accepted() == {"S000001": 1}
    assert len(stage.results().splitlines()) == 4


def test_deleted_once_all_was_accepted(stage: Stage) -> None:
    stage.drop(TWO)
    stage.work()
    stage.container.delete_blob(NAME)
    assert stage.finish().state is State.COMPLETED
    assert stage.names() == {status_of(NAME), results_of(NAME)}


@pytest.mark.parametrize("throttled", [False, True], ids=["accepted", "waiting"])
def test_poisoned_while_another_path_goes_on(stage: Stage, *, throttled: bool) -> None:
    stage.partner_center.script.next_upload(*[faults.throttled(60)] * throttled)
    stage.drop(TWO)
    stage.work()
    before = stage.job()
    assert before.state is (State.WAITING if throttled else State.ACCEPTED)
    for queue, message in POISON.items():
        stage.tell(queue, message)
    assert {run.function for run in stage.work()} >= {"rescue_manifest", "rescue_wake_up"}
    assert stage.job() == before
    assert stage.finish().state is State.COMPLETED
    assert set(stage.accepted().values()) == {1}


def test_a_sweep_finds_a_manifest_whose_event_never_came(start: Starter) -> None:
    stage = start(HOURLY, found={NAME: TWO})
    assert stage.work() == []
    stage.advance(HOUR)
    stage.settle()
    assert stage.runs[0].function == "sweep"
    assert stage.job().state is State.COMPLETED
    assert stage.accepted() == {"S000001": 1, "S000002": 1}


def test_a_sweep_leaves_alone_what_is_too_old_and_what_is_at_rest(start: Starter) -> None:
    stage = start(HOURLY, found={"old.json": TWO})
    stage.drop(TWO)
    stage.settle()
    looks = stage.witness.looks
    stage.advance(timedelta(days=8))
    assert [run.function for run in stage.work()] == ["sweep"]
    stage.settle()
    assert stage.witness.looks == looks
    assert status_of("old.json") not in stage.names()


def test_a_status_that_was_deleted_is_written_anew_after_a_sweep(start: Starter) -> None:
    stage = start(HOURLY)
    stage.drop(TWO)
    stage.settle()
    stage.container.delete_blob(status_of(NAME))
    stage.advance(HOUR)
    stage.settle()
    assert (stage.job().state, stage.job().devices.already_registered) == (State.COMPLETED, 2)


def test_a_job_whose_wake_ups_are_all_lost_is_found_by_a_sweep(start: Starter) -> None:
    stage = start(HOURLY)
    stage.drop(TWO)
    stage.work()
    stage.lose_wake_ups()
    stage.advance(HOUR)
    stage.settle()
    assert stage.job().state is State.COMPLETED
