"""A file that cannot be accepted is told so beside it, with a stable code; nothing of it goes anywhere."""

import gc
import json
import warnings
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from local.stage import CUSTOMER
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.stories.conftest import Starter
from tests.stories.stage import Stage

TWO = array(serials(2))
OTHER = "11111111-2222-3333-4444-555555555555"
LIMITS = {"MAX_MANIFEST_BYTES": "1000", "ALLOWED_CUSTOMERS": CUSTOMER}


def envelope(**ids: str) -> bytes:
    return json.dumps({**ids, "devices": json.loads(TWO)}).encode()


class Wrong(NamedTuple):
    """A bad input: the code by which it is rejected, what is dropped, and below which name."""

    code: str
    data: bytes = TWO
    below: str = f"{CUSTOMER}/Test/"


WRONGS = {
    "not JSON": Wrong("invalid_json", b'[{"serialNumber": '),
    "no manifest at all": Wrong("missing_header", b"Dear colleague, here are the devices."),
    "white space": Wrong("blank_file", b" \r\n"),
    "half a workbook": Wrong("workbook_damaged", b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml xl/workbook.xml"),
    "a wrong top-level type": Wrong("missing_devices", b'{"colour": "red"}'),
    "no devices": Wrong("no_devices", b"[]"),
    "devices that are no objects": Wrong("not_an_object", b'["S1", "S2"]'),
    "a field of a wrong type": Wrong("wrong_type", b'[{"productKey": 5}]'),
    "a device that nothing identifies": Wrong("missing_identity", b'[{"serialNumber": "S1"}]'),
    "no ids": Wrong("missing_customer_id", below=""),
    "no batch": Wrong("missing_batch_id", envelope(customerId=CUSTOMER), below=""),
    "customers that disagree": Wrong("conflicting_customer_id", envelope(customerId=OTHER)),
    "batches that disagree": Wrong("conflicting_batch_id", envelope(batchId="Else")),
    "a customer that is no GUID": Wrong("invalid_customer_id", below="contoso/Test/"),
    "a customer that is not allowed": Wrong("customer_not_allowed", below=f"{OTHER}/Test/"),
    "too many bytes": Wrong("manifest_too_large", TWO.ljust(1001)),
    "a batch called .": Wrong("invalid_batch_id", envelope(customerId=CUSTOMER, batchId="."), below=""),
    "a batch called ..": Wrong("invalid_batch_id", envelope(customerId=CUSTOMER, batchId=".."), below=""),
}


@pytest.fixture
def collected() -> Iterator[None]:
    """The storage SDK forgets the connection on which it has read an empty blob, and leaves it to the collector."""
    yield
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


def test_bad_input_is_rejected_with_its_code(start: Starter) -> None:
    stage = start(LIMITS)
    for what, wrong in WRONGS.items():
        stage.drop(wrong.data, wrong.below + what)
    stage.work()
    jobs = {what: stage.job(wrong.below + what) for what, wrong in WRONGS.items()}
    assert {what: job.issues[0].code for what, job in jobs.items()} == {what: row.code for what, row in WRONGS.items()}
    assert {(job.state, job.final, job.due) for job in jobs.values()} == {(State.REJECTED, True, None)}
    assert all("Nothing was uploaded" in job.message for job in jobs.values())
    assert stage.partner_center.calls == []
    assert stage.identity.fetches == []
    assert len(stage.names()) == 2 * len(WRONGS)


@pytest.mark.usefixtures("collected")
def test_an_empty_file_is_rejected(stage: Stage) -> None:
    stage.drop(b"")
    stage.work()
    assert stage.job().state is State.REJECTED
    assert [issue.code for issue in stage.job().issues] == ["empty_file"]


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
    job = stage.finish()
    assert (job.state, job.issues) == (State.COMPLETED, ())


def test_a_name_without_room_for_a_status_is_logged_and_left(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    name = f"{CUSTOMER}/Test/".ljust(1013, "x")
    stage.drop(TWO, name)
    stage.work()
    assert stage.names() == {name}
    (record,) = [record for record in caplog.records if "manifest_name_too_long" in record.getMessage()]
    assert record.levelname == "WARNING"  # the log is all that tells of it


@pytest.mark.usefixtures("collected")
def test_a_directory_marker_is_no_manifest(stage: Stage) -> None:
    stage.container.upload_blob(f"{CUSTOMER}/Test/folder", b"", metadata={"hdi_isfolder": "true"})
    assert [run.ok for run in stage.work()] == [True]
    assert stage.names() == {f"{CUSTOMER}/Test/folder"}
