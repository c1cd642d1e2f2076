from datetime import timedelta

import pytest

from local.host.bindings import SettingError
from local.host.host import Host
from tests.local.host.sample import NOON, Clock, Starter, app


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
    assert [tick.schedule_status["Next"] for tick in app().ticks] == [
        "2026-11-22T12:10:00+00:00",
        "2026-11-22T12:15:00+00:00",
    ]


def test_a_schedule_needs_six_fields(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKS", "*/5 * * * *")
    with pytest.raises(SettingError, match="six fields"):
        start()
