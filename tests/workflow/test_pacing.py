"""Whose quota a throttle speaks of: the partner's or one customer's."""

from datetime import datetime, timedelta

import pytest

from shared.workflow.learnt_rate import Rate
from shared.workflow.pacing import LEAST_PROOF, MOST_CUSTOMERS, TEST_EVERY, Pacing
from shared.workflow.passes import MOST_PASSES, PASS_EVERY
from shared.workflow.waiting_line import Call, Line, Waited
from tests.fakes import Clock, FakeBoard
from tests.world import DELAYS

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CROWD = ["a", "b", *(f"one of many, {number}" for number in range(LEAST_PROOF - 2))]


class Office:
    """A process's calls for its customers."""

    def __init__(self, requests_per_minute: int | None = None) -> None:
        self.clock = Clock()
        self.pacing = Pacing(self.clock, DELAYS.retries, FakeBoard(), requests_per_minute)

    def may_call(self, customer: str, places: int = 0) -> bool:
        return self.pacing.turn(Call.UPLOAD, customer, Waited(places)) is None

    def throttle(self, customer: str, seconds: int = 60) -> str:
        return self.pacing.throttled(Call.UPLOAD, customer, seconds * SECOND).scope

    def serve(self, *customers: str, times: int = 1) -> None:
        for customer in customers * times:
            assert self.may_call(customer)
            self.pacing.served(Call.UPLOAD, customer)

    def after(self, time: timedelta) -> "Office":
        self.clock.advance(time)
        return self


def test_one_customers_throttle_does_not_hold_up_the_others() -> None:
    office = Office()
    office.serve("a", "b", times=20)
    assert office.throttle("a") == "customer"
    assert not office.may_call("a")
    assert office.may_call("b")


def test_a_customer_in_another_spelling_is_the_same() -> None:
    office = Office()
    office.serve("A", "a", times=20)
    assert office.throttle("A") == "customer"
    assert not office.may_call("a")
    assert office.pacing.place(Call.UPLOAD, "a", office.clock.now) > office.clock.now
    assert office.throttle("a") == "customer"


def test_many_customers_throttled_in_a_row_close_the_partners_door() -> None:
    office = Office()
    office.serve("a", "b", "c", "d", times=20)
    assert {office.throttle(customer) for customer in CROWD[:-1]} == {"customer"}
    assert office.may_call("c")
    assert office.throttle(CROWD[-1]) == "partner"
    assert not office.may_call("c")


def test_the_others_wait_for_no_longer_than_the_throttle() -> None:
    office = throttled_partner()
    assert office.after(59 * SECOND).may_call("c", places=2) is False
    assert office.after(2 * SECOND).may_call("c", places=2)


def test_a_customer_served_in_between_shows_that_quotas_are_the_customers() -> None:
    office = Office()
    office.serve("a", "b", "c", times=20)
    for customer in CROWD[:-1]:
        office.throttle(customer)
    office.serve("c")
    assert office.throttle(CROWD[-1]) == "customer"
    assert office.may_call("c")


def test_a_throttle_that_is_over_proves_nothing() -> None:
    office = Office()
    office.serve("a", "b", times=20)
    for customer in CROWD[:-1]:
        office.throttle(customer)
    office.after(2 * MINUTE)
    assert office.throttle(CROWD[-1]) == "customer"


def throttled_partner(requests_per_minute: int | None = None) -> Office:
    office = Office(requests_per_minute)
    office.serve("a", "b", "c", "d", times=20)
    for customer in CROWD:
        office.throttle(customer)
    return office


def test_a_call_served_behind_the_partners_door_opens_it() -> None:
    office = throttled_partner()
    office.after(10 * SECOND).throttle("b", 80)
    office.after(TEST_EVERY - 5 * SECOND)
    assert office.may_call("c")
    assert not office.may_call("d"), "one test at a time"
    office.pacing.served(Call.UPLOAD, "c")
    assert office.may_call("d")


def test_a_test_that_is_throttled_leaves_the_door_closed() -> None:
    office = throttled_partner()
    office.after(10 * SECOND).throttle("b", 80)
    office.after(TEST_EVERY - 5 * SECOND)
    assert office.may_call("c")
    assert office.throttle("c", 20) == "partner"
    assert not office.may_call("d")


@pytest.mark.parametrize(("calls", "scope"), [(60, "customer"), (68, "partner")])
def test_a_throttle_after_far_fewer_calls_than_the_partner_has_is_a_customers(calls: int, scope: str) -> None:
    office = throttled_partner()
    office.after(3 * MINUTE)
    for number in range(calls):
        assert office.may_call(f"customer {number % 4}", places=3)
    assert office.throttle("customer 1", 2) == scope


def test_a_throttle_just_as_the_partners_door_opens_says_nothing_of_the_customers() -> None:
    office = throttled_partner()
    office.after(61 * SECOND)
    assert office.may_call("customer 1", places=3)
    assert office.throttle("customer 1", 2) == "partner"


def test_what_was_taken_for_the_partners_is_forgotten_of_each_customer() -> None:
    office = Office()
    office.serve("c", times=80)
    for customer in CROWD:
        office.throttle(customer, 100)
    office.after(TEST_EVERY + SECOND).serve("c")
    assert office.may_call("a"), "its own door would be closed for as long as the partner's"


def test_after_an_error_more_customers_must_be_throttled_in_a_row() -> None:
    office = throttled_partner()
    office.after(10 * SECOND).throttle("b", 80)
    office.after(TEST_EVERY - 5 * SECOND)
    office.serve("c")
    scopes = [office.throttle(f"another {number}") for number in range(2 * LEAST_PROOF)]
    assert scopes == ["customer"] * (2 * LEAST_PROOF - 1) + ["partner"]


def test_a_customer_without_other_calls_passes_the_partners_line() -> None:
    office = throttled_partner()
    assert office.may_call("new")
    later = office.pacing.turn(Call.UPLOAD, "newer", Waited(0))
    assert later == office.clock.now + PASS_EVERY
    office.after(PASS_EVERY)
    assert office.may_call("newer", places=1)


def test_few_customers_wait_for_a_pass() -> None:
    office = throttled_partner()
    turns = [office.pacing.turn(Call.UPLOAD, f"new {number}", Waited(0)) for number in range(10)]
    passes = [turn for turn in turns if turn and turn < office.clock.now + MINUTE - SECOND]
    assert turns[0] is None
    assert len(passes) == MOST_PASSES - 2
    assert None not in turns[1:]


def test_a_customer_who_asks_again_keeps_its_pass() -> None:
    office = throttled_partner()
    assert office.may_call("new")
    assert office.pacing.turn(Call.UPLOAD, "newer", Waited(0)) == office.pacing.turn(Call.UPLOAD, "newer", Waited(0))


def test_a_known_quota_is_obeyed_by_all_customers_together() -> None:
    office = Office(requests_per_minute=30)
    admitted = sum(office.may_call(f"customer {number}") for number in range(100))
    assert 1 < admitted <= 30
    place = office.pacing.place(Call.UPLOAD, "new", office.clock.now)
    assert place > office.clock.now


def test_where_the_quota_is_known_nobody_waits_for_a_pass() -> None:
    office = throttled_partner(requests_per_minute=6000)
    office.after(SECOND)
    for _ in range(2):
        turn = office.pacing.turn(Call.UPLOAD, "new", Waited(0))
        assert turn
        assert turn >= office.clock.now + 59 * SECOND, "when the door opens, not at once"


@pytest.mark.parametrize("minutes", [1, 11])
def test_what_is_kept_of_customers_is_bounded(minutes: int) -> None:
    office = Office()
    for number in range(2 * MOST_CUSTOMERS):
        office.serve(f"customer {number}")
        office.after(minutes * MINUTE / 100)
    assert len(office.pacing._customers) <= MOST_CUSTOMERS + 1  # noqa: SLF001 - memory shows itself in no answer


def test_a_crowd_of_customers_does_not_slow_down_each_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, is_calm = list[datetime](), Line.is_calm

    def counted(line: Line, now: datetime) -> bool:
        looks.append(now)
        return is_calm(line, now)

    monkeypatch.setattr(Line, "is_calm", counted)
    office = Office()
    for number in range(8 * MOST_CUSTOMERS):
        office.serve(f"customer {number}")
    assert 0 < len(looks) <= 8 * MOST_CUSTOMERS


def test_the_rate_is_reported() -> None:
    office = Office()
    office.serve("a", times=60)
    assert office.may_call("a")
    learnt = office.pacing.throttled(Call.UPLOAD, "a", MINUTE)
    assert learnt.until == office.clock.now + MINUTE
    assert 40 < learnt.per_minute <= 60


def test_passing_an_open_door_proves_nothing() -> None:
    office = throttled_partner()
    for _ in range(200):
        office.pacing.place(Call.UPLOAD, "a", office.clock.now)
    office.after(70 * SECOND)
    while office.may_call("a"):
        pass
    office.serve("new")
    assert not office.may_call("a")
    assert office.throttle("a") == "partner"


def test_a_first_call_never_waits_though_each_look_at_the_clock_is_a_little_later() -> None:
    clock = Clock()

    def ticking() -> datetime:
        clock.advance(timedelta(microseconds=1))
        return clock.now

    pacing = Pacing(ticking, DELAYS.retries, FakeBoard())
    assert pacing.turn(Call.UPLOAD, "a customer", Waited(0)) is None
    assert pacing.turn(Call.PROGRESS, "another customer", Waited(0)) is None


def test_a_call_under_way_that_is_refused_too_corrects_the_first_estimate_alone() -> None:
    now = Clock().now
    rate = Rate(now)
    assert corrected(rate, now) < 0
    assert corrected(rate, now + 2 * MINUTE) == 0


def corrected(rate: Rate, now: datetime) -> float:
    """Return by how much a throttle's estimate changes where one more of its calls is refused."""
    for _ in range(30):
        rate.calls.begin(now)
    rate.cut(MINUTE, now)
    before = rate.a_second(now) or 0.0
    rate.calls.refuse()
    rate.correct()
    return (rate.a_second(now) or 0.0) - before


@pytest.mark.parametrize(("own", "soon", "known"), [(30, SECOND, 90), (30, 2 * MINUTE, 30), (3, SECOND, 6)])
def test_a_throttle_soon_after_the_first_shows_that_more_had_been_served_than_was_known(
    own: int, soon: timedelta, known: int
) -> None:
    now = Clock().now
    rate = Rate(now)
    for _ in range(own):
        rate.calls.begin(now)
    rate.cut(MINUTE, now)
    rate.calls.learn([now + soon - SECOND] * 2 * own, [], 1, now)
    rate.cut(MINUTE, now + soon)
    assert 0.9 * known < 60 * (rate.a_second(now + soon) or 0) < 1.2 * known
