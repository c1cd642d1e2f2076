import time
import tracemalloc

import pytest

from shared.config.limit_settings import MOST_IN_PART
from shared.partner_center.responses import Answer
from shared.partner_center.upload_details import DeviceEntry, UploadDetails, upload_details_in


def details(body: bytes) -> UploadDetails | None:
    return upload_details_in(Answer(200, {}, body))


@pytest.mark.parametrize(
    ("body", "status", "finished"),
    [
        (b'{"status": "finished", "devicesStatus": []}', "finished", True),
        (b'{"status": "Finished_With_Errors"}', "Finished_With_Errors", True),
        (b'{"status": "finishedWithErrors"}', "finishedWithErrors", True),
        (b'{"Status": "FinishedWithErrors"}', "FinishedWithErrors", True),
        (b'{"status": "Failed"}', "Failed", True),
        (b'{"status": 3}', "finished", True),
        (b'{"status": "4"}', "finished_with_errors", True),
        (b'{"status": 2}', "processing", False),
        (b'{"status": 1}', "queued", False),
        (b'{"status": 0}', "unknown", False),
        (b'{"status": 7}', "7", False),
        (b'{"status": ""}', "unknown", False),
        (b'{"status": "processing", "devicesStatus": null}', "processing", False),
        (b'{"status": "processing", "devicesStatus": "none"}', "processing", False),
        (b"{}", "unknown", False),
    ],
)
def test_a_status_is_read_in_every_spelling(body: bytes, status: str, finished: bool) -> None:  # noqa: FBT001 - a table's column
    read = details(body)
    assert read is not None
    assert (read.status, read.finished, read.devices) == (status, finished, ())


@pytest.mark.parametrize("name", [b"devicesStatus", b"DevicesStatus", b"devicesstatus"])
def test_entries_are_read_in_every_spelling(name: bytes) -> None:
    read = details(
        b"""{"Status": 4, "%b": [
        {"SerialNumber": "S1", "ProductKey": "K1", "Status": 3, "ErrorCode": "0"},
        {"serialnumber": "S2", "status": "FinishedWithErrors", "errorCode": 808, "errorDescription": "Owned."},
        {"serialNumber": "S3", "status": 4}, {"serialNumber": "S4", "status": "queued"}]}"""
        % name
    )
    assert read is not None
    assert read.devices[0] == DeviceEntry("S1", "K1", "finished", "0", None)
    assert read.devices[1] == DeviceEntry("S2", None, "FinishedWithErrors", "808", "Owned.")
    assert [(entry.finished, entry.failed) for entry in read.devices] == [
        (True, False),
        (False, True),
        (False, True),
        (False, False),
    ]


def test_an_odd_entry_does_not_spoil_the_others() -> None:
    read = details(b"""{"status": "finished", "devicesStatus": [null, 5, {"serialNumber": 7, "errorCode": 808.0},
        {"serialNumber": "S", "errorDescription": "half \\ud800", "status": ["odd"]}, {"status": "finished"},
        {"serialNumber": "\xff"}, {"serialNumber": "%s"}, {"errorDescription": "\\ud83d\\ude00 \\\\ud800"}]}"""
        .replace(b"%s", b"x" * 10_000))  # fmt: skip
    assert read is not None
    assert [entry.serial_number for entry in read.devices] == [None, None, "7", "S", None, None, None, None]
    assert read.devices[2].error_code == "808"
    assert read.devices[3] == DeviceEntry(serial_number="S", error_description="half ?")
    assert read.devices[4].status == "finished"
    assert read.devices[7].error_description == "\U0001f600 \\ud800"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b'"finished"',
        b'{"status": null}',
        b'{"status": true}',
        b'{"status": 1.5}',
        b'{"status": ["finished"]}',
        b'{"status": "%s"}' % (b"x" * 10_000),
        b'{"status": "finished", "devicesStatus": [{]}',
        b'{"x":' + b"[" * 100_000,
    ],
)
def test_another_body_is_no_upload(body: bytes) -> None:
    assert details(body) is None


SIZE = 3 * 2**20


@pytest.mark.parametrize(
    ("body", "devices"),
    [
        (b'{"status":"finished","devicesStatus":[' + b"{}," * (SIZE // 3) + b"{}]}", None),
        (b'{"status":"finished","devicesStatus":[' + b"0," * (SIZE // 2) + b"0]}", None),
        (b'{"status":"finished",' + b'"a":1,' * (SIZE // 6) + b'"b":1}', None),
        (b'{"status":"finished","devicesStatus":[{"a":["%s"]}]}' % (b"x" * SIZE), 1),
        (b'{"status":"finished","devicesStatus":[{"a":"%s"}]}' % (b"\\u0000" * (SIZE // 6)), 1),
        (b'{"status":"finished","devicesStatus":[' + b"{}," * (MOST_IN_PART + 5) + b"{}]}", MOST_IN_PART),
        (b'{"status":' + b"9" * SIZE + b"}", None),
        (b'{"a":"' + b"\\ud800" * (SIZE // 6) + b'"}', 0),
        (b"[" * SIZE, None),
    ],
    ids=["objects", "numbers", "members", "text", "escapes", "devices", "digits", "halves", "depth"],
)
def test_an_answer_takes_at_most_ten_times_its_size(body: bytes, devices: int | None) -> None:
    began = time.process_time()
    read = details(body)
    seconds = time.process_time() - began
    assert (len(read.devices) if read else None) == devices
    assert seconds <= 3  # a tenth of that where nothing else runs
    tracemalloc.start()
    details(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 10 * max(len(body), 2**20)
