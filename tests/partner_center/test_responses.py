from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from requests.structures import CaseInsensitiveDict

from shared.job.record import Fault
from shared.partner_center.responses import (
    Answer,
    DeviceEntry,
    RefusedError,
    ThrottledError,
    TooLargeError,
    UnavailableError,
    error_for,
    location_in,
    progress_in,
    retry_after,
    tracking_id,
)

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def answer(status: int = 202, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
    return Answer(status, CaseInsensitiveDict(headers or {}), body)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "3000", RefusedError),
        (403, "20002", RefusedError),
        (404, "60003", RefusedError),
        (405, None, RefusedError),
        (409, None, RefusedError),
        (415, None, RefusedError),
        (422, None, RefusedError),
        (413, None, TooLargeError),
        (401, "900420", UnavailableError),
        (403, "2032", UnavailableError),
        (403, None, UnavailableError),
        (408, None, UnavailableError),
        (429, None, ThrottledError),
        (302, None, UnavailableError),
        (500, "800003", UnavailableError),
        (503, None, UnavailableError),
    ],
)
def test_every_status_leads_where_the_contract_says(status: int, code: str | None, error: type[Exception]) -> None:
    assert type(error_for(answer(status), Fault(http_status=status, code=code, description=""), NOW)) is error


DOCUMENT = b'{"code": 800003, "description": "Server error.", "data": [], "source": "PartnerApiServiceCore"}'


@pytest.mark.parametrize(
    ("status", "body", "no"),
    [
        *((status, b"", True) for status in (400, 401, 403, 404, 405, 409, 413, 415, 422, 451, 499)),
        *((status, DOCUMENT, False) for status in (408, 425, 429, 200, 302, 307)),
        *((status, DOCUMENT, True) for status in (500, 502, 503, 504, 599)),
        *((status, b"", False) for status in (500, 502, 503, 504)),
        (500, b"<html>code description</html>", False),
        (503, b'{"statusCode": 503, "message": "Service unavailable."}', False),
        (503, b'{"description": "The backend did not answer."}', False),
        (503, b'{"code": "ServiceUnavailable"}', False),
        (503, b'{"code": null, "description": null}', False),
        (503, b'["code", "description"]', False),
    ],
)
def test_only_partner_center_itself_says_no(status: int, body: bytes, no: bool) -> None:  # noqa: FBT001 - a table's column
    assert error_for(answer(status, body=body), Fault(description=""), NOW).said_no is no


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 408, 413, 429, 500, 503])
def test_retry_after_is_read_whatever_the_status(status: int) -> None:
    error = error_for(answer(status, {"Retry-After": "77"}), Fault(description=""), NOW)
    assert error.retry_after == timedelta(seconds=77)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 22 Nov 2026 16:02:00 GMT", 120),
        ("Sun, 22 Nov 2026 15:02:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("٣", None),
        ("9" * 12, 366 * 86_400),
        ("9" * 30, 366 * 86_400),
        ("9" * 5000, None),
        ("Sun, 22 Nov 9026 16:00:00 GMT", 366 * 86_400),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, seconds: int | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(CaseInsensitiveDict({"retry-after": value}), NOW) == expected


@pytest.mark.parametrize(
    ("location", "tracking"),
    [
        ("/customers/c/batchJobStatus/16c00110", "16c00110"),
        ("/v1/customers/c/batchJobStatus/16c00110/", "16c00110"),
        ("https://elsewhere.example/v1/customers/c/batchJobStatus/16c00110?x=1#y", "16c00110"),
        ("16c00110", "16c00110"),
        ("/customers/c/batchJobStatus/a%20b", "a b"),
        ("", None),
        ("/", None),
        ("https://elsewhere.example", None),
        ("/customers/..", None),
        ("/customers/%2e%2e", None),
        ("https://[", None),
        ("/x/" + "y" * 501, None),
    ],
)
def test_the_tracking_id_is_the_last_segment_of_any_location(location: str, tracking: str | None) -> None:
    assert tracking_id(location) == tracking


@pytest.mark.parametrize(
    ("headers", "body", "location"),
    [
        ({"Location": "/a/1"}, b'{"location": "/b/2"}', "/a/1"),
        ({}, b'{"location": "/b/2"}', "/b/2"),
        ({"Location": "/"}, b'{"location": "/b/2"}', "/b/2"),
        ({}, b'{"links": {"self": {"uri": "/c/3"}}}', "/c/3"),
        ({}, b'{"links": {"self": "/c/3"}}', None),
        ({}, b'{"location": 5}', None),
        ({}, b"[]", None),
        ({}, b"<html>", None),
        ({}, b"", None),
        ({}, b"[" * 100_000, None),
    ],
)
def test_a_location_is_looked_for_in_header_and_body(
    headers: Mapping[str, str], body: bytes, location: str | None
) -> None:
    assert location_in(answer(202, headers, body)) == location


def test_members_are_read_off_any_body_as_one_readable_line() -> None:
    told = answer(body=b'{"code": 3000, "description": "a\\n\\u0007 b", "data": []}')
    assert told.member("code") == "3000"
    assert told.member("description") == "a b"
    assert told.member("data") is None
    assert told.member("source") is None
    assert answer(body=b'"text"').member("code") is None
    assert len(str(answer(body=b'{"description": "' + b"x" * 9999 + b'"}').member("description"))) == 500


@pytest.mark.parametrize(
    ("body", "finished"),
    [
        (b'{"status": "finished", "devicesStatus": []}', True),
        (b'{"status": "Finished_With_Errors"}', True),
        (b'{"status": "processing", "devicesStatus": null}', False),
        (b"{}", False),
    ],
)
def test_progress_is_finished_when_partner_center_says_so(body: bytes, finished: bool) -> None:  # noqa: FBT001 - a table's column
    progress = progress_in(answer(body=body))
    assert progress is not None
    assert progress.finished is finished


def test_an_odd_entry_does_not_spoil_the_others() -> None:
    body = b"""{"status": "finished", "devicesStatus": [null, 5, {"serialNumber": 7, "errorCode": 808.0},
        {"serialNumber": "S", "errorDescription": "half \\ud800", "status": ["odd"]}, {"status": "finished"}]}"""
    progress = progress_in(answer(body=body))
    assert progress is not None
    entries = progress.devices_status
    assert [entry.serial_number for entry in entries] == [None, None, "7", "S", None]
    assert entries[2].error_code == "808"
    assert entries[3] == DeviceEntry(serial_number="S", error_description="half ?")
    assert entries[4].status == "finished"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"status": 5}', b'{"x":' + b"[" * 100_000])
def test_another_body_is_no_progress(body: bytes) -> None:
    assert progress_in(answer(body=body)) is None
