from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from requests.structures import CaseInsensitiveDict

from shared.job.status_document import Fault
from shared.partner_center.responses import (
    Answer,
    RefusedError,
    ThrottledError,
    TooLargeError,
    UnavailableError,
    error_for,
    location_in,
    received,
    retry_after,
    sentence,
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
        (500, b'{"code": "", "description": ""}', False),
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
        ("120, 60", 120),
        ("120 ,60", 120),
        ("Sun, 22 Nov 2026 16:02:00 GMT", 120),
        ("Sun, 22 Nov 2026 15:02:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("٣", None),
        ("9" * 12, 366 * 86_400),
        ("9" * 30, 366 * 86_400),
        ("9" * 5000, 366 * 86_400),
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
        ("/customers/c/batchJobStatus/%2e%2e%2f%2e%2e%2fother%2fbatchJobStatus%2f16c00110", None),
        ("/customers/c/batchJobStatus/..%5c16c00110", None),
        ("https://[", None),
        ("/x/\ud800y", None),
        ("/\udfff/y", None),
        ("/x/" + "y" * 501, None),
        ("/x/" * 682 + "y2", "y2"),
        ("/x/" * 682 + "y23", None),
        ("x" * 2**20 + "/y", None),
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
        ({}, b"[" * 60_000, None),
        ({"Location": "/" + "x" * 3000}, b'{"location": "/b/2"}', "/b/2"),
        ({}, b'{"Location": "/b/2"}', "/b/2"),
        ({}, b'{"Links": {"Self": {"Uri": "/c/3"}}}', "/c/3"),
        ({}, b'{"location": "/b/2", "x": "%s"}' % (b"x" * 2**16), None),
    ],
)
def test_a_location_is_looked_for_in_header_and_body(
    headers: Mapping[str, str], body: bytes, location: str | None
) -> None:
    assert location_in(answer(202, headers, body)) == location


@pytest.mark.parametrize(
    ("body", "code", "description"),
    [
        (b'{"code": 3000, "description": "a\\n\\u0007 b", "data": [], "source": "x"}', "3000", "a b"),
        (b'{"Code": "BadRequest", "Description": "Wrong."}', "BadRequest", "Wrong."),
        (b'{"error": {"code": "BadRequest", "message": "Invalid batch id"}}', "BadRequest", "Invalid batch id"),
        (b'{"error": {"Code": 5, "Message": "m"}, "code": "outer"}', "5", "m"),
        (b'{"error": "invalid_request", "message": "m"}', None, "m"),
        (b'{"Message": "An error has occurred."}', None, "An error has occurred."),
        (b'{"statusCode": 429, "message": "Too many requests."}', None, "Too many requests."),
        (b'{"code": null, "description": ["odd"]}', None, None),
        (b'{"code": true, "description": 2.0}', "True", "2"),
        (b'{"description": "half \\ud800"}', None, "half ?"),
        (b'"text"', None, None),
        (b"<html>code</html>", None, None),
        (b"", None, None),
        (b"[" * 60_000, None, None),
        (b'{"code": "1", "description": "%s"}' % (b"x" * 2**16), None, None),
        (b'{"code": %s}' % (b"9" * 5000), None, None),
    ],
)
def test_an_error_is_read_in_every_shape_that_is_known(body: bytes, code: str | None, description: str | None) -> None:
    assert answer(body=body).error == (code, description)


def test_foreign_texts_are_bounded() -> None:
    code, description = answer(body=b'{"code": "%s", "description": "%s"}' % (b"x" * 999, b"y" * 9999)).error
    assert (len(str(code)), len(str(description))) == (100, 500)
    assert len(str(answer(headers={"MS-CV": "z" * 999}).server_correlation)) == 100


@pytest.mark.parametrize(
    ("text", "whole"),
    [("Not found", "Not found."), ("No.", "No."), ("No!", "No!"), ("Why?", "Why?"), ("…", "…"), ("失敗。", "失敗。")],
)
def test_a_text_ends_like_a_sentence(text: str, whole: str) -> None:
    assert sentence(text) == whole


BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize("marks", [0, 1])
def test_a_byte_order_mark_is_taken_off_once(marks: int) -> None:
    body = BOM * marks + b'{"code": 20002, "description": "No relationship."}'
    assert received(403, {}, body, "token").error == ("20002", "No relationship.")
    assert received(403, {}, BOM * 2 + b"{}", "token").body == BOM + b"{}"


def test_the_token_is_taken_out_of_all_that_is_kept() -> None:
    headers = {"Location": "/a/1?was=secret", "MS-CV": "se%63ret", "Server": "secret", "Retry-After": "5"}
    seen = received(202, headers, b'{"description": "Bearer \\u0073ecret."}', "secret")
    assert seen.headers == {"Location": "/a/1?was=(token)", "MS-CV": "(token)", "Retry-After": "5"}
    assert seen.error == (None, "Bearer (token).")
