"""Processes of one app that tell each other of quotas, each with a memory of its own."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, override

import pytest

from shared.workflow import notices
from shared.workflow.exchange import EVERY
from shared.workflow.notices import CALM, GONE, Notice, Notices, decode, encode
from shared.workflow.pacing import LEAST_PROOF, Pacing
from shared.workflow.waiting_line import Call, Waited
from tests.fakes import Clock, FakeBoard
from tests.world import DELAYS

if TYPE_CHECKING:
    from collections.abc import Callable

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class App:
    """Some processes before one quota or many."""

    def __init__(self, processes: int = 2, board: FakeBoard | None = None, most: int | None = None) -> None:
        self.clock, self.board = Clock(), board or FakeBoard()
        self.processes = [Pacing(self.clock, DELAYS.retries, self.board, most) for _ in range(processes)]

    def may_call(self, process: int, customer: str = "a", places: int = 3) -> bool:
        return self.processes[process].turn(Call.UPLOAD, customer, Waited(places)) is None

    def serve(self, process: int, times: int, customer: str = "a") -> None:
        for _ in range(times):
            assert self.may_call(process, customer)
            self.processes[process].served(Call.UPLOAD, customer)

    def throttle(self, process: int, customer: str = "a", seconds: int = 60) -> str:
        return self.processes[process].throttled(Call.UPLOAD, customer, seconds * SECOND).scope

    def after(self, time: timedelta) -> "App":
        self.clock.advance(time)
        return self

    def meet_the_quota(self) -> "App":
        """Each of two processes makes half of the calls of the minute, and is refused one more."""
        for process in (0, 1):
            self.serve(process, 30)
        for process in (0, 1):
            assert self.may_call(process)
        for process in (0, 1):
            self.throttle(process)
        return self


def test_in_calm_nothing_is_read_or_written() -> None:
    app = App()
    app.serve(0, 100)
    assert app.board.versions == 0


def test_a_door_that_another_process_has_closed_is_closed() -> None:
    app = App()
    app.serve(1, 1, "b")
    app.throttle(1, "b", 2)
    app.after(10 * SECOND).serve(0, 30)
    app.throttle(0)
    assert app.after(EVERY).may_call(1, "b")
    assert not app.may_call(1)
    assert app.after(MINUTE).may_call(1)


def test_what_all_processes_have_called_is_the_quota() -> None:
    app = App().meet_the_quota().after(MINUTE + SECOND)
    admitted = 0
    for second in range(60):
        app.after(SECOND)
        admitted += sum(app.may_call(process) for process in (0, 1))
        assert second or admitted == 2
    # Each knows of the other's calls of the last second only a second later.
    assert 52 <= admitted <= 62


def test_between_two_exchanges_each_takes_no_more_than_its_share() -> None:
    app = App().meet_the_quota().after(MINUTE + SECOND)
    assert app.may_call(1)
    app.after(EVERY)
    admitted = 0
    while app.may_call(0):
        admitted += 1
    assert 25 <= admitted <= 32


def test_places_are_behind_those_that_others_have_given_out() -> None:
    app = App().meet_the_quota()
    last = max(app.processes[0].place(Call.UPLOAD, "a", app.clock.now) for _ in range(60))
    app.after(EVERY)
    assert not app.may_call(0)
    assert not app.may_call(1)
    first = app.processes[1].place(Call.UPLOAD, "a", app.clock.now)
    assert app.clock.now + MINUTE < first
    # The first process had thought that the other gives out as many.
    assert first < last


def test_a_process_that_begins_learns_all_by_one_throttle() -> None:
    app = App(3).meet_the_quota().after(MINUTE + SECOND)
    app.serve(2, 5)
    app.throttle(2, seconds=1)
    app.after(2 * SECOND)
    rate = app.processes[2].throttled(Call.UPLOAD, "a", SECOND).per_minute
    assert 35 < rate < 60


def test_many_customers_throttled_in_a_row_by_any_process_show_the_partners_quota() -> None:
    app = App(LEAST_PROOF)
    # Only a customer without other calls may pass the line.
    app.serve(0, 1, "another")
    scopes = [app.throttle(number, f"customer {number}") for number in range(LEAST_PROOF)]
    assert scopes == ["customer"] * (LEAST_PROOF - 1) + ["partner"]
    app.after(EVERY).throttle(0, "customer 0")
    assert not app.may_call(0, "another")


def test_customers_served_by_this_process_since_show_the_customers_quotas() -> None:
    app = App(LEAST_PROOF)
    for number in range(1, LEAST_PROOF):
        app.throttle(number, f"customer {number}")
    app.after(SECOND).serve(0, 1, "served")
    assert app.throttle(0, "customer 0") == "customer"


def test_that_the_quotas_are_the_customers_is_told_as_well() -> None:
    app = App()
    app.serve(1, 1, "another")
    for number in range(LEAST_PROOF):
        app.throttle(0, f"customer {number}", 100)
    app.throttle(1, "customer 0", 100)
    assert not app.after(EVERY).may_call(1, "another")
    app.after(MINUTE + SECOND).serve(0, 1, "a test")
    app.throttle(0, "customer 1", 30)
    app.after(EVERY).may_call(1, "another")
    assert app.may_call(1, "another")


def test_what_is_allowed_to_each_process_is_not_used_up_by_the_others() -> None:
    app = App(most=31).meet_the_quota().after(MINUTE + SECOND)
    admitted = Counter[int]()
    for _ in range(60):
        app.after(SECOND)
        admitted.update(process for process in (0, 1) if app.may_call(process))
    assert all(25 <= admitted[process] <= 31 for process in (0, 1))


def test_a_process_that_is_gone_counts_no_longer() -> None:
    app = App().meet_the_quota().after(GONE + EVERY)
    app.may_call(0)
    assert len(decode(app.board.data).reports) == 1


def test_without_the_board_each_process_finds_the_quota_by_itself() -> None:
    board = FakeBoard()
    board.is_reachable = False
    app = App(board=board).meet_the_quota()
    assert not app.may_call(0)
    assert not app.may_call(1)
    app.after(MINUTE + SECOND)
    assert sum(app.may_call(process) for process in (0, 1) for _ in range(60)) <= 60


def test_places_are_farther_apart_where_others_give_out_some_as_well() -> None:
    app = App().meet_the_quota()
    first, second = (app.processes[1].place(Call.UPLOAD, "a", app.clock.now) for _ in range(2))
    assert second - first > 1.5 * MINUTE / 60


class SlowBoard(FakeBoard):
    """While it is written, places are given out."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] = lambda: None

    @override
    def write(self, data: bytes, over: str | None) -> bool:
        self.meanwhile()
        return super().write(data, over)


def test_places_given_out_while_it_is_written_are_reported_the_next_time() -> None:
    board = SlowBoard()
    app = App(board=board).meet_the_quota()
    board.meanwhile = lambda: [app.processes[0].place(Call.UPLOAD, "a", app.clock.now) for _ in range(60)]
    app.after(EVERY).may_call(0)
    board.meanwhile = lambda: None
    before = tail(app)
    app.after(EVERY).may_call(0)
    assert tail(app) > before + MINUTE / 2


def test_whose_places_could_not_be_told_tells_them_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    app = App().meet_the_quota()
    for _ in range(60):
        app.processes[0].place(Call.UPLOAD, "a", app.clock.now)
    with monkeypatch.context() as patch:
        patch.setattr(app.board, "write", lambda *_: False)
        app.after(EVERY).may_call(0)
    before = tail(app)
    app.after(EVERY).may_call(0)
    assert tail(app) > before + MINUTE / 2


def tail(app: App) -> timedelta:
    told = decode(app.board.data).quotas["a"]
    return told.tails[Call.UPLOAD] - app.clock.now


def test_nonsense_on_the_board_is_written_over() -> None:
    app = App()
    app.board.write(b"nonsense", None)
    app.throttle(0)
    assert decode(app.board.data).reports


def test_notices_of_thousands_of_customers_bring_nobody_to_a_stop() -> None:
    app = App()
    app.throttle(0)
    told = decode(app.board.data)
    many = {f"customer {number}": told.quotas["a"] for number in range(3000)}
    app.board.data = encode(Notices(told.scope, {**told.quotas, **many}, told.reports))
    app.after(EVERY).throttle(1)
    assert app.after(61 * SECOND).may_call(1)


def test_a_line_without_end_on_the_board_ends_within_a_day() -> None:
    app = App()
    app.throttle(0)
    told = decode(app.board.data)
    ages = datetime.max.replace(tzinfo=UTC)
    notice = Notice(told.quotas["a"].belief, doors=(ages, ages), tails=(ages, ages))
    app.board.data = encode(Notices(told.scope, {"a": notice}, told.reports))
    app.after(EVERY).throttle(1)
    app.processes[1].place(Call.UPLOAD, "a", app.clock.now)
    app.after(EVERY).throttle(1)
    assert app.processes[1].place(Call.UPLOAD, "a", app.clock.now) <= app.clock.now + timedelta(days=1)


def test_a_process_that_has_just_begun_takes_no_customers_quotas_for_the_partners() -> None:
    app = App(3)
    for number in range(LEAST_PROOF):
        app.after(SECOND).throttle(number % 2, f"customer {number}", 60)
        app.serve(number % 2, 1, "served all along")
    assert app.throttle(2, "another") == "customer"
    app.after(EVERY)
    assert all(app.may_call(process, "served all along") for process in range(3))


def test_who_loses_the_board_goes_on_alone() -> None:
    app = App().meet_the_quota()
    app.board.is_reachable = False
    app.after(MINUTE + SECOND)
    admitted = 0
    for _ in range(180):
        app.after(SECOND)
        admitted += sum(app.may_call(process) for process in (0, 1))
    assert 100 <= admitted <= 400


def test_once_it_is_calm_again_nothing_is_read_or_written() -> None:
    app = App()
    for number in range(20):
        app.throttle(0, f"customer {number}")
    app.after(CALM + MINUTE)
    written = app.board.versions
    for _ in range(10):
        assert app.after(EVERY).may_call(0, "another")
    assert app.board.versions == written


def test_places_whose_time_has_passed_make_no_line() -> None:
    app = App()
    app.board.is_reachable = False
    app.meet_the_quota()
    for _ in range(300):
        app.processes[0].place(Call.UPLOAD, "a", app.clock.now)
    app.after(CALM - MINUTE / 2)
    app.board.is_reachable = True
    app.throttle(0, seconds=1)
    assert tail(app) <= 2 * MINUTE


def test_of_many_quotas_the_latest_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "MOST_NOTICES", 5)
    app = App()
    for number in range(10):
        app.after(timedelta(milliseconds=10)).throttle(0, f"customer {number}", 600)
        app.serve(0, 1, f"served {number}")
    told = decode(app.board.data).quotas
    assert sorted(told) == [f"customer {number}" for number in range(5, 10)]


@pytest.mark.parametrize("allowed", [1, 2, 3])
def test_a_tiny_quota_is_used(allowed: int) -> None:
    app, admitted = App(1, most=allowed), 0
    for _ in range(600):
        app.after(SECOND)
        for api in (Call.UPLOAD, Call.PROGRESS):
            admitted += app.processes[0].turn(api, "a", Waited(3)) is None
    assert 0.7 * 10 * allowed <= admitted <= 10 * allowed
