"""The rate at which one of Partner Center's quotas is believed to be served: learnt from what is called and throttled.

The models are TCP's congestion control (a rate that grows as CUBIC does, RFC 9438, cut at each throttle) and botocore's
adaptive retries (never far above what was really called).
"""

from collections import deque
from datetime import datetime, timedelta
from math import exp2

MEASURED = timedelta(minutes=1)
"""What was called in so long a time is the sample that rates are estimated from."""

CUT, REGAIN = 0.92, 120
"""A throttle cuts the rate to this part of what was served; after so many seconds it is there again, then beyond."""

DEEPEST_CUT = 0.7
"""One sample is small: not more than this is believed at a time."""

SLOWEST = 6 / 60
"""Calls a second where a throttle is met before anything was served."""

LEAST = 1 / 240
"""Calls a second: however many are refused, one in four minutes is tried. Several processes may share a tiny quota."""

OVERBOOKED = 1.15
"""Places are given out so much denser than the rate: who comes too early is sent on without a call, but a turn that
nobody takes is lost."""

FEW, SUPPOSED = 5, 1.0
"""A first sample this small says nothing: places are a second apart then, and farther from minute to minute."""


class Rate:
    """What is believed of one quota; ``most`` calls a second are never exceeded, where it is known."""

    def __init__(self, now: datetime, most: float | None = None) -> None:
        """Believe in no limit yet."""
        self.cut_at = self._born = now
        self._most = most
        self._peak: float | None = None
        self._sample = 0
        self._window = MEASURED.total_seconds()
        self._first_cut = False
        self._calls = deque[datetime]()

    @property
    def has_small_sample(self) -> bool:
        """Return whether too little had been called before the throttles to estimate a rate from."""
        return self._sample < FEW

    @property
    def is_learnt(self) -> bool:
        """Return whether a throttle was met, and not forgotten since."""
        return self._peak is not None

    @property
    def _is_guess(self) -> bool:
        """Return whether the rate is a first estimate, by a small sample."""
        return self._first_cut and self.has_small_sample

    def a_second(self, now: datetime) -> float | None:
        """Return how many calls a second are believed to be served; ``None`` where nothing limits them."""
        if self._peak is None:
            return self._most
        # A guess is soon doubted.
        regain, farthest = (REGAIN / 4, 4) if self._is_guess else (REGAIN, 1.5)
        grown = self._peak * (1 + (1 - CUT) * ((now - self.cut_at).total_seconds() / regain - 1) ** 3)
        # One call more than were made, as at a low rate none may have been.
        rate = min(grown, max(self._peak, farthest * (self._measure(now) + 1) / MEASURED.total_seconds()))
        return rate if self._most is None else min(rate, self._most)

    def is_used_up(self, now: datetime) -> bool:
        """Return whether the known quota of this minute is used up."""
        return self._most is not None and self._measure(now) >= self._most * MEASURED.total_seconds()

    def between_places(self, now: datetime) -> timedelta:
        """Return the time between two places in line."""
        density = OVERBOOKED * (self.a_second(now) or LEAST)
        if self._most is not None:
            density = min(density, OVERBOOKED * self._most)
        elif self._is_guess:
            density = max(density, SUPPOSED * exp2((self.cut_at - now) / timedelta(minutes=1)))
        return timedelta(seconds=1 / density)

    def call(self, now: datetime) -> None:
        """Count a call that begins."""
        self._measure(now)
        self._calls.append(now)

    def refused(self) -> None:
        """Take the latest call out of the sample again."""
        if self._calls:
            self._calls.pop()

    def cut(self, wait: timedelta | None, now: datetime) -> None:
        """Slow down for a throttle after which calls are served again in ``wait``, where the answer says so."""
        served, before = self._measure(now), self.a_second(now)
        spent = now - self._calls[0] if self._calls else timedelta(0)
        # Where the answer does not say so, the quota is supposed to be a minute's, as most are.
        least = MEASURED if wait is None else min(MEASURED, now - self._born)
        self._window = max(least, spent + (wait or timedelta(0))).total_seconds()
        estimate = max(served / self._window, SLOWEST)
        if before is not None and self._peak is not None:
            estimate = max(min(served / self._window, before), DEEPEST_CUT * before)
        # As long as nothing has been served since the first throttle, another one teaches nothing either.
        self._first_cut = self._peak is None or (self._first_cut and not served)
        self._sample = served if self._peak is None else max(served, self._sample)
        self._peak, self.cut_at = max(estimate, LEAST), now

    def correct(self, now: datetime) -> None:
        """Correct the first estimate: of the calls that were under way one more was refused."""
        if self._first_cut:
            self._sample = self._measure(now)
            self._peak = max(self._sample / self._window, SLOWEST)

    def forget(self) -> None:
        """Believe in no limit again; the calls were made all the same."""
        self._peak, self._sample = None, 0

    def _measure(self, now: datetime) -> int:
        while self._calls and self._calls[0] <= now - MEASURED:
            self._calls.popleft()
        return len(self._calls)
