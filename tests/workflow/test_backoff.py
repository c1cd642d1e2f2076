from datetime import UTC, datetime, timedelta

import pytest

from shared.workflow.backoff import poll_delay, retry_delay, whole_second
from tests.world import DELAYS


def test_moments_are_rounded_up_to_seconds() -> None:
    even = datetime(2026, 11, 22, 16, 0, 5, tzinfo=UTC)
    assert whole_second(even) == even
    assert whole_second(even - timedelta(microseconds=1)) == even


@pytest.mark.parametrize(
    ("setbacks", "told", "draw", "seconds"),
    [
        (0, None, 0.0, 30),
        (0, None, 1.0, 37.5),
        (1, None, 0.0, 45),
        (1, None, 1.0, 60),
        (4, None, 1.0, 480),
        (5, None, 1.0, 900),
        (5, None, 0.0, 675),
        (50, None, 1.0, 900),
        (0, 7, 1.0, 7),
        (0, 0, 1.0, 1),
        (0, 3600, 1.0, 3600),
        (1, 7, 1.0, 60),
        (1, 3600, 1.0, 3600),
    ],
)
def test_retries_come_less_and_less_often_and_never_before_told(
    setbacks: int, told: int | None, draw: float, seconds: float
) -> None:
    wait = None if told is None else timedelta(seconds=told)
    assert retry_delay(DELAYS, setbacks, wait, draw) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("polls", "told", "seconds"),
    [(0, None, 30), (1, None, 60), (4, None, 480), (5, None, 600), (90, None, 600), (0, 45, 45), (2, 45, 120)],
)
def test_polls_come_less_and_less_often(polls: int, told: int | None, seconds: int) -> None:
    wait = None if told is None else timedelta(seconds=told)
    assert poll_delay(DELAYS, polls, wait) == timedelta(seconds=seconds)
