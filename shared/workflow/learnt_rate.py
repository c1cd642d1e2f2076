"""The rate at which one of Partner Center's quotas is believed to be served: learnt from what is called and throttled.

The models are TCP's congestion control (a rate that grows as CUBIC does, RFC 9438, cut at each throttle) and botocore's
adaptive retries (never far above what was really called).
"""

from datetime import datetime, timedelta
from math import ceil, exp2, inf

from shared.workflow.notices import LEAST, MOST, Belief
from shared.workflow.recent_calls import MEASURED, RecentCalls

CUT, REGAIN = 0.97, 60
"""A throttle cuts the rate to this part of what was served; after so many seconds it is there again, then beyond."""

DEEPEST_CUT = 0.7
"""One sample is small: not more than this is believed at a time."""

SLOWEST = 6 / 60
"""Calls a second where a throttle is met before anything was served."""

OVERBOOKED = 1.08
"""Places are given out so much denser than the rate: who comes too early is sent on without a call, but a turn that
nobody takes is lost."""

FEW, SUPPOSED = 5, 1.0
"""A first sample this small says nothing: places are a second apart then, and farther from minute to minute."""

FAR_BELOW = 0.9
"""A quota that is used up by this part of the calls, and two fewer, is another one."""

NEARLY, ROUGHLY = 0.1, timedelta(seconds=1)
"""What is missing of a whole call may be so little; and how exact other processes' clocks and moments are."""


class Rate:
    """What is believed of one quota; ``most`` calls a second are never exceeded, where it is known."""

    def __init__(self, now: datetime, most: float | None = None) -> None:
        """Believe in no limit yet."""
        self.cut_at = self._born = now
        self.calls = RecentCalls()
        self.belief: Belief | None = None
        self._most = most

    @property
    def _is_guess(self) -> bool:
        """Return whether the rate is a first estimate, by a small sample."""
        return self.belief is not None and self.belief.is_first and self.belief.sample < FEW

    def a_second(self, now: datetime) -> float | None:
        """Return how many calls a second are believed to be served; ``None`` where nothing limits them."""
        learnt = self._learnt(now)
        return learnt if self._most is None else min(learnt or self._most, self._most)

    def _learnt(self, now: datetime) -> float | None:
        if self.belief is None:
            return None
        # A guess is soon doubted.
        regain, farthest = (REGAIN / 4, 4) if self._is_guess else (REGAIN, 1.5)
        peak = self.belief.peak
        # Clocks are set back at times.
        passed = max(0.0, (now - self.cut_at).total_seconds())
        grown = peak * (1 + (1 - CUT) * (passed / regain - 1) ** 3)
        # One call more than were made, as at a low rate none may have been.
        called = (self.calls.count_served(now) + 1) / MEASURED.total_seconds()
        return min(grown, max(peak, farthest * called))

    def is_far_below(self, now: datetime) -> bool:
        """Return whether far fewer calls were made in the last minute than before the latest throttle."""
        before = self.belief.peak * MEASURED.total_seconds() if self.belief else 0
        return self.calls.count(now, MEASURED) < FAR_BELOW * before - 2

    def free(self, now: datetime) -> float:
        """Return how many calls may be made at once, by all processes as far as this one knows."""
        free, learnt = inf, self._learnt(now)
        if learnt is not None:
            width = _width(learnt)
            free = learnt * width.total_seconds() - self.calls.count(now, width)
        if self._most is not None:
            # What is known in advance is each process's own.
            free = min(free, self._most * MEASURED.total_seconds() - self.calls.count_own(now, MEASURED))
        return free + NEARLY

    def has_share(self, now: datetime) -> bool:
        """Return whether this process has calls left of its share, which it may take before it reads of the others."""
        own = self.calls.count_unread(now)
        return own < max(1, (self.free(now) + own) / self.calls.processes(now))

    def free_at(self, missing: float, now: datetime, rate: float) -> datetime:
        """Return when so many more calls may be made."""
        if missing <= 0:
            return now
        return self.calls.leaves(ceil(missing), now, _width(rate)) or now + timedelta(seconds=missing / rate)

    def between_places(self, now: datetime) -> timedelta:
        """Return the time between two places in line."""
        density = OVERBOOKED * (self.a_second(now) or LEAST)
        if self._most is not None:
            density = min(density, OVERBOOKED * self._most)
        elif self._is_guess:
            density = max(density, SUPPOSED * exp2(min(0.0, (self.cut_at - now) / timedelta(minutes=1))))
        return timedelta(seconds=1 / density)

    def cut(self, wait: timedelta | None, now: datetime) -> None:
        """Slow down for a throttle after which calls are served again in ``wait``, where the answer says so."""
        served, before = self.calls.count_served(now), self.a_second(now)
        spent = now - self.calls.first_served(now)
        # Where the answer does not say so, the quota is supposed to be a minute's, as most are.
        least = MEASURED if wait is None else min(MEASURED, now - self._born)
        window = max(least, spent + (wait or timedelta(0))).total_seconds()
        old = self.belief
        if before is None or old is None:
            self._believe(max(served / window, SLOWEST), window, served, now, is_first=True)
            return
        # Of others' calls before the first throttle, this process may learn only now.
        is_early = old.is_first and old.sample >= FEW and now < old.cut_at + MEASURED
        estimate = max(min(served / window, inf if is_early else before), DEEPEST_CUT * before)
        # As long as nothing has been served since the first throttle, another one teaches nothing either.
        self._believe(estimate, window, max(served, old.sample), now, is_first=old.is_first and not served)

    def correct(self) -> None:
        """Correct the first estimate: one more of the calls that were under way was refused."""
        if self.belief is not None and self.belief.is_first:
            self._count_again(self.belief)

    def learn_more(self) -> None:
        """Correct the first estimate if others have reported more calls before it."""
        first = self.belief
        if first is not None and first.is_first and self._first_sample() > first.sample:
            self._count_again(first)

    def _count_again(self, first: Belief) -> None:
        sample = self._first_sample()
        self._believe(max(sample / first.window, SLOWEST), first.window, sample, self.cut_at, is_first=True)

    def _first_sample(self) -> int:
        return self.calls.count_served(self.cut_at + ROUGHLY)

    def learn(self, belief: Belief) -> bool:
        """Believe another process if it has met a later throttle."""
        if self.belief is not None and belief.cut_at <= self.cut_at:
            return False
        self.belief, self.cut_at = belief, belief.cut_at
        return True

    def forget(self) -> None:
        """Believe in no limit again; the calls were made all the same."""
        self.belief = None

    def _believe(self, peak: float, window: float, sample: int, now: datetime, *, is_first: bool) -> None:
        self.belief, self.cut_at = Belief(now, min(max(peak, LEAST), MOST), window, sample, is_first), now


def _width(rate: float) -> timedelta:
    """Return in how long a time a rate allows a call or more, a minute at least."""
    return max(MEASURED, timedelta(seconds=1 / rate))
