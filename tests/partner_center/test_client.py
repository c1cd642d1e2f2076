import logging
import traceback
import uuid
from collections.abc import Mapping
from datetime import timedelta

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from local.stand_ins.partner_center import PartnerCenter as StandIn
from local.stand_ins.partner_center import SignIn, faults
from local.stand_ins.web import Proceed, Request, Response, Server, Silence, instead, unanswered
from shared.http_session import DirectSession
from shared.partner_center.client import PartnerCenter
from shared.partner_center.responses import (
    AnswerError,
    RefusedError,
    ThrottledError,
    TooLargeError,
    UnavailableError,
    tracking_id,
)
from tests.fakes import Clock
from tests.world import CUSTOMER, TokenDesk

BODY = b'[{"productKey":"K1"}]'


class Counting:
    """A site that must never be called."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response.of(200, {})


def stand_in(clock: Clock, *batches: str) -> StandIn:
    return StandIn(customers={CUSTOMER: list(batches or ("Test",))}, sign_in=lambda _: SignIn.APP_ONLY, clock=clock)


def client(url: str, session: requests.Session, clock: Clock) -> PartnerCenter:
    identity = {"X-Locale": "en-US", "MS-PartnerCenter-Application": "tests"}
    return PartnerCenter(session, url, TokenDesk(), identity, clock, pause=lambda _: None)


def open_session() -> DirectSession:
    return DirectSession(trust_env=False)


def request_id() -> str:
    return str(uuid.uuid4())


@pytest.mark.parametrize("batch", ["Test", "Test batch", "Ünï #1 100% a/b?c", "...", "%2e%2e", "a\nb"])
def test_any_batch_id_arrives_as_it_is(batch: str) -> None:
    clock = Clock()
    center = stand_in(clock, batch)
    with Server(center) as server, open_session() as session:
        client(server.url, session, clock).upload(CUSTOMER, batch, BODY, request_id())
    assert [device.product_key for device in center.batches(CUSTOMER)[batch]] == ["K1"]


def test_an_upload_carries_the_contracts_headers() -> None:
    clock = Clock()
    center = stand_in(clock)
    with Server(center) as server, open_session() as session:
        named = request_id()
        accepted = client(server.url, session, clock).upload(CUSTOMER, "Test", BODY, named)
    (call,) = center.calls
    told = {name: call.headers[name] for name in ("Authorization", "Accept", "Content-Type", "X-Locale")}
    assert told == {
        "Authorization": "Bearer token 1",
        "Accept": "application/json",
        "Content-Type": "application/json",
        "X-Locale": "en-US",
    }
    assert call.headers["MS-RequestId"] == named
    assert call.headers["MS-CorrelationId"] == accepted.correlation_id
    assert call.headers["MS-PartnerCenter-Application"] == "tests"


def test_the_token_follows_no_redirect() -> None:
    clock = Clock()
    center, elsewhere = stand_in(clock), Counting()
    with Server(center) as server, Server(elsewhere) as other, open_session() as session:
        center.script.next_upload(faults.redirect(other.url))
        with pytest.raises(UnavailableError):
            client(server.url, session, clock).upload(CUSTOMER, "Test", BODY, request_id())
    assert elsewhere.requests == []


def test_the_session_takes_neither_netrc_nor_proxies_nor_cookies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    clock = Clock()
    center = stand_in(clock)

    class Sticky:
        def answer(self, request: Request) -> Response:
            answer = center.answer(request)
            answer.headers["Set-Cookie"] = "affinity=1"
            return answer

    with Server(Sticky()) as server, open_session() as session:
        api = client(server.url, session, clock)
        for _ in range(2):
            api.upload(CUSTOMER, "Test", BODY, request_id())
    assert all("Cookie" not in call.headers for call in center.calls)


def test_nobody_at_home_is_unavailable() -> None:
    with open_session() as session, pytest.raises(UnavailableError) as error:
        client("http://127.0.0.1:9", session, Clock()).upload(CUSTOMER, "Test", BODY, request_id())
    assert not error.value.said_no
    assert error.value.fault.description == "Partner Center could not be reached."


def test_another_answer_than_a_status_is_unavailable() -> None:
    class Odd:
        def answer(self, _: Request) -> Response:
            return Response.of(200, ["odd"], {"Retry-After": "9"})

    with Server(Odd()) as server, open_session() as session, pytest.raises(UnavailableError) as error:
        client(server.url, session, Clock()).poll(CUSTOMER, "x")
    assert error.value.retry_after == timedelta(seconds=9)


def test_a_token_in_an_answer_is_not_repeated() -> None:
    clock = Clock()
    center = stand_in(clock)
    center.script.next_upload(faults.error(400, "3000", f"Bad token {TokenDesk().token()} in header."))
    with Server(center) as server, open_session() as session, pytest.raises(RefusedError) as error:
        client(server.url, session, clock).upload(CUSTOMER, "Test", BODY, request_id())
    assert error.value.fault.description == "Bad token (token) in header."


def test_a_token_in_headers_and_escapes_is_not_kept() -> None:
    clock = Clock()
    center = stand_in(clock)
    token = TokenDesk().token()

    def repeats(proceed: Proceed) -> Response:
        answer = proceed()
        answer.headers["Location"] += f"?was={token}"
        answer.headers["MS-CV"] = f"Bearer {token}"
        return answer

    def refuses(_: Proceed) -> Response:
        body = b'{"code": "3000", "description": "Bearer \\u0074oken%201"}'
        return Response(400, CaseInsensitiveDict({"MS-CV": token}), body)

    center.script.next_upload(repeats, refuses)
    with Server(center) as server, open_session() as session:
        api = client(server.url, session, clock)
        accepted = api.upload(CUSTOMER, "Test", BODY, request_id())
        with pytest.raises(RefusedError) as error:
            api.upload(CUSTOMER, "Test", BODY, request_id())
    assert accepted.location.endswith("?was=(token)")
    assert accepted.server_correlation == "Bearer (token)"
    assert error.value.fault.description == "Bearer (token)."
    assert error.value.fault.server_correlation == "(token)"


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 413, 429, 500, 503])
def test_every_answer_that_names_a_wait_hands_it_on(status: int) -> None:
    clock = Clock()
    center = stand_in(clock)
    center.script.next_upload(instead(Response(status, CaseInsensitiveDict({"Retry-After": "600"}), b"{}")))
    with Server(center) as server, open_session() as session, pytest.raises(AnswerError) as error:
        client(server.url, session, clock).upload(CUSTOMER, "Test", BODY, request_id())
    assert error.value.retry_after == timedelta(seconds=600)


def test_an_accepted_upload_and_a_poll_hand_a_wait_on() -> None:
    clock = Clock()
    center = stand_in(clock)

    def later(proceed: Proceed) -> Response:
        answer = proceed()
        answer.headers["Retry-After"] = "90"
        return answer

    center.script.next_upload(later)
    center.script.next_poll(later)
    with Server(center) as server, open_session() as session:
        api = client(server.url, session, clock)
        accepted = api.upload(CUSTOMER, "Test", BODY, request_id())
        poll = api.poll(CUSTOMER, str(tracking_id(accepted.location)))
    assert accepted.retry_after == poll.retry_after == timedelta(seconds=90)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_gateways_answer_leaves_it_open_whether_the_devices_were_taken(status: int) -> None:
    clock = Clock()
    center = stand_in(clock)

    def gives_up(proceed: Proceed) -> Response:
        proceed()
        return faults.gateway_error(status)(proceed)

    center.script.next_upload(gives_up)
    named = request_id()
    with Server(center) as server, open_session() as session:
        api = client(server.url, session, clock)
        with pytest.raises(UnavailableError) as error:
            api.upload(CUSTOMER, "Test", BODY, named)
        api.upload(CUSTOMER, "Test", BODY, named)
    assert not error.value.said_no
    assert center.registered(CUSTOMER).total() == 1


def test_nothing_that_a_call_leaves_behind_has_its_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with open_session() as session, pytest.raises(UnavailableError) as error:
        client("http://127.0.0.1:9", session, Clock()).upload(CUSTOMER, "Test", BODY, request_id())
    frames = traceback.TracebackException.from_exception(error.value, capture_locals=True).stack
    call = next(frame.locals["call"] for frame in frames if frame.locals and "call" in frame.locals)
    assert TokenDesk().token() not in call + caplog.text + "".join(traceback.format_exception(error.value))


DAMAGED = CaseInsensitiveDict(
    {"Content-Encoding": "gzip", "Location": "/customers/c/batchJobStatus/j", "Retry-After": "9"}
)
"""The headers of an answer whose body is no gzip."""


class Damaged:
    """Answers with a body that cannot be read."""

    def __init__(self, status: int, headers: Mapping[str, str] = DAMAGED, body: bytes = b"this is no gzip") -> None:
        self.requests: list[Request] = []
        self._response = Response(status, CaseInsensitiveDict(headers), body)

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return self._response


@pytest.mark.parametrize(("status", "error"), [(400, RefusedError), (413, TooLargeError), (429, ThrottledError)])
def test_an_answer_is_obeyed_though_its_body_cannot_be_read(status: int, error: type[AnswerError]) -> None:
    site = Damaged(status)
    with Server(site) as server, open_session() as session, pytest.raises(error) as raised:
        client(server.url, session, Clock()).upload(CUSTOMER, "Test", BODY, request_id())
    assert raised.value.retry_after == timedelta(seconds=9)
    assert len(site.requests) == 1


@pytest.mark.parametrize("site", [Damaged(202), Damaged(202, {"Location": DAMAGED["Location"]}, b" " * 100_000)])
def test_a_location_counts_though_the_body_cannot_be_read(monkeypatch: pytest.MonkeyPatch, site: Damaged) -> None:
    monkeypatch.setattr("shared.partner_center.client.LARGEST_ANSWER", 1000)
    with Server(site) as server, open_session() as session:
        accepted = client(server.url, session, Clock()).upload(CUSTOMER, "Test", BODY, request_id())
    assert accepted.location == DAMAGED["Location"]


def test_a_status_that_cannot_be_read_is_unavailable() -> None:
    with Server(Damaged(200)) as server, open_session() as session, pytest.raises(UnavailableError, match="HTTP 200"):
        client(server.url, session, Clock()).poll(CUSTOMER, "x")


def test_a_connection_that_breaks_late_is_not_tried_again_in_the_same_call() -> None:
    clock = Clock()
    center = stand_in(clock)

    def late(proceed: Proceed) -> Response:
        clock.advance(timedelta(seconds=90))
        return unanswered(Silence.CLOSED)(proceed)

    center.script.next_upload(late)
    with Server(center) as server, open_session() as session, pytest.raises(UnavailableError):
        client(server.url, session, clock).upload(CUSTOMER, "Test", BODY, request_id())
    assert len(center.calls) == 1
