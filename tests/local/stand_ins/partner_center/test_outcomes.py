from datetime import timedelta
from typing import Any, Literal

import pytest

from local.stand_ins.partner_center import ALREADY_REGISTERED, UNREPORTED, Outcome, PartnerCenter
from tests.local.stand_ins.partner_center.caller import CUSTOMER, OTHER_CUSTOMER, UNKNOWN, Caller, Clock

DEVICES = [
    {"serialNumber": "s1", "oemManufacturerName": "o", "modelName": "m"},
    {"productKey": "k2"},
    {"hardwareHash": "h3"},
]


def rows_without_ids(details: dict[str, Any]) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = details["devicesStatus"]
    assert len({row.pop("deviceId") for row in rows}) == len(rows)
    return rows


def test_an_upload_is_queued_then_processing_then_finished(caller: Caller, center: PartnerCenter, clock: Clock) -> None:
    center.script.queued_for, center.script.processing_for = timedelta(seconds=30), timedelta(minutes=10)
    accepted = caller.upload(DEVICES)
    seen = []
    for seconds in (0, 29, 1, 599, 1):
        clock.passes(seconds)
        details = caller.details(accepted)
        seen.append((details["status"], details.get("startedTime"), details.get("completedTime")))
    started, completed = "2026-11-22T16:00:30.0000000", "2026-11-22T16:10:30.0000000"
    assert seen == [
        ("queued", None, None),
        ("queued", None, None),
        ("processing", started, None),
        ("processing", started, None),
        ("finished", started, completed),
    ]


def test_an_upload_can_stay_in_the_queue(caller: Caller, center: PartnerCenter, clock: Clock) -> None:
    center.script.queued_for = center.script.processing_for = timedelta.max
    accepted = caller.upload(DEVICES)
    clock.passes(1e9)
    assert caller.details(accepted)["status"] == "queued"


def test_a_serial_number_can_ask_for_its_end(caller: Caller, center: PartnerCenter) -> None:
    serials = ("808-1", "802-X", "806-", "8080-1", "S808-1")
    center.script.device_ends("802-X", Outcome("812"))
    accepted = caller.upload([{"serialNumber": serial, "hardwareHash": serial} for serial in serials])
    rows = caller.details(accepted)["devicesStatus"]
    assert [row.get("errorCode") for row in rows] == ["808", "812", "806", None, None]


def test_rows_carry_neither_hash_nor_model(caller: Caller) -> None:
    accepted = caller.upload(DEVICES)
    details = caller.details(accepted)
    assert accepted.headers["Location"].endswith(details["batchTrackingId"])
    assert rows_without_ids(details) == [
        {"serialNumber": "s1", "status": "finished"},
        {"productKey": "k2", "status": "finished"},
        {"status": "finished"},
    ]


def test_a_device_of_an_earlier_upload_answers_806(caller: Caller, center: PartnerCenter) -> None:
    caller.upload(DEVICES[:1])
    again = caller.details(caller.upload(DEVICES[:2], batch="Test batch"))
    assert again["status"] == "finished"
    assert rows_without_ids(again) == [
        {
            "serialNumber": "s1",
            "status": "finished_with_errors",
            "errorCode": "806",
            "errorDescription": "ZtdDeviceAlreadyAssigned",
        },
        {"productKey": "k2", "status": "finished"},
    ]
    assert sorted(center.registered(CUSTOMER).values()) == [1, 2]


def test_a_device_twice_in_one_upload_is_not_yet_registered(caller: Caller) -> None:
    rows = rows_without_ids(caller.details(caller.upload(DEVICES[:1] * 2)))
    assert [row["status"] for row in rows] == ["finished", "finished"]


def test_a_device_that_failed_is_judged_anew(caller: Caller, center: PartnerCenter) -> None:
    center.script.device_ends("s1", Outcome("640", "StorageError"))
    caller.upload(DEVICES)
    center.script.device_ends("s1", None)
    statuses = [row.get("errorCode") for row in caller.details(caller.upload(DEVICES))["devicesStatus"]]
    assert statuses == [None, "806", "806"]


@pytest.mark.parametrize(("value", "position"), [("s1", 0), ("k2", 1), ("h3", 2)])
@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Outcome("808", "ZtdDeviceAssignedToOtherTenant"), ("808", "ZtdDeviceAssignedToOtherTenant")),
        (Outcome(None, "ZtdDeviceDuplicated"), (None, "ZtdDeviceDuplicated")),
        (Outcome("999"), ("999", None)),
        (ALREADY_REGISTERED, ("806", "ZtdDeviceAlreadyAssigned")),
    ],
)
def test_a_device_ends_as_it_was_told(
    caller: Caller,
    center: PartnerCenter,
    value: str,
    position: int,
    outcome: Outcome,
    error: tuple[str | None, str | None],
) -> None:
    center.script.device_ends(value, outcome)
    rows = caller.details(caller.upload(DEVICES))["devicesStatus"]
    expected: list[tuple[str, str | None, str | None]] = [("finished", None, None)] * 3
    expected[position] = ("finished_with_errors", *error)
    assert [(row["status"], row.get("errorCode"), row.get("errorDescription")) for row in rows] == expected


@pytest.mark.parametrize("status", ["finished", "finished_with_errors"])
def test_the_status_of_an_upload_with_failures_is_settable(
    caller: Caller, center: PartnerCenter, status: Literal["finished", "finished_with_errors"]
) -> None:
    center.script.status_when_devices_fail = status
    center.script.device_ends("s1", Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    assert caller.details(caller.upload(DEVICES))["status"] == status
    assert caller.details(caller.upload(DEVICES[1:]))["status"] == "finished"


def test_a_device_can_be_left_out_of_the_answer(caller: Caller, center: PartnerCenter) -> None:
    center.script.device_ends("k2", UNREPORTED)
    rows = rows_without_ids(caller.details(caller.upload(DEVICES)))
    assert rows == [{"serialNumber": "s1", "status": "finished"}, {"status": "finished"}]


def test_rows_can_come_in_another_order(caller: Caller, center: PartnerCenter) -> None:
    center.script.order = lambda rows: rows[::2] + rows[1::2]
    devices = [{"serialNumber": str(number), "hardwareHash": str(number)} for number in range(5)]
    serials = [row["serialNumber"] for row in caller.details(caller.upload(devices))["devicesStatus"]]
    assert serials == ["0", "2", "4", "1", "3"]


@pytest.mark.parametrize("path", [f"{OTHER_CUSTOMER}/batchJobStatus/{{id}}", f"{CUSTOMER}/batchJobStatus/{UNKNOWN}"])
def test_an_upload_is_shown_to_its_customer_alone(caller: Caller, path: str) -> None:
    tracking_id = caller.upload(DEVICES).headers["Location"].rpartition("/")[2]
    answer = caller.call("GET", f"/v1/customers/{path.format(id=tracking_id)}")
    assert (answer.status_code, answer.json()["code"]) == (404, "1000")


def test_a_poll_checks_its_ids_where_it_has_any(caller: Caller) -> None:
    path = "/v1" + caller.upload(DEVICES).headers["Location"]
    for _ in range(2):
        assert caller.call("GET", path, MS_RequestId=None, MS_CorrelationId=None, Content_Type=None).status_code == 200
    assert caller.call("GET", path, MS_CorrelationId="mine").status_code == 400
