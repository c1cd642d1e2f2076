"""The calls that one of Partner Center's quotas counts: this process's own, and those that others have reported."""

from bisect import bisect_right, insort
from collections.abc import Iterable
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from shared.workflow.notices import GONE, Calls

MEASURED = timedelta(minutes=1)
"""What was called in so long a time is the sample that rates are estimated from."""

UNREAD = timedelta(seconds=2.5)
"""Calls that are older have been read by the others, or will not be."""

KEPT = timedelta(minutes=4)
"""Calls are remembered for so long."""


class RecentCalls:
    """When calls were made. Refused ones count in a quota as well ("API throttling guidance")."""

    def __init__(self) -> None:
        """Know of none."""
        self.served: list[datetime] = []
        self.refused: list[datetime] = []
        self._served_elsewhere: list[datetime] = []
        self._refused_elsewhere: list[datetime] = []
        self._others = 0
        self._read_at: datetime | None = None

    def begin(self, now: datetime) -> None:
        """Count a call of this process."""
        for calls in self._all:
            del calls[: bisect_right(calls, now - KEPT)]
        insort(self.served, now)

    def refuse(self) -> None:
        """Take the latest call of this process for a refused one."""
        if self.served:
            insort(self.refused, self.served.pop())

    def learn(self, served: Iterable[datetime], refused: Iterable[datetime], others: int, now: datetime) -> None:
        """Replace what is known of the calls of so many other processes."""
        self._served_elsewhere, self._refused_elsewhere = sorted(served), sorted(refused)
        self._others, self._read_at = others, now

    def processes(self, now: datetime) -> int:
        """Return how many processes call, this one included: of others nothing is known after a while."""
        return 1 + self._others * (self._read_at is not None and now < self._read_at + GONE)

    def count_unread(self, now: datetime) -> int:
        """Return how many calls this process has made that the others may not have read of."""
        if self._read_at is None:
            return 0
        return self.count_own(now, min(now - self._read_at + timedelta.resolution, UNREAD))

    def report(self, now: datetime) -> Calls:
        """Return this process's calls for the others."""
        served, refused = (
            [round((now - at).total_seconds(), 1) for at in calls if now - KEPT < at <= now]
            for calls in (self.served, self.refused)
        )
        return Calls(served, refused)

    def count(self, now: datetime, time: timedelta) -> int:
        """Return how many calls were made in the latest ``time``."""
        return sum(len(calls) - bisect_right(calls, now - time) for calls in self._all)

    def count_own(self, now: datetime, time: timedelta) -> int:
        """Return how many of those this process has made."""
        return sum(len(calls) - bisect_right(calls, now - time) for calls in (self.served, self.refused))

    def count_served(self, now: datetime) -> int:
        """Return how many calls of the minute before were not refused."""
        return sum(
            bisect_right(calls, now) - bisect_right(calls, now - MEASURED)
            for calls in (self.served, self._served_elsewhere)
        )

    def first_served(self, now: datetime) -> datetime:
        """Return when the first of those was made; ``now`` if there is none."""
        return min(
            next(islice(calls, bisect_right(calls, now - MEASURED), None), now)
            for calls in (self.served, self._served_elsewhere)
        )

    def leaves(self, number: int, now: datetime, time: timedelta) -> datetime | None:
        """Return when so many of the calls of the latest ``time`` are older; ``None`` if there are fewer."""
        recent = merge(*(calls[bisect_right(calls, now - time) :] for calls in self._all))
        last = next(islice(recent, number - 1, None), None)
        return last and last + time

    @property
    def _all(self) -> tuple[list[datetime], ...]:
        return self.served, self.refused, self._served_elsewhere, self._refused_elsewhere
