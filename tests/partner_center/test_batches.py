"""Batches: created with their first devices by App+User alone, and listed so that a typo is seen."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import requests

from local.stand_ins.partner_center import Operation, SignIn, faults
from local.stand_ins.partner_center import PartnerCenter as StandIn
from local.stand_ins.web import Adapter, Proceed, Response, instead, no_fault
from shared.config.timeouts import LONGEST_PAGING
from shared.partner_center.batch_list import MOST_IDS, MOST_PAGES
from shared.partner_center.client import PartnerCenter
from shared.partner_center.responses import RefusedError, ThrottledError, TooLargeError, UnavailableError, tracking_id
from tests.fakes import Clock
from tests.world import CUSTOMER, URL, TokenDesk

DEVICES = b'[{"productKey":"K1"},{"productKey":"K2"}]'


@dataclass
class Meeting:
    """The real client and the stand-in, face to face."""

    api: PartnerCenter
    center: StandIn
    clock: Clock
    access: SignIn = SignIn.APP_AND_USER

    def create(self, batch: str, request_id: str | None = None) -> str:
        accepted = self.api.create_batch(CUSTOMER, batch, DEVICES, request_id or str(uuid.uuid4()))
        return str(tracking_id(accepted.location))

    def keys(self, batch: str) -> list[object]:
        return [device.product_key for device in self.center.batches(CUSTOMER)[batch]]


@pytest.fixture
def meeting() -> Iterator[Meeting]:
    clock = Clock()
    center = StandIn(customers={CUSTOMER: ["Test", "Laptops 2026"]}, sign_in=lambda _: met.access, clock=clock)
    with requests.Session() as session:
        session.mount(URL, Adapter(center))
        met = Meeting(PartnerCenter(session, URL, TokenDesk(), {}, clock, pause=lambda _: None), center, clock)
        yield met


@pytest.mark.parametrize("batch", ["New", 'Neu "1" \\ 100%', "Zürich/日本"])
def test_a_batch_is_created_with_its_first_devices_and_can_be_followed(meeting: Meeting, batch: str) -> None:
    tracking = meeting.create(batch)
    assert meeting.keys(batch) == ["K1", "K2"]
    assert meeting.api.poll(CUSTOMER, tracking).details.finished


def test_the_request_is_the_documented_one(meeting: Meeting) -> None:
    request_id = str(uuid.uuid4())
    meeting.create("New", request_id)
    (call,) = meeting.center.calls
    assert (call.request.method, call.request.target) == ("POST", f"/v1/customers/{CUSTOMER}/deviceBatches")
    assert call.document == {"batchId": "New", "devices": json.loads(DEVICES)}
    assert call.headers["MS-RequestId"] == request_id


def test_the_same_request_id_again_creates_nothing_twice(meeting: Meeting) -> None:
    request_id = str(uuid.uuid4())
    assert meeting.create("New", request_id) == meeting.create("New", request_id)
    assert meeting.keys("New") == ["K1", "K2"]


def test_a_batch_that_somebody_else_has_just_created_is_a_conflict(meeting: Meeting) -> None:
    with pytest.raises(RefusedError) as error:
        meeting.create("Test")
    assert error.value.fault.http_status == 409


def test_an_app_without_a_user_may_not_create(meeting: Meeting) -> None:
    meeting.access = SignIn.APP_ONLY
    with pytest.raises(UnavailableError) as error:
        meeting.create("New")
    assert (error.value.fault.http_status, error.value.fault.code) == (403, "2032")


def test_a_first_part_can_be_too_large(meeting: Meeting) -> None:
    meeting.center.script.max_devices = 1
    with pytest.raises(TooLargeError):
        meeting.create("New")


def test_a_creation_without_a_location_is_asked_about_again(meeting: Meeting) -> None:
    meeting.center.script.next_call(Operation.CREATE_BATCH, faults.no_location)
    with pytest.raises(UnavailableError) as error:
        meeting.create("New")
    assert not error.value.said_no
    assert error.value.fault.description == (
        "Partner Center has probably taken the devices, but did not say where to follow them."
    )


def test_batches_are_listed(meeting: Meeting) -> None:
    assert meeting.api.batches(CUSTOMER) == ["Test", "Laptops 2026"]


def test_a_customer_without_batches_has_none(meeting: Meeting) -> None:
    meeting.center.script.next_call(Operation.LIST_BATCHES, instead(Response.of(200, {"totalCount": 0, "items": []})))
    assert meeting.api.batches(CUSTOMER) == []


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_batches_are_listed_over_all_pages(meeting: Meeting, size: int) -> None:
    meeting.center.script.batches_per_page = size
    for number in range(4):
        meeting.center.add_batch(CUSTOMER, f"Batch {number}")
    assert meeting.api.batches(CUSTOMER) == ["Test", "Laptops 2026", *(f"Batch {number}" for number in range(4))]
    assert len({call.headers["MS-CorrelationId"] for call in meeting.center.calls}) == -(-6 // size)


def test_a_list_without_end_is_read_for_a_while(meeting: Meeting) -> None:
    meeting.center.script.batches_per_page = 1
    for number in range(MOST_PAGES + 9):
        meeting.center.add_batch(CUSTOMER, f"Batch {number}")
    assert len(meeting.api.batches(CUSTOMER)) == MOST_PAGES == len(meeting.center.calls)


def test_of_a_page_without_measure_the_first_batches_are_looked_at(meeting: Meeting) -> None:
    page = {"totalCount": 2**20, "items": [{"id": ""}] * 2**20}
    meeting.center.script.next_call(Operation.LIST_BATCHES, instead(Response.of(200, page)))
    assert len(meeting.api.batches(CUSTOMER)) == MOST_IDS


def test_a_list_ends_where_no_further_call_may_be_made(meeting: Meeting) -> None:
    meeting.center.script.batches_per_page = 1
    meeting.center.add_batch(CUSTOMER, "Another")
    assert meeting.api.batches(CUSTOMER, lambda: False) == ["Test"]
    assert len(meeting.center.calls) == 1


def test_a_slow_list_ends_before_the_lease_does(meeting: Meeting) -> None:
    def slow(proceed: Proceed) -> Response:
        meeting.clock.advance(LONGEST_PAGING + timedelta(seconds=1))
        return proceed()

    meeting.center.script.batches_per_page = 1
    meeting.center.script.next_call(Operation.LIST_BATCHES, slow)
    assert meeting.api.batches(CUSTOMER) == ["Test"]


def test_a_fault_of_a_later_page_is_raised(meeting: Meeting) -> None:
    meeting.center.script.batches_per_page = 1
    meeting.center.script.next_call(Operation.LIST_BATCHES, no_fault, faults.throttled(5))
    with pytest.raises(ThrottledError):
        meeting.api.batches(CUSTOMER)


def page(**link: object) -> Response:
    return Response.of(200, {"items": [{"id": "Test"}], "links": {"next": link}})


@pytest.mark.parametrize(
    "uri",
    [
        "/customers/other/deviceBatches?page=2",
        "/v1/customers/c/deviceBatches?page=2",
        "?page=2",
        f"{URL}/v1/elsewhere?page=2",
    ],
)
def test_a_next_page_is_asked_for_on_the_own_path_with_the_links_query(meeting: Meeting, uri: str) -> None:
    headers = [{"key": "MS-ContinuationToken", "value": "t 1"}, {"key": "Authorization", "value": "Basic x"}]
    headers += [{"key": "ms-requestid", "value": "x"}, {"key": "Host", "value": "evil.example"}]
    meeting.center.script.next_call(
        Operation.LIST_BATCHES,
        instead(page(uri=uri, method="GET", headers=headers)),
        instead(Response.of(200, {"items": [{"id": "Last"}], "links": None})),
    )
    assert meeting.api.batches(CUSTOMER) == ["Test", "Last"]
    call = meeting.center.calls[1]
    assert call.request.target == f"/v1/customers/{CUSTOMER}/deviceBatches?page=2"
    assert call.headers["MS-ContinuationToken"] == "t 1"
    assert call.headers["Authorization"] == "Bearer token 1"
    assert call.headers["Host"] == "partner.example"
    assert call.headers["MS-RequestId"] != "x"


@pytest.mark.parametrize(
    "link",
    [
        {},
        {"uri": 5},
        {"uri": "/customers/c/deviceBatches"},
        {"uri": "https://evil.example/v1/customers/c/deviceBatches?page=2"},
        {"uri": "//evil.example?page=2"},
        {"uri": "https://[?page=2"},
        {"uri": "?page=2", "method": "POST"},
        {"uri": "?page=" + "2" * 8192},
        {"uri": "?page=\u00e9"},
        {"uri": "?page=2", "headers": [{"key": "MS-ContinuationToken", "value": "a\r\nHost: evil.example"}]},
        {"uri": "?page=2", "headers": [{"key": "MS-ContinuationToken:", "value": 5}]},
        {"uri": "?page=2", "headers": [{"key": "MS-\n", "value": "x"}]},
    ],
)
def test_an_odd_link_leads_nowhere(meeting: Meeting, link: dict[str, object]) -> None:
    meeting.center.script.next_call(Operation.LIST_BATCHES, instead(page(**link)))
    assert meeting.api.batches(CUSTOMER) == ["Test"]
    assert len(meeting.center.calls) == 1


@pytest.mark.parametrize("links", [[], "next", {"next": None}, {"next": "?page=2"}, {"self": {}}])
def test_odd_links_lead_nowhere(meeting: Meeting, links: object) -> None:
    document = {"items": [{"id": "Test"}], "links": links}
    meeting.center.script.next_call(Operation.LIST_BATCHES, instead(Response.of(200, document)))
    assert meeting.api.batches(CUSTOMER) == ["Test"]


def test_a_list_may_begin_with_a_byte_order_mark(meeting: Meeting) -> None:
    body = b'\xef\xbb\xbf{"totalCount": 1, "items": [{"id": "Spring laptops"}]}'
    meeting.center.script.next_call(Operation.LIST_BATCHES, instead(Response(200, body=body)))
    assert meeting.api.batches(CUSTOMER) == ["Spring laptops"]


@pytest.mark.parametrize(
    "document", [None, [], {}, {"items": None}, {"items": [{"name": "Test"}]}, {"items": ["Test"]}]
)
def test_what_is_no_list_of_batches_is_told(meeting: Meeting, document: object) -> None:
    meeting.center.script.next_call(Operation.LIST_BATCHES, instead(Response.of(200, document)))
    with pytest.raises(UnavailableError, match="HTTP 200"):
        meeting.api.batches(CUSTOMER)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "900420", "PARTNER_CENTER_CLOUD"),
        (401, "10001", "python -m shared consent again"),
        (401, "", "App management"),
        (403, "20002", "request the relationship"),
        (403, "2032", "App management"),
        (403, "", "granular delegated admin privileges"),
    ],
)
def test_an_answer_about_who_asks_says_what_to_mend(meeting: Meeting, status: int, code: str, words: str) -> None:
    meeting.center.script.next_call(Operation.LIST_BATCHES, faults.error(status, code, "No."))
    with pytest.raises((UnavailableError, RefusedError)) as error:
        meeting.api.batches(CUSTOMER)
    assert error.value.fault.description.startswith("No. ")
    assert words in error.value.fault.description


def test_an_app_alone_that_is_not_served_is_told_to_sign_in_with_a_user(meeting: Meeting) -> None:
    text = "The resource can't be accessed by application credentials"
    meeting.center.script.next_call(Operation.LIST_BATCHES, faults.error(500, "800003", text))
    with pytest.raises(UnavailableError) as error:
        meeting.api.batches(CUSTOMER)
    assert error.value.fault.description == (
        f"{text}. Partner Center does not serve an app alone here: sign in as an app together with a user"
        " (PARTNER_CENTER_AUTH=app_user)."
    )


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_answer_about_what_is_asked_stays_as_it_is(meeting: Meeting, status: int) -> None:
    meeting.center.script.next_call(Operation.LIST_BATCHES, faults.error(status, "1000", "No."))
    with pytest.raises((UnavailableError, RefusedError)) as error:
        meeting.api.batches(CUSTOMER)
    assert error.value.fault.description == "No."
