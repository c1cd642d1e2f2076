from datetime import UTC, datetime
from uuid import uuid4

import pytest
import requests

from local.stand_ins.partner_center import Operation, PartnerCenter, faults
from local.stand_ins.web import Adapter, Fault, Silence, answer_lost, unanswered
from tests.local.stand_ins.partner_center.caller import BATCHES, BODY, CUSTOMER, Caller

BATCHES_PATH = f"/v1/customers/{CUSTOMER}/deviceBatches"
NEW = {"batchId": "New one", "devices": BODY}


@pytest.mark.parametrize(
    ("fault", "status", "members"),
    [
        (faults.error(404, "60003", "gone"), 404, {"code": "60003", "description": "gone"}),
        (faults.error(500, "800003", "oh"), 500, {"code": "800003", "description": "oh"}),
        (faults.throttled(), 429, {"statusCode": 429}),
    ],
)
def test_a_fault_meets_the_next_upload_and_registers_nothing(
    caller: Caller, center: PartnerCenter, fault: Fault, status: int, members: dict[str, object]
) -> None:
    center.script.next_upload(fault)
    answer = caller.upload()
    assert answer.status_code == status
    assert members.items() <= answer.json().items()
    assert not center.registered(CUSTOMER)
    assert caller.upload().status_code == 202


@pytest.mark.parametrize(
    ("fault", "retry_after"),
    [
        (faults.throttled(30), "30"),
        (faults.throttled(datetime(2026, 11, 22, 16, 1, tzinfo=UTC)), "Sun, 22 Nov 2026 16:01:00 GMT"),
        (faults.throttled(), None),
    ],
)
def test_a_throttle_says_when_to_come_again(
    caller: Caller, center: PartnerCenter, fault: Fault, retry_after: str | None
) -> None:
    center.script.next_poll(fault)
    answer = caller.call("GET", "/v1" + caller.upload().headers["Location"])
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, retry_after)
    assert answer.json().keys() == {"statusCode", "message"}


def test_a_gateway_answers_html_without_partner_centers_headers(caller: Caller, center: PartnerCenter) -> None:
    center.script.next_upload(faults.gateway_error(503))
    answer = caller.upload()
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")
    assert answer.text.startswith("<html>")
    assert "MS-CV" not in answer.headers


@pytest.mark.parametrize(
    ("fault", "exception", "registered"),
    [
        (unanswered(Silence.REFUSED), requests.ConnectionError, 0),
        (unanswered(Silence.CLOSED), requests.ConnectionError, 0),
        (unanswered(Silence.TIMED_OUT), requests.ReadTimeout, 0),
        (answer_lost(), requests.ConnectionError, 1),
        (answer_lost(Silence.TIMED_OUT), requests.ReadTimeout, 1),
    ],
)
def test_a_silence_reaches_the_client_as_its_exception(
    caller: Caller, center: PartnerCenter, fault: Fault, exception: type[Exception], registered: int
) -> None:
    center.script.next_upload(fault)
    request_id = str(uuid4())
    caller.timeout = 0.5 if exception is requests.ReadTimeout else 10
    with pytest.raises(exception):
        caller.upload(MS_RequestId=request_id)
    caller.timeout = 10
    assert center.registered(CUSTOMER).total() == registered
    assert caller.upload(MS_RequestId=request_id).status_code == 202
    assert center.registered(CUSTOMER).total() == 1


def test_an_outage_lasts_until_it_is_over(caller: Caller, center: PartnerCenter) -> None:
    center.script.outage = faults.gateway_error(503)
    center.script.next_upload(faults.throttled(1))
    assert [caller.upload().status_code for _ in range(3)] == [429, 503, 503]
    center.script.outage = None
    assert caller.upload().status_code == 202


def test_faults_of_one_operation_leave_the_others_alone(caller: Caller, center: PartnerCenter) -> None:
    center.script.next_call(Operation.LIST_BATCHES, faults.error(403, "2032", "no"))
    assert caller.upload().status_code == 202
    assert caller.call("GET", BATCHES_PATH).status_code == 403


@pytest.mark.parametrize(
    "base", ["https://elsewhere.example", "https://elsewhere.example/v1", "https://api.partnercenter.microsoft.com/v1"]
)
def test_a_location_can_be_absolute(caller: Caller, center: PartnerCenter, base: str) -> None:
    center.script.next_upload(faults.absolute_location(base))
    answer = caller.upload()
    assert answer.status_code == 202
    assert answer.headers["Location"].startswith(f"{base}/customers/{CUSTOMER}/batchJobStatus/")


def test_a_location_can_be_missing(caller: Caller, center: PartnerCenter) -> None:
    center.script.next_upload(faults.no_location)
    answer = caller.upload()
    assert (answer.status_code, answer.headers.get("Location")) == (202, None)
    assert center.registered(CUSTOMER).total() == 1


def test_a_location_can_stand_in_the_body(caller: Caller, center: PartnerCenter) -> None:
    center.script.next_upload(faults.location_in_body("location"), faults.location_in_body("links"))
    request_id = str(uuid4())
    first, second, third = (caller.upload(MS_RequestId=request_id) for _ in range(3))
    assert (first.status_code, second.status_code) == (200, 200)
    assert "Location" not in first.headers.keys() | second.headers.keys()
    assert first.json()["location"] == second.json()["links"]["self"]["uri"] == third.headers["Location"]


@pytest.mark.parametrize("status", [302, 307])
def test_a_client_that_follows_a_redirect_is_seen_at_the_other_host(
    caller: Caller, center: PartnerCenter, status: int
) -> None:
    other = PartnerCenter(customers={}, sign_in=lambda _token: None, clock=center.clock)
    caller.session.mount("https://elsewhere.example", Adapter(other))
    center.script.next_upload(*[faults.redirect("https://elsewhere.example/v1", status)] * 2)
    assert caller.upload().status_code == status
    assert not other.calls
    caller.session.post(caller.url + f"{BATCHES_PATH}/Test/devices", headers={"Authorization": "Bearer app"})
    assert len(other.calls) == 1


def test_every_call_is_recorded_with_what_the_client_got(caller: Caller, center: PartnerCenter) -> None:
    center.script.next_upload(answer_lost())
    with pytest.raises(requests.ConnectionError):
        caller.upload(X_Locale="de-DE")
    caller.call("GET", BATCHES_PATH)
    caller.call("GET", "/")
    seen = [(call.operation, call.response and call.response.status, call.document) for call in center.calls]
    assert seen == [(Operation.UPLOAD, None, BODY), (Operation.LIST_BATCHES, 200, None), (None, 404, None)]
    assert center.calls[0].headers["x-locale"] == "de-DE"
    assert center.calls[0].headers["Host"] in caller.url


def test_batches_are_listed_with_the_number_of_their_devices(caller: Caller) -> None:
    for _ in range(2):
        caller.upload(batch="Test batch")
    listing = caller.call("GET", BATCHES_PATH).json()
    assert listing["totalCount"] == len(listing["items"]) == 7
    batch = listing["items"][1]
    assert (batch["id"], batch["devicesCount"], batch["creationDate"]) == (
        "Test batch",
        1,
        "2026-11-22T16:00:00.0000000",
    )
    assert batch["devicesLink"]["uri"] == f"/customers/{CUSTOMER}/deviceBatches/Test%20batch/devices"


def test_many_batches_are_listed_in_pages(caller: Caller, center: PartnerCenter) -> None:
    center.script.batches_per_page = 3
    listing, found, pages = caller.call("GET", BATCHES_PATH).json(), list[str](), 1
    while link := listing["links"].get("next"):
        found += [batch["id"] for batch in listing["items"]]
        headers = {header["key"]: header["value"] for header in link["headers"]}
        listing, pages = caller.call(link["method"], "/v1" + link["uri"], None, **headers).json(), pages + 1
    found += [batch["id"] for batch in listing["items"]]
    assert (tuple(found), pages) == (BATCHES, 3)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?seekOperation=Next", {}),
        ("?seekOperation=Next", {"MS_ContinuationToken": "made-up"}),
        ("?seekOperation=Previous", {"MS_ContinuationToken": "after-3"}),
        ("", {"MS_ContinuationToken": "after-3"}),
    ],
)
def test_a_page_is_asked_for_as_its_link_says(caller: Caller, query: str, headers: dict[str, str]) -> None:
    assert caller.call("GET", BATCHES_PATH + query, None, **headers).status_code == 400


def test_a_batch_is_created_for_a_user_only_and_once(caller: Caller, center: PartnerCenter) -> None:
    assert caller.post(BATCHES_PATH, NEW).json()["code"] == "2032"
    request_id = str(uuid4())
    as_user = {"Authorization": "Bearer user", "MS-RequestId": request_id}
    first, again = (caller.post(BATCHES_PATH, NEW, **as_user) for _ in range(2))
    assert first.status_code == 202
    assert first.headers["Location"] == again.headers["Location"]
    assert caller.post(BATCHES_PATH, NEW, Authorization="Bearer user").status_code == 409
    assert caller.upload(batch="New one").status_code == 202
    assert len(center.batches(CUSTOMER)["New one"]) == 2


@pytest.mark.parametrize("body", [BODY, {"batchId": " ", "devices": BODY}, {"batchId": "New"}, NEW | {"devices": []}])
def test_a_batch_needs_a_name_and_devices(caller: Caller, body: object) -> None:
    assert caller.post(BATCHES_PATH, body, Authorization="Bearer user").status_code == 400
