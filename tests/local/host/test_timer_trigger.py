from datetime import timedelta

import pytest

from local.host.bindings import SettingError
from local.host.host import Host
from tests.local.host.sample import NOON, Clock, Starter, app

FIRST = "0001-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("passed", "ticks"),
    [(timedelta(minutes=4, seconds=59), 0), (timedelta(minutes=5), 1), (timedelta(minutes=59), 1)],
)
def test_a_timer_ticks_by_the_clock(host: Host, clock: Clock, passed: timedelta, ticks: int) -> None:
    clock.now = NOON + passed
    assert [run.what for run in host.settle()] == ["2026-11-22T12:05:00+00:00"] * ticks
    assert [tick.past_due for tick in app().ticks] == [passed > timedelta(minutes=6)] * ticks


def test_a_timer_ticks_again_at_its_next_time(host: Host, clock: Clock) -> None:
    for minutes in (5, 9, 10):
        clock.now = NOON + timedelta(minutes=minutes)
        host.settle()
    assert [tick.schedule_status for tick in app().ticks] == [
        {"Last": FIRST, "Next": "2026-11-22T12:05:00+00:00", "LastUpdated": FIRST},
        {
            "Last": "2026-11-22T12:05:00+00:00",
            "Next": "2026-11-22T12:10:00+00:00",
            "LastUpdated": "2026-11-22T12:05:00+00:00",
        },
    ]


@pytest.mark.parametrize(("schedule", "monitored"), [("*/30 * * * * *", False), ("0 * * * * *", True)])
def test_a_timer_that_ticks_more_often_than_each_minute_has_no_status(
    start: Starter, clock: Clock, monkeypatch: pytest.MonkeyPatch, schedule: str, *, monitored: bool
) -> None:
    monkeypatch.setenv("TICKS", schedule)
    host = start()
    clock.now = NOON + timedelta(minutes=1)
    host.settle()
    (tick,) = app().ticks
    assert bool(tick.schedule_status) is monitored


def test_a_schedule_needs_six_fields(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKS", "*/5 * * * *")
    with pytest.raises(SettingError, match="six fields"):
        start()
