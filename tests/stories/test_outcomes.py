"""Partner Center has finished: every device is judged by its own entry."""

import csv
import json
from collections.abc import Sequence
from datetime import timedelta
from io import StringIO

import pytest

from local.stand_ins.partner_center import ALREADY_REGISTERED, UNREPORTED, Operation, Outcome, faults
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.stories.stage import Stage

OTHER_TENANT = Outcome("808", "ZtdDeviceAssignedToOtherTenant")


def rows(stage: Stage) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(stage.results())))


def test_failed_devices_are_told_with_what_to_do(stage: Stage) -> None:
    script = stage.partner_center.script
    script.device_ends("S000002", OTHER_TENANT)
    script.device_ends("S000003", ALREADY_REGISTERED)
    stage.drop(array(serials(3)))
    job = stage.finish()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert (job.devices.registered, job.devices.already_registered, job.devices.failed) == (1, 1, 1)
    assert [row["outcome"] for row in rows(stage)] == ["registered", "failed", "already_registered"]
    assert "release it" in rows(stage)[1]["action"]


def test_devices_missing_from_the_answer_are_not_reported(stage: Stage) -> None:
    stage.partner_center.script.device_ends("S000001", UNREPORTED)
    stage.drop(array(serials(2)))
    assert stage.finish().state is State.COMPLETED_WITH_ERRORS
    assert stage.job().devices.not_reported == 1
    assert [(row["outcome"], row["matchedBy"]) for row in rows(stage)] == [
        ("not_reported", ""),
        ("registered", "serialNumber"),
    ]


HASHES = ["secretHashOne+16CharactersAndMore", "secretHashTwo+16CharactersAndMore"]


@pytest.mark.parametrize(("ends", "expected"), [((), ("registered", "position")), (HASHES[1:], ("not_reported", ""))])
def test_devices_of_a_hash_alone_are_matched_by_position_only_where_all_end_alike(
    stage: Stage, ends: Sequence[str], expected: tuple[str, str]
) -> None:
    for text in ends:
        stage.partner_center.script.device_ends(text, OTHER_TENANT)
    stage.drop(json.dumps([{"hardwareHash": text} for text in HASHES]).encode())
    stage.finish()
    assert [(row["outcome"], row["matchedBy"], row["hardwareHashStart"]) for row in rows(stage)] == [
        (*expected, text[:16]) for text in HASHES
    ]


def test_the_order_of_the_answer_does_not_matter(stage: Stage) -> None:
    stage.partner_center.script.order = lambda rows: rows[::-1]
    stage.partner_center.script.device_ends("S000001", OTHER_TENANT)
    stage.drop(array(serials(3)))
    stage.finish()
    assert [row["outcome"] for row in rows(stage)] == ["failed", "registered", "registered"]


def test_slow_registering_is_asked_after_less_and_less_often(stage: Stage) -> None:
    script = stage.partner_center.script
    script.queued_for, script.processing_for = timedelta(minutes=1), timedelta(minutes=30)
    script.next_poll(lambda proceed: proceed(), faults.throttled(600))
    stage.drop(array(serials(2)))
    job = stage.finish()
    assert (job.state, job.error) == (State.COMPLETED, None)
    assert len(stage.calls(Operation.POLL)) <= 7
    states = [written.uploads[0].state for written in stage.witness.jobs if written.uploads]
    assert list(dict.fromkeys(states)) == ["queued", "processing", "finished"]


def test_duplicates_are_sent_once_with_a_warning(stage: Stage) -> None:
    stage.drop(array([*serials(2), *serials(1)]))
    job = stage.finish()
    assert (job.state, job.device_count) == (State.COMPLETED, 2)
    assert [warning.where for warning in job.warnings if warning.code == "duplicate_device"] == ["device 3"]
    assert [row["outcome"] for row in rows(stage)] == ["registered", "registered", "duplicate"]
    assert stage.accepted() == {"S000001": 1, "S000002": 1}
