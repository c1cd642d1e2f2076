"""How long to wait until the next retry or poll, and how often; the bounds are settings (``config.delay_settings``)."""

from datetime import datetime, timedelta

from shared.config.delay_settings import Delays

SECOND = timedelta(seconds=1)

SOON = timedelta(seconds=5)
"""At once, but not before the state has been saved that the wake-up is to find."""

MOST_TRIES = 6
"""Wake-ups in a row that can do nothing before the sweep takes over: about half an hour."""


def whole_second(moment: datetime) -> datetime:
    """Round a moment up: the status and the queue know whole seconds, and nothing may happen before its time."""
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + SECOND


def retry_delay(delays: Delays, setbacks: int, retry_after: timedelta | None, draw: float) -> timedelta:
    """Return how long to wait after a temporary fault.

    Args:
        delays: The shortest and the longest wait.
        setbacks: Temporary faults in a row before this one.
        retry_after: The answer's ``Retry-After``: the whole wait after a first fault, the least after a second in a row
            (Partner Center, "API throttling guidance": back off further).
        draw: A random number from 0 to 1, so that a crowd does not come back as a crowd.
    """
    doubled = _doubled(delays.first_retry, setbacks, delays.longest_retry)
    shortest = min(delays.first_retry * (1 + draw / 4), delays.longest_retry)
    backoff = max(doubled * (0.75 + draw / 4), shortest)
    if retry_after is None:
        return backoff
    return max(retry_after, SECOND) if setbacks == 0 else max(retry_after, backoff)


def poll_delay(delays: Delays, polls: int, retry_after: timedelta | None) -> timedelta:
    """Return how long to wait until the next poll: longer each round, and never less than ``retry_after``."""
    return max(_doubled(delays.first_poll, polls, delays.longest_poll), retry_after or timedelta(0))


def _doubled(first: timedelta, times: int, longest: timedelta) -> timedelta:
    factor: int = 2 ** min(times, 16)
    return min(first * factor, longest)
