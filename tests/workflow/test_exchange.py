"""When the board is read and written."""

from datetime import timedelta

import pytest

from shared.workflow.exchange import EVERY, TRIES, UNREACHABLE, Exchange
from shared.workflow.notices import Notices, ProcessReport, decode
from tests.fakes import Clock, FakeBoard

SECOND = timedelta(seconds=1)


def told(clock: Clock, *names: str) -> Notices:
    return Notices(reports={name: ProcessReport(clock.now, clock.now, {}) for name in names})


def test_what_is_answered_to_what_was_read_is_written() -> None:
    clock, board = Clock(), FakeBoard()
    board.write(b'{"reports": {"other": ["2026-11-30T14:00:00Z", "2026-11-30T14:00:00Z", {}]}}', None)

    def answer(heard: Notices) -> Notices:
        return told(clock, "me", *heard.reports)

    assert Exchange(board, clock).run(answer) == decode(board.data)
    assert list(decode(board.data).reports) == ["me", "other"]


class BusyBoard(FakeBoard):
    """Another process writes between each reading and writing, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def read(self) -> tuple[bytes | None, str | None]:
        seen = super().read()
        if self.times:
            self.times -= 1
            self.write(b"{}", seen[1])
        return seen


@pytest.mark.parametrize(("times", "is_written"), [(0, True), (TRIES - 1, True), (TRIES, False)])
def test_whoever_is_overtaken_tries_again_a_few_times(times: int, *, is_written: bool) -> None:
    clock, board = Clock(), BusyBoard(times)
    written = Exchange(board, clock).run(lambda _: told(clock, "me"))
    assert (written is not None) == is_written
    assert (b"me" in (board.data or b"")) == is_written


def test_one_thread_at_a_time_exchanges_and_the_next_soon_after_it() -> None:
    clock, board = Clock(), FakeBoard()
    exchange = Exchange(board, clock)
    assert exchange.begin(clock.now, urgent=True)

    def answer(_: Notices) -> Notices:
        assert exchange.run(lambda _: told(clock, "another thread")) is None
        return told(clock, "me")

    assert exchange.run(answer)
    assert b"another thread" not in (board.data or b"")
    assert exchange.begin(clock.now, urgent=False)
    assert exchange.run(lambda _: told(clock, "another thread"))


def test_it_is_time_every_other_second_or_at_once() -> None:
    clock = Clock()
    exchange = Exchange(FakeBoard(), clock)
    assert exchange.begin(clock.now, urgent=False)
    assert not exchange.begin(clock.now + EVERY - SECOND, urgent=False)
    assert exchange.begin(clock.now + EVERY, urgent=False)
    assert exchange.begin(clock.now + EVERY, urgent=True)


def test_a_board_that_cannot_be_reached_is_left_alone_for_minutes(caplog: pytest.LogCaptureFixture) -> None:
    clock, board = Clock(), FakeBoard()
    board.is_reachable = False
    exchange = Exchange(board, clock)
    assert exchange.run(lambda _: told(clock, "me")) is None
    assert "pacing_alone" in caplog.text
    assert "AuthorizationPermissionMismatch" in caplog.text
    assert not exchange.begin(clock.now + UNREACHABLE - SECOND, urgent=True)
    assert exchange.begin(clock.now + UNREACHABLE, urgent=False)
