"""The calls that a quota counts, this process's own and others'."""

from datetime import UTC, datetime, timedelta

from shared.workflow.notices import GONE
from shared.workflow.recent_calls import KEPT, MEASURED, UNREAD, RecentCalls

NOW = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def made(*seconds: int) -> RecentCalls:
    calls = RecentCalls()
    for second in seconds:
        calls.begin(NOW + second * SECOND)
    return calls


def test_refused_calls_count_in_the_quota_but_were_not_served() -> None:
    calls = made(0, 1, 2)
    calls.refuse()
    assert calls.count(NOW + 2 * SECOND, MEASURED) == 3
    assert calls.count_served(NOW + 2 * SECOND) == 2


def test_a_refusal_without_a_call_is_none() -> None:
    calls = RecentCalls()
    calls.refuse()
    assert calls.count(NOW, MEASURED) == 0


def test_a_call_leaves_the_minute_after_a_minute() -> None:
    calls = made(0, 10)
    assert calls.count(NOW + MEASURED - SECOND, MEASURED) == 2
    assert calls.count(NOW + MEASURED, MEASURED) == 1
    assert calls.first_served(NOW + MEASURED) == NOW + 10 * SECOND


def test_calls_of_others_count_as_well() -> None:
    calls = made(0, 10)
    now = NOW + 10 * SECOND
    calls.learn([NOW + 5 * SECOND], [NOW + 6 * SECOND], 2, now)
    assert (calls.count(now, MEASURED), calls.count_served(now), calls.processes(now)) == (4, 3, 3)
    assert calls.count_own(now, MEASURED) == 2
    assert calls.leaves(3, now, MEASURED) == NOW + 6 * SECOND + MEASURED
    assert calls.leaves(5, now, MEASURED) is None


def test_what_others_told_before_is_replaced() -> None:
    calls = RecentCalls()
    calls.learn([NOW], [], 1, NOW)
    calls.learn([], [], 0, NOW)
    assert calls.count(NOW, MEASURED) == 0


def test_own_calls_are_counted_since_the_others_were_heard() -> None:
    calls = made(0, 1)
    assert calls.count_unread(NOW + SECOND) == 0, "there are no others"
    calls.learn([], [], 1, NOW + SECOND / 2)
    assert calls.count_unread(NOW + SECOND) == 1


def test_who_hears_nobody_any_more_is_not_held_up_by_that() -> None:
    calls = RecentCalls()
    calls.learn([], [], 5, NOW)
    calls.begin(NOW + SECOND)
    assert calls.count_unread(NOW + SECOND) == 1
    assert calls.count_unread(NOW + SECOND + UNREAD) == 0
    assert calls.processes(NOW + GONE - SECOND) == 6
    assert calls.processes(NOW + GONE) == 1


def test_calls_are_told_by_how_long_ago_they_were() -> None:
    calls = made(0, 10, 12)
    calls.refuse()
    told = calls.report(NOW + 20 * SECOND)
    assert (told.served, told.refused) == ([20.0, 10.0], [8.0])


def test_no_call_is_kept_for_longer_than_minutes() -> None:
    calls = made(0)
    later = NOW + KEPT
    assert calls.report(later).served == []
    calls.begin(later)
    assert calls.served == [later]
