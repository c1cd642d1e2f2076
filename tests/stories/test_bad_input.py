"""A file that cannot be accepted is told so beside it, with a stable code; nothing of it goes anywhere."""

import json
from dataclasses import dataclass
from dataclasses import field as default

import pytest

from local.stage import CUSTOMER
from shared.job import State
from shared.names import status_of
from tests.manifests import array, serials
from tests.stories.conftest import Starter
from tests.stories.stage import NAME, Stage

TWO = array(serials(2))
OTHER = "11111111-2222-3333-4444-555555555555"


def envelope(**ids: str) -> bytes:
    return json.dumps({**ids, "devices": json.loads(TWO)}).encode()


@dataclass(frozen=True)
class Wrong:
    """One bad input: what is dropped, where, under which settings."""

    code: str
    data: bytes = TWO
    name: str = NAME
    settings: dict[str, str] = default(default_factory=dict)


WRONGS = {
    "not JSON": Wrong("invalid_json", b'[{"serialNumber": '),
    "no manifest at all": Wrong("missing_header", b"Dear colleague, here are the devices."),
    "an empty file": Wrong("empty_file", b""),
    "white space": Wrong("blank_file", b" \r\n"),
    "a workbook": Wrong("excel_workbook", b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml xl/workbook.xml"),
    "a wrong top-level type": Wrong("missing_devices", b'{"serialNumber": "1"}'),
    "no devices": Wrong("no_devices", b"[]"),
    "devices that are no objects": Wrong("not_an_object", b'["S1", "S2"]'),
    "a field of a wrong type": Wrong("wrong_type", b'[{"productKey": 5}]'),
    "a device that nothing identifies": Wrong("missing_identity", b'[{"serialNumber": "S1"}]'),
    "no ids": Wrong("missing_customer_id", name="laptops.json"),
    "no batch": Wrong("missing_batch_id", envelope(customerId=CUSTOMER), name="laptops.json"),
    "customers that disagree": Wrong("conflicting_customer_id", envelope(customerId=OTHER)),
    "batches that disagree": Wrong("conflicting_batch_id", envelope(batchId="Else")),
    "a customer that is no GUID": Wrong("invalid_customer_id", name="contoso/Test/laptops.json"),
    "a customer that is not allowed": Wrong("customer_not_allowed", settings={"ALLOWED_CUSTOMERS": OTHER}),
    "too many bytes": Wrong("manifest_too_large", settings={"MAX_MANIFEST_BYTES": str(len(TWO) - 1)}),
    "a batch called .": Wrong("invalid_batch_id", envelope(customerId=CUSTOMER, batchId="."), "laptops.json"),
    "a batch called ..": Wrong("invalid_batch_id", envelope(customerId=CUSTOMER, batchId=".."), "laptops.json"),
}


@pytest.mark.parametrize("wrong", WRONGS.values(), ids=WRONGS)
def test_bad_input_is_rejected_with_its_code(start: Starter, wrong: Wrong) -> None:
    stage = start(wrong.settings)
    stage.drop(wrong.data, wrong.name)
    stage.work()
    job = stage.job(wrong.name)
    assert (job.state, job.final, job.due) == (State.REJECTED, True, None)
    assert [issue.code for issue in job.issues][:1] == [wrong.code]
    assert "nothing was uploaded" in job.message
    assert all(len(issue.message) > len("Correct it.") for issue in job.issues)
    assert stage.partner_center.calls == []
    assert stage.identity.fetches == []
    assert stage.names() == {wrong.name, status_of(wrong.name)}


def test_every_issue_of_every_device_is_told(stage: Stage) -> None:
    stage.drop(json.dumps([{"serialNumber": "S"}] * 150 + [{"productKey": 7}]).encode())
    stage.work()
    job = stage.job()
    assert (job.state, job.issue_count, len(job.issues)) == (State.REJECTED, 151, 100)
    assert (job.issues[0].where, job.issues[0].code) == ("device 1", "missing_identity")


def test_a_corrected_file_starts_anew(stage: Stage) -> None:
    stage.drop(b"[]")
    stage.work()
    stage.drop(TWO)
    stage.settle()
    assert stage.job().state is State.COMPLETED
    assert stage.job().issues == ()


def test_a_name_without_room_for_a_status_is_logged_and_left(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"{CUSTOMER}/Test/".ljust(1013, "x")
    stage.drop(TWO, name)
    stage.work()
    assert stage.names() == {name}
    assert "manifest_name_too_long" in caplog.text


def test_a_directory_marker_is_no_manifest(stage: Stage) -> None:
    stage.container.upload_blob(f"{CUSTOMER}/Test/folder", b"", metadata={"hdi_isfolder": "true"})
    assert [run.ok for run in stage.work()] == [True]
    assert stage.names() == {f"{CUSTOMER}/Test/folder"}
