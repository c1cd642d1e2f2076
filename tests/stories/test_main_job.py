"""The main job: a manifest lands, its devices are uploaded, and their fate stands beside it."""

import csv
from io import StringIO

import pytest

from local.stage import CONTAINER, CUSTOMER
from shared.job.blob_names import results_of, status_of
from shared.job.moments import timestamp
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.stories.conftest import Starter
from tests.stories.stage import Stage
from tests.stories.surroundings import NAME

SEED_EXAMPLE = b"""[
  {
    "Id": null, "SerialNumber": "1R9-ZNP67", "ProductKey": "00329-00000-0003-AA606", "HardwareHash": "DummyHash123",
    "OemManufacturerName": null, "ModelName": null, "Policies": null, "UploadedDate": "0001-01-01T00:00:00",
    "AllowedOperations": null, "Attributes": {"ObjectType": "Device"}
  },
  {
    "Id": null, "SerialNumber": "2R9-ZNP67", "ProductKey": "00329-00000-0003-AA607", "HardwareHash": "DummyHash1234",
    "OemManufacturerName": null, "ModelName": null, "Policies": null, "UploadedDate": "0001-01-01T00:00:00",
    "AllowedOperations": null, "Attributes": {"ObjectType": "Device"}
  }
]"""
TWO = array(serials(2))


def test_the_documented_example_goes_through_as_it_stands(start: Starter) -> None:
    stage = start({"FIRST_POLL_AFTER": "PT0.1S"}, real_time=True)
    stage.drop(SEED_EXAMPLE)
    stage.finish()
    document = stage.document()
    assert (document["state"], document["deviceCount"]) == ("completed", 2)
    assert document["location"].startswith(f"/customers/{CUSTOMER}/batchJobStatus/")
    assert document["results"] == results_of(NAME)
    (upload,) = stage.uploads()
    assert upload.document == [
        {"serialNumber": "1R9-ZNP67", "productKey": "00329-00000-0003-AA606", "hardwareHash": "DummyHash123"},
        {"serialNumber": "2R9-ZNP67", "productKey": "00329-00000-0003-AA607", "hardwareHash": "DummyHash1234"},
    ]
    assert upload.headers["X-Locale"] == "en-US"
    assert upload.headers["MS-PartnerCenter-Application"] == "autopilot-manifest-uploader"
    rows = list(csv.DictReader(StringIO(stage.results())))
    assert [(row["serialNumber"], row["outcome"]) for row in rows] == [
        ("1R9-ZNP67", "registered"),
        ("2R9-ZNP67", "registered"),
    ]


def test_the_status_says_in_a_listing_what_it_says_inside(stage: Stage) -> None:
    stage.drop(TWO)
    stage.work()
    status = stage.container.get_blob_client(status_of(NAME)).get_blob_properties()
    job = stage.job()
    assert job.state is State.ACCEPTED
    assert job.due
    assert status.metadata == {
        "state": "accepted",
        "etag": job.etag,
        "due": timestamp(job.due),
        "run": str(job.internal.run),
        "devices": "pending=2",
    }
    assert status.content_settings.content_type == "application/json; charset=utf-8"


def test_each_state_is_written_once_and_the_manifest_never(stage: Stage) -> None:
    stage.drop(TWO)
    manifest = stage.container.get_blob_client(NAME)
    before = manifest.get_blob_properties().etag
    stage.settle()
    assert [job.state for job in stage.witness.jobs] == ["processing", "accepted", "accepted", "completed"]
    assert manifest.get_blob_properties().etag == before
    assert stage.job().etag == before.strip('"')


def test_an_envelope_may_lie_anywhere(stage: Stage) -> None:
    envelope = b'{"customerId": "%s", "batchId": "Test", "devices": %s}' % (CUSTOMER.encode(), TWO)
    stage.drop(envelope, "loose.json")
    assert stage.finish("loose.json").state is State.COMPLETED
    assert stage.accepted() == {"S000001": 1, "S000002": 1}


NAMES = {  # batch and file: the batch as it stands in the request's path
    ("Test batch", "my laptops.json"): "Test%20batch",
    ("50% #1 ü", "50% #1 ü.json"): "50%25%20%231%20%C3%BC",
    ("a%2Fb", "%2e%2e.json"): "a%252Fb",
    ("%2E%2E", "a.json"): "%252E%252E",
    ("a?b=1&c+d;e", "a?b=1&c+d.json"): "a%3Fb%3D1%26c%2Bd%3Be",
    ("東京-~_.", "a/b/c/東京.json"): "%E6%9D%B1%E4%BA%AC-~_.",
    ("Longest", "ü" * (1012 - len(f"{CUSTOMER}/Longest/"))): "Longest",
}


def test_any_name_works(stage: Stage) -> None:
    for start, (batch, file) in enumerate(NAMES):
        stage.partner_center.add_batch(CUSTOMER, batch)
        stage.drop(array(serials(1, start)), f"{CUSTOMER}/{batch}/{file}")
    stage.settle()
    for start, (batch, file) in enumerate(NAMES):
        name = f"{CUSTOMER}/{batch}/{file}"
        assert (name, stage.job(name).state) == (name, State.COMPLETED)
        assert stage.job(name).batch_id == batch
        assert [device.serial_number for device in stage.partner_center.batches(CUSTOMER)[batch]] == serials(1, start)
        assert {name, status_of(name), results_of(name)} <= stage.names()
    sent = {call.request.target for call in stage.uploads()}
    assert sent == {f"/v1/customers/{CUSTOMER}/deviceBatches/{batch}/devices" for batch in NAMES.values()}
    assert len(stage.names()) == 3 * len(NAMES)
    assert len(stage.identity.fetches) == 1


def test_a_scan_takes_up_what_lay_there_before(start: Starter) -> None:
    stage = start({"MANIFEST_TRIGGER_SOURCE": "LogsAndContainerScan"}, found={NAME: TWO})
    assert stage.finish().state is State.COMPLETED


@pytest.mark.parametrize("source", ["EventGrid", "LogsAndContainerScan"])
def test_both_sources_lead_to_the_end_and_what_the_app_writes_to_nothing(start: Starter, source: str) -> None:
    stage = start({"MANIFEST_TRIGGER_SOURCE": source})
    stage.drop(TWO)
    stage.settle()
    assert (stage.job().state, len(stage.uploads())) == (State.COMPLETED, 1)
    ran = [run.what for run in stage.runs if run.function == "upload_manifest"]
    assert ran.count(f"{CONTAINER}/{NAME}") == 1
    assert 2 <= len(ran) - 1 <= len(stage.witness.jobs) + 1  # at most one run for each status, and one for the results
    looks = stage.witness.looks
    for name in (status_of(NAME), results_of(NAME)):
        stage.host.deliver(CONTAINER, name)
    assert [run.what for run in stage.work()] == [f"{CONTAINER}/{status_of(NAME)}", f"{CONTAINER}/{results_of(NAME)}"]
    assert stage.witness.looks == looks
    assert stage.work() == []


def test_the_same_event_20_times_uploads_once(stage: Stage) -> None:
    stage.drop(TWO)
    for _ in range(19):
        stage.host.deliver(CONTAINER, NAME)
    stage.settle()
    assert sum(run.what == f"{CONTAINER}/{NAME}" for run in stage.runs) == 20
    assert stage.job().state is State.COMPLETED
    assert len(stage.uploads()) == 1
