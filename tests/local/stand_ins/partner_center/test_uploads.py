import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from uuid import uuid4

import pytest
import requests

from local.stand_ins.partner_center import Device, PartnerCenter, faults
from local.stand_ins.web import Fault, Silence, answer_lost, unanswered
from tests.local.stand_ins.partner_center.caller import BATCHES, BODY, CUSTOMER, UNKNOWN, Caller, Clock


def test_an_upload_is_answered_with_a_relative_location_and_the_ids(caller: Caller, center: PartnerCenter) -> None:
    ids = {"MS-RequestId": str(uuid4()), "MS-CorrelationId": str(uuid4())}
    answer = caller.upload(**ids)
    assert (answer.status_code, answer.content) == (202, b"")
    location, _, tracking_id = answer.headers["Location"].rpartition("/")
    assert location == f"/customers/{CUSTOMER}/batchJobStatus"
    assert len(tracking_id) == 36
    assert ids.items() <= answer.headers.items()
    assert {"MS-CV", "MS-ServerId"} <= answer.headers.keys()
    assert center.registered(CUSTOMER) == {Device(hardware_hash="DummyHash1234"): 1}
    assert center.batches(CUSTOMER)["Test"] == [Device(hardware_hash="DummyHash1234")]


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("Authorization", None, 401, "900420"),
        ("Authorization", "Bearer other", 401, "900420"),
        ("Authorization", "app", 401, "900420"),
        ("Accept", "text/html", 400, "800002"),
        ("Content-Type", None, 400, "800002"),
        ("Content-Type", "text/json", 400, "800002"),
        ("MS-RequestId", None, 400, "800002"),
        ("MS-RequestId", "16c00110", 400, "800002"),
        ("MS-CorrelationId", None, 400, "800002"),
        ("MS-CorrelationId", "{16c00110-e79a-433d-aa28-f69dd60df671}", 400, "800002"),
    ],
)
def test_a_wrong_header_is_refused(caller: Caller, header: str, value: str | None, status: int, code: str) -> None:
    answer = caller.upload(BODY, "Test", **{header: value})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().keys() >= {"code", "description", "source"}
    assert "MS-CV" in answer.headers


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/customers/contoso/deviceBatches/Test/devices", 400, "900118"),
        (f"/v1/customers/{CUSTOMER}0/deviceBatches/Test/devices", 400, "900118"),
        (f"/v1/customers/{UNKNOWN}/deviceBatches/Test/devices", 403, "20002"),
        (f"/v1/customers/{CUSTOMER}/deviceBatches/test/devices", 404, "60003"),
        (f"/v1/customers/{CUSTOMER}/deviceBatches/Test%2520batch/devices", 404, "60003"),
        (f"/v1/customers/{CUSTOMER}/deviceBatches/Test+batch/devices", 404, "60003"),
        (f"/customers/{CUSTOMER}/deviceBatches/Test/devices", 404, "800037"),
        (f"/v1/customers/{CUSTOMER}/deviceBatches/Test/devices?page=1", 404, "800037"),
        (f"/v1/customers/{CUSTOMER}/batchJobStatus/{UNKNOWN}", 405, "800002"),
    ],
)
def test_a_wrong_path_is_refused(caller: Caller, path: str, status: int, code: str) -> None:
    answer = caller.post(path, BODY)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("batch", BATCHES)
def test_a_batch_is_found_under_its_encoded_name(caller: Caller, center: PartnerCenter, batch: str) -> None:
    assert caller.upload(batch=batch).status_code == 202
    assert [name for name, devices in center.batches(CUSTOMER).items() if devices] == [batch]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b'\xef\xbb\xbf[{"productKey": "1"}]',
        b'[{"productKey": "\xff"}]',
        {"devices": BODY},
        [],
        ["DummyHash1234"],
        [{}],
        [{"HardwareHash": "h"}],
        [{"hardwareHash": "h", "productKey": None}],
        [{"hardwareHash": "h", "productKey": " "}],
        [{"hardwareHash": ""}],
        [{"hardwareHash": 1}],
        [{"hardwareHash": "h", "policies": []}],
        [{"serialNumber": "s"}],
        [{"serialNumber": "s", "modelName": "m"}],
        [{"hardwareHash": "good"}, {"modelName": "m", "oemManufacturerName": "o"}],
    ],
)
def test_a_body_that_is_no_array_of_clean_devices_is_refused(
    caller: Caller, center: PartnerCenter, body: object
) -> None:
    answer = caller.upload(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "3000")
    assert not center.registered(CUSTOMER)


@pytest.mark.parametrize(
    "members",
    [
        {"hardwareHash", "productKey"},
        {"hardwareHash", "serialNumber"},
        {"hardwareHash", "productKey", "serialNumber"},
        {"hardwareHash"},
        {"productKey"},
        {"serialNumber", "oemManufacturerName", "modelName"},
    ],
)
def test_every_documented_combination_is_accepted(caller: Caller, members: set[str]) -> None:
    assert caller.upload([dict.fromkeys(members, "x")]).status_code == 202


def test_too_many_devices_or_bytes_are_too_large(caller: Caller, center: PartnerCenter) -> None:
    center.script.max_devices, center.script.max_body = 2, 100
    assert caller.upload([{"productKey": "1"}, {"productKey": "2"}]).status_code == 202
    assert caller.upload([{"productKey": "1"}] * 3).status_code == 413
    assert caller.upload([{"hardwareHash": "h" * 100}]).status_code == 413


def test_the_same_request_id_registers_once(caller: Caller, center: PartnerCenter) -> None:
    request_id = str(uuid4())
    first, again = (caller.upload(MS_RequestId=request_id) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert center.registered(CUSTOMER).total() == 1


def test_the_same_request_id_for_something_else_is_a_conflict(caller: Caller, center: PartnerCenter) -> None:
    request_id = str(uuid4())
    caller.upload(MS_RequestId=request_id)
    assert caller.upload([{"productKey": "1"}], MS_RequestId=request_id).status_code == 409
    assert caller.upload(batch="Test batch", MS_RequestId=request_id).status_code == 409
    assert center.registered(CUSTOMER).total() == 1


def test_a_refused_request_id_may_come_again(caller: Caller, center: PartnerCenter) -> None:
    request_id = str(uuid4())
    assert caller.upload(batch="new", MS_RequestId=request_id).status_code == 404
    center.add_batch(CUSTOMER, "new")
    assert caller.upload(batch="new", MS_RequestId=request_id).status_code == 202


def test_twenty_at_once_with_one_request_id_register_once(caller: Caller, center: PartnerCenter) -> None:
    request_id = str(uuid4())
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: caller.upload(MS_RequestId=request_id), range(20)))
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert center.registered(CUSTOMER).total() == 1


def test_an_upload_waits_until_the_one_before_is_entered(caller: Caller, center: PartnerCenter, clock: Clock) -> None:
    both_inside = threading.Barrier(2)

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            both_inside.wait(0.2)

    clock.when_asked = meet
    request_id = str(uuid4())
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: caller.upload(MS_RequestId=request_id), range(2)))
    assert center.registered(CUSTOMER).total() == 1


@pytest.mark.parametrize("fault", [answer_lost(), unanswered(Silence.CLOSED), faults.throttled()])
def test_a_correlation_id_serves_one_call_only(caller: Caller, center: PartnerCenter, fault: Fault) -> None:
    correlation, request_id = str(uuid4()), str(uuid4())
    center.script.next_upload(fault)
    with suppress(requests.ConnectionError):
        caller.upload(MS_RequestId=request_id, MS_CorrelationId=correlation)
    assert caller.upload(MS_RequestId=request_id, MS_CorrelationId=correlation.upper()).status_code == 400
