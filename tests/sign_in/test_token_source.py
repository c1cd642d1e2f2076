import logging
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, cast

import pytest
from azure.core.credentials import AccessToken
from azure_functions_runtime import invocation_id_cv

from shared.config.timeouts import LONGEST_SIGN_IN
from shared.partner_center.token_protocol import SignInError
from shared.sign_in import TokenSource, token_source

if TYPE_CHECKING:
    from collections.abc import Callable


class Endpoint:
    """Returns another token each time, and holds whoever asks until it may answer."""

    def __init__(self, *, answers: bool = True) -> None:
        self.fault: Exception | None = None
        self.takes: Callable[[], object] = lambda: None
        self.asked = Event()
        self.may_answer = Event()
        self.calls = 0
        self.closed = 0
        if answers:
            self.may_answer.set()

    def get_token(self, *scopes: str) -> AccessToken:
        self.calls += 1
        self.asked.set()
        assert self.may_answer.wait(10)
        self.takes()
        if self.fault:
            raise self.fault
        return AccessToken(f"{' '.join(scopes)} {self.calls}", 0)

    def close(self) -> None:
        self.closed += 1


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def test_a_token_is_for_the_audience() -> None:
    assert TokenSource(Endpoint, "api://audience").token() == "api://audience/.default 1"


@pytest.mark.parametrize("answered", [5, None, "", " ", "a\nb", "tök"])
def test_what_no_header_can_carry_is_no_token(answered: object) -> None:
    class Odd(Endpoint):
        def get_token(self, *scopes: str) -> AccessToken:
            return super().get_token(*scopes)._replace(token=cast("str", answered))

    with pytest.raises(SignInError, match="sign_in_failed"):
        TokenSource(Odd, "audience").token()


def test_a_token_that_comes_too_late_is_not_used() -> None:
    clock, endpoint = Clock(), Endpoint()
    source = TokenSource(lambda: endpoint, "audience", clock)
    endpoint.takes = lambda: clock.advance(LONGEST_SIGN_IN)
    assert source.token()
    endpoint.takes = lambda: clock.advance(LONGEST_SIGN_IN + 0.1)
    with pytest.raises(SignInError, match="sign_in_timeout"):
        source.token()
    endpoint.takes = lambda: None
    assert source.token()


def test_nobody_waits_longer_for_the_thread_that_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_source, "LONGEST_SIGN_IN", 0.02)
    clock, endpoint = Clock(), Endpoint(answers=False)
    source = TokenSource(lambda: endpoint, "audience", clock)
    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(source.token)
        assert endpoint.asked.wait(10)
        with pytest.raises(SignInError, match="sign_in_timeout"):
            source.token()
        endpoint.may_answer.set()
        assert first.result(10)
    assert endpoint.calls == 1


def test_a_thread_that_waited_for_a_failed_sign_in_shares_its_fault(caplog: pytest.LogCaptureFixture) -> None:
    endpoint, waits = Endpoint(answers=False), Event()

    def clock() -> float:  # a caller looks at it, and at the count of attempts, just before it waits
        if endpoint.asked.is_set():
            waits.set()
        return 1000.0

    source = TokenSource(lambda: endpoint, "audience", clock)
    endpoint.fault = OSError("no network")
    with ThreadPoolExecutor(2) as threads, caplog.at_level(logging.INFO, "manifests"):
        first = threads.submit(source.token)
        assert endpoint.asked.wait(10)
        second = threads.submit(source.token)
        assert waits.wait(10)
        endpoint.may_answer.set()
        faults = [str(each.exception(10)) for each in (first, second)]
    assert faults == ["sign_in_failed"] * 2
    assert endpoint.calls == len(caplog.records) == 1


def test_a_fault_is_not_shared_with_whoever_comes_later() -> None:
    endpoint = Endpoint()
    source = TokenSource(lambda: endpoint, "audience")
    endpoint.fault = OSError("no network")
    for calls in (1, 2):
        with pytest.raises(SignInError):
            source.token()
        assert endpoint.calls == calls
    endpoint.fault = None
    assert source.token() == "audience/.default 3"


def test_a_refused_token_is_renewed_once_a_minute_at_most() -> None:
    made: list[Endpoint] = []

    def make() -> Endpoint:
        made.append(Endpoint())
        return made[-1]

    clock = Clock()
    source = TokenSource(make, "audience", clock)
    for seconds, expected in ((0, 2), (59, 2), (1, 3)):
        clock.advance(seconds)
        source.token()
        source.renew()
        source.token()
        assert len(made) == expected
    source.close()
    assert [endpoint.closed for endpoint in made] == [1, 1, 1]


def test_a_source_that_nobody_used_is_renewed_and_closed_without_a_credential() -> None:
    def never() -> Endpoint:
        raise AssertionError("nobody asked for a token")

    source = TokenSource(never, "audience")
    source.renew()
    source.close()


def test_an_unexpected_fault_is_named_without_its_text() -> None:
    def broken() -> Endpoint:
        raise OSError("secret")

    with pytest.raises(SignInError) as error:
        TokenSource(broken, "audience").token()
    assert "OSError" in error.value.fault.description
    assert "secret" not in "".join(traceback.format_exception(error.value)).replace('"secret"', "")


class Invocations(logging.Handler):
    """Notes for each record what the worker does: the invocation in whose context it was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str | None]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append((str(record.__dict__["event"]), invocation_id_cv.get()))


def test_a_failed_sign_in_is_logged_for_the_invocation_that_asked(caplog: pytest.LogCaptureFixture) -> None:
    endpoint, noticing = Endpoint(), Invocations()
    endpoint.fault = OSError("no network")
    source = TokenSource(lambda: endpoint, "audience")
    logger = logging.getLogger("manifests")
    logger.addHandler(noticing)
    for invocation in ("first", "second"):
        before = invocation_id_cv.set(invocation)
        with caplog.at_level(logging.INFO, "manifests"), pytest.raises(SignInError):
            source.token()
        invocation_id_cv.reset(before)
    logger.removeHandler(noticing)
    assert noticing.seen == [("sign_in_failed", "first"), ("sign_in_failed", "second")]
