"""The line before one of Partner Center's quotas: its doors, and places in it at the rate that is believed.

Everything here is pure: moments come in, moments go out. Calls are let in while fewer were made in the last minute than
the rate allows. A process knows what it has met itself, and what others have reported.
"""

from datetime import datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from shared.workflow.learnt_rate import Rate
from shared.workflow.notices import CALM, Belief, Calls, Notice, Notices
from shared.workflow.recent_calls import MEASURED

MOST_SHARE, LATEST = 0.7, timedelta(minutes=35)
"""Whoever was sent on comes again where the line ends, but no later than after this share of the time that it has
waited, nor after so long.

Places that were given out cannot be moved, and a process that believes in a low rate has a long line of its own while
others are through with theirs."""

POLL_SHARE, LATEST_POLL = 0.25, timedelta(minutes=25)
"""Where no upload waits, a poll comes again after this share of the time that it has waited, and no later than after so
long; a first poll within so long. At the end of a backlog other processes may have no line any more."""

LEAST_SHARE, SOONEST = 0.05, timedelta(minutes=5)
"""Nor sooner than after this share, or so long: a process that has just begun knows of no line."""

RESERVED, RESERVED_AT_LEAST = 2, 1.5
"""Who has a place goes before others by so many calls, in seconds of the rate, and at least."""

FARTHEST = timedelta(days=1)
"""No place is farther off, and no door is closed for longer; who was throttled waits as long as the answer says."""

UNPROVEN = timedelta(minutes=2)
"""A longer ``Retry-After`` is the word of one answer: after so long another call may test it."""

SECOND, SOON = timedelta(seconds=1), timedelta(seconds=5)


class Call(IntEnum):
    """What is called. The lower one goes first."""

    UPLOAD = 0
    PROGRESS = 1


class Waited(NamedTuple):
    """How many places in line a job has had before, and since when it waits."""

    places: int = 0
    time: timedelta = timedelta(0)


NEW = Waited()


class Line:
    """The line before one quota. All moments are UTC, and given by the caller in about their order."""

    def __init__(self, now: datetime, waits: tuple[timedelta, timedelta], most: float | None = None) -> None:
        """Begin without a line.

        Args:
            now: UTC.
            waits: How long a job waits for a throttle without ``Retry-After``, at first and at most.
            most: Calls a second that are never exceeded, where that is known.
        """
        self._first_wait, self._longest_wait = waits
        self._rate = Rate(now, most)
        self.calls = self._rate.calls
        self._called_at = now - CALM
        self._row = 0
        self._tails = dict.fromkeys(Call, now)
        self._doors = dict.fromkeys(Call, now)
        self._places = dict.fromkeys(Call, 0)
        self._reporting = dict.fromkeys(Call, 0)
        self._tested = dict.fromkeys(Call, now - UNPROVEN)

    def rate(self, now: datetime) -> float | None:
        """Return how many calls a second are believed to be served; ``None`` where nothing limits them."""
        return self._rate.a_second(now)

    def is_closed(self, api: Call, now: datetime) -> bool:
        """Say whether a throttle's time is not over yet."""
        return now < self._doors[api]

    def is_anothers(self, api: Call, now: datetime) -> bool:
        """Say whether a throttle is another quota's, as far fewer calls were made than used up this one before."""
        # When many begin at once as the door opens, this process does not know of others' calls yet.
        return now >= self._doors[api] + MEASURED and self._rate.is_far_below(now)

    def has_line(self, now: datetime) -> bool:
        """Say whether uploads wait for their turn."""
        return now < self._tails[Call.UPLOAD]

    def admits(self, api: Call, waited: Waited, now: datetime) -> bool:
        """Say whether a job may call now."""
        self._forget_if_calm(now)
        rate = self.rate(now)
        if rate is None or now < self._doors[api]:
            return now >= self._doors[api]
        return self._rate.has_share(now) and self._missing(api, waited.places, now, rate) <= 0

    def _missing(self, api: Call, places: int, now: datetime, rate: float) -> float:
        """Return how many more calls must be free before a job may call.

        Where others have a place, who has been sent on goes before them, and uploads before polls.
        """
        steps = 0.0
        if now < max(self._tails.values()):
            steps = max(0, min(1, (3 - places) / 2)) + (api is Call.PROGRESS and self.has_line(now))
        # Of a tiny quota no more than half: otherwise nobody would be let in.
        reserved = min(max(RESERVED_AT_LEAST, RESERVED * rate), max(0.0, (MEASURED.total_seconds() * rate - 1) / 2))
        return 1 + steps * reserved - self._rate.free(now)

    def call(self, now: datetime) -> None:
        """Count a call that begins."""
        self._called_at = now
        self.calls.begin(now)

    def refused(self) -> None:
        """Take the latest call for a refused one."""
        self.calls.refuse()

    def is_calm(self, now: datetime) -> bool:
        """Say whether nothing was called or throttled lately, and nobody waits."""
        return now >= max(self._called_at + CALM, self._rate.cut_at, *self._tails.values(), *self._doors.values())

    def forget(self, now: datetime) -> None:
        """Open the doors and forget the rate, as what was learnt was another quota's; the calls were its own."""
        self._rate.forget()
        self._row = 0
        self._tails = dict.fromkeys(Call, now)
        self._doors = dict.fromkeys(Call, now)
        self._places = dict.fromkeys(Call, 0)
        self._reporting = dict.fromkeys(Call, 0)

    def belief(self, now: datetime) -> Belief | None:
        """Return what throttles have taught, if it is not over."""
        self._forget_if_calm(now)
        return self._rate.belief

    def learn(self, notice: Notice, now: datetime) -> None:
        """Learn from a later throttle that another process has met."""
        if self._rate.learn(notice.belief):
            for api, door in zip(Call, notice.doors, strict=True):
                self._close(api, door - now, now)

    def update_calls(self, notices: Notices, whose: str, now: datetime) -> Calls:
        """Count other processes' calls, and return this one's."""
        self.calls.learn(*notices.calls(whose), now)
        self._rate.learn_more()
        return self.calls.report(now)

    def notice(self, belief: Belief, known: Notice | None, now: datetime) -> Notice:
        """Return what to report: the line as others know it, with the places behind it that were given out here."""
        self._reporting = dict(self._places)
        upload, progress = (self._joint_tail(api, known, now) for api in Call)
        return Notice(belief, (self._doors[Call.UPLOAD], self._doors[Call.PROGRESS]), (upload, progress))

    def _joint_tail(self, api: Call, known: Notice | None, now: datetime) -> datetime:
        farthest = now + FARTHEST
        tail = min(known.tails[api], farthest) if known else now
        if not self._places[api]:
            return tail
        begins = max(tail, now, self._doors[api])
        # Of places that were given out long ago the time has passed.
        length = min(self._places[api] * self._rate.between_places(now), max(self._tails[api] - now, timedelta(0)))
        return min(begins + length, farthest)

    def reported(self, notice: Notice) -> None:
        """Take note that the others can read what was reported last."""
        for api, tail in zip(Call, notice.tails, strict=True):
            self._tails[api] = tail
            self._places[api] -= self._reporting[api]

    def served(self, api: Call, now: datetime) -> None:
        """Take note that a call was not throttled."""
        if not self.is_closed(api, now):
            self._row = 0

    def place(self, api: Call, earliest: datetime, now: datetime, waited: Waited = NEW) -> datetime:
        """Give out the next place; ``earliest`` where that is later. Polls stand behind uploads."""
        rate, ahead = self.rate(now), self._doors[api]
        if api is Call.PROGRESS:
            ahead = max(ahead, self._tails[Call.UPLOAD])
        free = max(ahead, now, self._tails[api])
        if rate is None or earliest > free:
            return max(earliest, self._doors[api])
        latest = max(earliest, self._latest(api, waited, now))
        if latest < free:
            return max(ahead, latest)
        if waited.places:
            free = max(free, now + min(waited.time * LEAST_SHARE, SOONEST))
            free = max(free, self._rate.free_at(self._missing(api, waited.places + 1, now, rate), now, rate))
        else:
            free = max(free, self._rate.free_at(1 - self._rate.free(now), now, rate))
        self._places[api] += 1
        # The others give out places at the same time.
        self._tails[api] = free + self._rate.between_places(now) * self.calls.processes(now)
        return free

    def _latest(self, api: Call, waited: Waited, now: datetime) -> datetime:
        """Return when a job comes again at the latest, wherever the line ends."""
        only_polls = api is Call.PROGRESS and not self.has_line(now)
        if not waited.places:
            return now + (LATEST_POLL if only_polls else FARTHEST)
        share, longest = (POLL_SHARE, LATEST_POLL) if only_polls else (MOST_SHARE, LATEST)
        return now + max(min(waited.time * share, longest), SOON)

    def throttled(self, api: Call, retry_after: timedelta | None, now: datetime) -> datetime:
        """Close the door, slow down, and return when the throttled job may call again."""
        self.refused()
        if self.is_closed(api, now):
            return self._throttled_with_others(api, retry_after, now)
        self._row += 1
        wait = self._wait(retry_after)
        proven = retry_after is None or now < self._tested[api] + UNPROVEN
        closed = wait if proven else min(wait, UNPROVEN)
        # Zero seconds say nothing of the quota either.
        self._rate.cut(closed if retry_after else None, now)
        self._close(api, closed, now)
        if closed < wait:
            self._tested[api] = self._doors[api]
        return now + wait

    def _wait(self, retry_after: timedelta | None) -> timedelta:
        if retry_after is None:
            # Half of that at first, so that the throttled jobs are not all who find out.
            doubled: int = 2 ** min(self._row - 1, 8)
            return min(self._first_wait / 2 * doubled, self._longest_wait)
        return max(retry_after, SECOND)

    def _close(self, api: Call, wait: timedelta, now: datetime) -> None:
        # No answer keeps others away for weeks: they would be given up without a call.
        self._doors[api] = now + min(wait, FARTHEST)

    def _throttled_with_others(self, api: Call, retry_after: timedelta | None, now: datetime) -> datetime:
        """Learn from a call that had begun before the door was closed: less was served than it seemed."""
        self._rate.correct()
        if retry_after and retry_after <= UNPROVEN:
            self._doors[api] = max(self._doors[api], now + retry_after)
        return self.place(api, now + (retry_after or SECOND), now)

    def _forget_if_calm(self, now: datetime) -> None:
        if self._rate.belief and now >= max(self._rate.cut_at + CALM, *self._tails.values(), *self._doors.values()):
            self.forget(now)
