"""A line before one quota: doors, rates and places, by values alone."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.workflow.notices import CALM
from shared.workflow.waiting_line import (
    FARTHEST,
    LATEST_POLL,
    LEAST_SHARE,
    MOST_SHARE,
    POLL_SHARE,
    SOONEST,
    UNPROVEN,
    Call,
    Line,
    Waited,
)
from tests.world import DELAYS

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WAITS = DELAYS.retries


def called(calls: int, at: datetime = NOW, line: Line | None = None) -> Line:
    line = line or Line(at, WAITS)
    for _ in range(calls):
        assert line.admits(Call.UPLOAD, Waited(0), at)
        line.call(at)
    return line


def per_minute(line: Line, at: datetime) -> float:
    rate = line.rate(at)
    assert rate is not None
    return rate * 60


def test_without_a_throttle_nothing_waits() -> None:
    line = called(5000)
    assert line.rate(NOW) is None
    assert line.place(Call.PROGRESS, NOW + SECOND, NOW) == NOW + SECOND


def test_a_throttle_closes_the_door_until_its_time_is_over() -> None:
    line = called(61)
    assert line.throttled(Call.UPLOAD, 50 * SECOND, NOW) == NOW + 50 * SECOND
    assert not line.admits(Call.UPLOAD, Waited(5), NOW + 49 * SECOND)
    assert line.admits(Call.UPLOAD, Waited(5), NOW + 50 * SECOND)


def test_a_throttled_upload_does_not_close_the_door_for_polls() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, 50 * SECOND, NOW)
    assert not line.is_closed(Call.PROGRESS, NOW)


def test_the_rate_is_what_was_served_until_the_throttle_over_the_time_to_its_end() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    assert per_minute(line, NOW + 2 * MINUTE) == pytest.approx(60)


def test_a_throttle_that_does_not_say_when_it_ends_is_taken_for_a_minutes_quota() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, None, NOW)
    assert per_minute(line, NOW + 2 * MINUTE) == pytest.approx(60)


def test_an_estimate_is_taken_back_for_calls_that_were_under_way_and_refused() -> None:
    line = called(100)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    for _ in range(39):
        line.throttled(Call.UPLOAD, MINUTE, NOW + SECOND)
    assert per_minute(line, NOW + 2 * MINUTE) == pytest.approx(60)


def test_a_throttle_cuts_the_rate_and_calm_brings_it_back_and_beyond() -> None:
    line = called(121)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    full, later = per_minute(line, NOW + 2 * MINUTE), NOW + 2 * MINUTE
    line.throttled(Call.UPLOAD, SECOND, later)
    cut = per_minute(line, later + SECOND)
    assert 0.5 * full < cut < 0.85 * full
    for second in range(420):
        line.call(later + second * SECOND)
        line.call(later + second * SECOND)
    assert per_minute(line, later + 6.5 * MINUTE) > 1.1 * cut


def test_a_cut_is_bounded_however_little_was_called() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    line.throttled(Call.UPLOAD, SECOND, NOW + 10 * MINUTE)
    assert per_minute(line, NOW + 12 * MINUTE) >= 0.7 * 60


def test_throttles_without_end_leave_one_call_in_four_minutes() -> None:
    line, at = Line(NOW, WAITS), NOW
    for _ in range(60):
        line.throttled(Call.UPLOAD, SECOND, at)
        at += 2 * SECOND
    assert 0.2 <= per_minute(line, at) <= 0.25


@pytest.mark.parametrize(("throttles", "seconds"), [(1, 15), (2, 30), (3, 60), (7, 900), (20, 900)])
def test_throttles_without_a_time_close_the_door_for_longer_and_longer(throttles: int, seconds: int) -> None:
    line, at = Line(NOW, WAITS), NOW
    for _ in range(throttles - 1):
        line.throttled(Call.UPLOAD, None, at)
        at += 16 * MINUTE
    line.throttled(Call.UPLOAD, None, at)
    assert line.is_closed(Call.UPLOAD, at + seconds * SECOND - SECOND)
    assert not line.is_closed(Call.UPLOAD, at + seconds * SECOND)


def test_a_throttle_without_a_time_lasts_as_the_settings_say() -> None:
    line, at = Line(NOW, waits=(SECOND, 2 * SECOND)), NOW
    for seconds in (0.5, 1, 2, 2):
        line.throttled(Call.UPLOAD, None, at)
        assert line.is_closed(Call.UPLOAD, at + (seconds - 0.1) * SECOND)
        at += seconds * SECOND
        assert not line.is_closed(Call.UPLOAD, at)


def test_a_call_that_is_served_ends_the_row_of_throttles() -> None:
    line = Line(NOW, WAITS)
    line.throttled(Call.UPLOAD, None, NOW)
    line.served(Call.UPLOAD, NOW + MINUTE)
    line.throttled(Call.UPLOAD, None, NOW + 2 * MINUTE)
    assert not line.is_closed(Call.UPLOAD, NOW + 2 * MINUTE + 15 * SECOND)


def test_an_answer_that_was_under_way_ends_no_row() -> None:
    line = Line(NOW, WAITS)
    line.throttled(Call.UPLOAD, None, NOW)
    line.served(Call.UPLOAD, NOW + SECOND)
    line.throttled(Call.UPLOAD, None, NOW + MINUTE)
    assert line.is_closed(Call.UPLOAD, NOW + MINUTE + 29 * SECOND)


def test_a_long_throttle_is_obeyed_by_its_job_and_tested_by_another() -> None:
    line = called(61)
    assert line.throttled(Call.UPLOAD, 60 * MINUTE, NOW) == NOW + 60 * MINUTE
    assert line.is_closed(Call.UPLOAD, NOW + UNPROVEN - SECOND)
    assert not line.is_closed(Call.UPLOAD, NOW + UNPROVEN)


def test_a_long_throttle_that_is_met_again_is_believed() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, 60 * MINUTE, NOW)
    line.throttled(Call.UPLOAD, 58 * MINUTE, NOW + 2 * MINUTE)
    assert line.is_closed(Call.UPLOAD, NOW + 59 * MINUTE)


def test_places_are_given_out_one_after_another_denser_than_the_rate() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    places = [line.place(Call.UPLOAD, NOW, NOW) for _ in range(60)]
    assert places == sorted(set(places))
    assert places[0] == NOW + MINUTE
    assert places[-1] - places[0] < 0.95 * 59 * MINUTE / per_minute(line, NOW)


def test_polls_stand_behind_uploads() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    last = [line.place(Call.UPLOAD, NOW, NOW) for _ in range(60)][-1]
    assert line.place(Call.PROGRESS, NOW, NOW) > last
    assert line.place(Call.UPLOAD, NOW, NOW) < last + 2 * SECOND


def long_line() -> tuple[Line, datetime]:
    """A line of four minutes, two minutes after the throttle that began it."""
    line = called(61)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    for _ in range(240):
        line.place(Call.UPLOAD, NOW, NOW)
    return line, NOW + 2 * MINUTE


def test_who_was_sent_on_comes_again_after_a_share_of_what_it_has_waited() -> None:
    line, at = long_line()
    assert line.place(Call.UPLOAD, at, at, Waited(1, MINUTE)) == at + MOST_SHARE * MINUTE


def test_who_was_sent_on_stands_at_the_end_of_a_shorter_line() -> None:
    line, at = long_line()
    places = [line.place(Call.UPLOAD, at, at, Waited(2, 60 * MINUTE)) for _ in range(3)]
    assert places == sorted(set(places))
    assert LEAST_SHARE * 60 * MINUTE <= places[0] - at < 10 * MINUTE


def test_who_was_sent_on_comes_no_sooner_than_it_asks_for() -> None:
    line, at = long_line()
    assert line.place(Call.UPLOAD, at + MINUTE, at, Waited(1, 5 * SECOND)) == at + MINUTE


def test_where_no_line_is_known_who_has_waited_for_long_comes_again_after_minutes() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, SECOND, NOW)
    assert line.place(Call.UPLOAD, NOW, NOW, Waited(2, 30 * MINUTE)) == NOW + LEAST_SHARE * 30 * MINUTE
    assert line.place(Call.UPLOAD, NOW, NOW, Waited(2, 9 * 60 * MINUTE)) == NOW + SOONEST


def test_a_poll_that_was_sent_on_stands_behind_the_uploads_however_long_it_has_waited() -> None:
    line, at = long_line()
    assert line.place(Call.PROGRESS, at, at, Waited(1, MINUTE)) >= line.place(Call.UPLOAD, at, at)


def test_a_poll_waits_for_no_line_of_polls_that_is_longer_than_it_has_waited() -> None:
    line, at = long_line()
    last = [line.place(Call.PROGRESS, at, at) for _ in range(600)][-1]
    again = line.place(Call.PROGRESS, at, at, Waited(1, 5 * MINUTE))
    assert again == at + MOST_SHARE * 5 * MINUTE
    assert again < last - MINUTE
    # At the end of a backlog it comes sooner.
    later = max(at, line.place(Call.UPLOAD, at, at)) + MINUTE
    assert line.place(Call.PROGRESS, later, later, Waited(1, 5 * MINUTE)) == later + POLL_SHARE * 5 * MINUTE


def test_where_no_upload_waits_a_first_poll_comes_soon_however_many_others_wait() -> None:
    line, now = long_line()
    many = [line.place(Call.PROGRESS, now, now) for _ in range(3000)]
    assert max(many) > now + LATEST_POLL
    later = max(now, line.place(Call.UPLOAD, now, now)) + MINUTE
    assert line.place(Call.PROGRESS, later, later) == later + LATEST_POLL


def test_half_an_hour_after_a_throttle_places_are_no_more_than_a_minute_apart() -> None:
    line, at = Line(NOW, WAITS), NOW
    for throttle in range(60):
        line.throttled(Call.UPLOAD, SECOND, at + throttle * MINUTE)
    at += 90 * MINUTE
    first = line.place(Call.UPLOAD, at, at)
    assert line.place(Call.UPLOAD, at, at) - first <= MINUTE


def test_who_comes_later_than_the_line_ends_needs_no_place() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    assert line.place(Call.PROGRESS, NOW + 10 * MINUTE, NOW) == NOW + 10 * MINUTE


def test_no_place_is_farther_off_than_a_day() -> None:
    line = Line(NOW, WAITS)
    for throttle in range(60):
        line.throttled(Call.UPLOAD, SECOND, NOW + 2 * throttle * SECOND)
    at = NOW + 10 * MINUTE
    assert max(line.place(Call.UPLOAD, at, at) for _ in range(8000)) == at + FARTHEST


def test_who_was_sent_on_goes_before_others_and_uploads_before_polls() -> None:
    line, at = called(61), NOW + MINUTE
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    for _ in range(100):
        line.place(Call.UPLOAD, NOW, NOW)
    for api, waited in ((Call.PROGRESS, 1), (Call.UPLOAD, 1), (Call.UPLOAD, 2), (Call.UPLOAD, 3)):
        assert line.admits(api, Waited(waited), at), "each has some calls that those before it have not"
        while line.admits(api, Waited(waited), at):
            line.call(at)
    assert not line.admits(Call.UPLOAD, Waited(9), at)


def test_after_a_calm_the_app_is_as_quick_as_ever() -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    assert not line.is_calm(NOW + CALM - SECOND)
    assert line.is_calm(NOW + CALM)
    called(500, NOW + CALM, line)


def test_a_known_quota_is_never_exceeded() -> None:
    line, admitted = Line(NOW, WAITS, most=0.5), 0
    for second in range(600):
        at = NOW + second * SECOND
        while line.admits(Call.UPLOAD, Waited(9), at):
            line.call(at)
            admitted += 1
    assert 250 <= admitted <= 10 * 30
    assert line.rate(NOW + 10 * MINUTE) == 0.5


def test_a_throttle_slows_down_what_a_known_quota_allows() -> None:
    line = Line(NOW, WAITS, most=10)
    called(6, NOW, line)
    line.throttled(Call.UPLOAD, SECOND, NOW)
    assert per_minute(line, NOW + SECOND) < 600
    assert line.place(Call.UPLOAD, NOW, NOW) > NOW


@pytest.mark.parametrize(("retry_after", "closed"), [(None, 30), (80 * SECOND, 81), (60 * MINUTE, 30)])
def test_a_throttle_that_was_under_way_keeps_the_door_closed_as_told(
    retry_after: timedelta | None, closed: int
) -> None:
    line = called(61)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    line.served(Call.UPLOAD, NOW + 2 * MINUTE)
    at = NOW + 5 * MINUTE
    line.throttled(Call.UPLOAD, 30 * SECOND, at)
    again = line.throttled(Call.UPLOAD, retry_after, at + SECOND)
    assert again >= at + 30 * SECOND
    assert line.is_closed(Call.UPLOAD, at + closed * SECOND - SECOND)
    assert not line.is_closed(Call.UPLOAD, at + closed * SECOND)


@pytest.mark.parametrize("places", range(6))
def test_who_is_not_admitted_never_comes_back_at_once(places: int) -> None:
    line = Line(NOW, WAITS)
    line.call(NOW)
    opens = line.throttled(Call.UPLOAD, SECOND, NOW)
    assert line.admits(Call.UPLOAD, Waited(3), opens)
    while line.admits(Call.UPLOAD, Waited(3), opens):
        line.call(opens)
    assert not line.admits(Call.UPLOAD, Waited(places), opens)
    assert line.place(Call.UPLOAD, opens, opens, Waited(places)) >= opens + 5 * SECOND


def test_of_a_tiny_quota_nothing_is_held_back() -> None:
    line = called(1, line=Line(NOW, WAITS, most=1 / 60))
    line.place(Call.UPLOAD, NOW, NOW)
    line.place(Call.UPLOAD, NOW, NOW)
    at = NOW + MINUTE
    assert line.has_line(at)
    assert line.admits(Call.UPLOAD, Waited(0), at)


@pytest.mark.parametrize("calls", [1, 61])
def test_a_clock_that_is_set_back_leaves_a_rate_and_places(calls: int) -> None:
    line = called(calls)
    line.throttled(Call.UPLOAD, MINUTE, NOW)
    earlier = NOW - 20 * 60 * MINUTE
    assert per_minute(line, earlier) > 0
    assert line.place(Call.UPLOAD, earlier, earlier) >= earlier
