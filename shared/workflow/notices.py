"""What the processes of one app report to each other of Partner Center's quotas, in a small blob.

Each reports its own calls of the last minutes, and what it has learnt; of a quota, whoever met the latest throttle
knows best. A customer's quota goes by the customer's id, the partner's by an empty name.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self

import msgspec

GONE = timedelta(minutes=2)
"""Who has reported nothing for so long calls no longer."""

CALM = timedelta(minutes=10)
"""After so long without a throttle or a line, the line is forgotten: the app is as quick as ever."""

LEAST, MOST = 1 / 240, 1e6
"""Calls a second: however many are refused, one in four minutes is tried; the most is a bound for what is read."""

OLDEST = timedelta(days=14)
"""No job waits for longer behind a throttle."""

MOST_NOTICES = 200
"""Quotas of which something is written: those that were throttled last."""

AHEAD = timedelta(minutes=1)
"""How far another machine's clock may be ahead."""

type Moment = Annotated[datetime, msgspec.Meta(tz=True)]
type Past = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Belief(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What throttles have taught of one quota."""

    cut_at: Moment
    """When the latest was met."""
    peak: Annotated[float, msgspec.Meta(ge=LEAST, le=MOST)]
    """Calls a second that were served then."""
    window: Annotated[float, msgspec.Meta(ge=1, le=1e6)]
    """Seconds in which the sample was served."""
    sample: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    """How many calls that were."""
    is_first: bool
    """Whether it is an estimate by one throttle."""


class Notice(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one quota and the line before it, for uploads and for polls."""

    belief: Belief
    doors: tuple[Moment, Moment]
    """When calls are served again."""
    tails: tuple[Moment, Moment]
    """Where the line ends."""

    def matters(self, now: datetime) -> bool:
        """Return whether it is of the past, but not over."""
        ago = now - self.belief.cut_at
        return -AHEAD < ago < OLDEST and (ago < CALM or now < max(*self.doors, *self.tails))


class Calls(msgspec.Struct, frozen=True, array_like=True):
    """Calls of one process before one quota, in seconds before the report."""

    served: list[Past]
    refused: list[Past]

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self.served or self.refused)


class ProcessReport(msgspec.Struct, frozen=True, array_like=True):
    """What one process has called, by quota."""

    at: Moment
    served_at: Moment
    """When any call of it was served last."""
    calls: dict[str, Calls]


class Scope(msgspec.Struct, frozen=True, array_like=True):
    """Whose quota is used up: the partner's, or each customer's own."""

    changed: Moment
    is_partners: bool
    proof: Annotated[int, msgspec.Meta(ge=1, le=1000)]
    """How many customers must be throttled in a row for the quota to be taken for the partner's."""


class Notices(msgspec.Struct, frozen=True):
    """All that is reported."""

    scope: Scope | None = None
    quotas: Mapping[str, Notice] = {}
    reports: Mapping[str, ProcessReport] = {}

    def read_by(self, reader: str, now: datetime) -> Self:
        """Return what is neither over, nor said to be of a time to come, nor the reader's own."""
        quotas = {whose: notice for whose, notice in self.quotas.items() if notice.matters(now)}
        reports = {
            name: report for name, report in self.reports.items() if name != reader and -AHEAD < now - report.at < GONE
        }
        scope = self.scope if self.scope and self.scope.changed < now + AHEAD else None
        return type(self)(scope, quotas, reports)

    def quotas_of(self, *, partner: bool) -> dict[str, Notice]:
        """Return what is known of the partner's quota, or of the customers'."""
        return {whose: notice for whose, notice in self.quotas.items() if (not whose) is partner}

    def refused_since(self, served_at: datetime, now: datetime) -> dict[str, datetime]:
        """Return which customers were throttled since any was served, and until when."""
        others = max((report.served_at for report in self.reports.values()), default=served_at)
        return {
            whose: min(max(notice.doors), now + CALM)
            for whose, notice in self.quotas_of(partner=False).items()
            if served_at < notice.belief.cut_at >= others
        }

    def calls(self, whose: str) -> tuple[list[datetime], list[datetime], int]:
        """Return when other processes' calls were served and refused, and how many processes made them."""
        made = [(report.at, report.calls[whose]) for report in self.reports.values() if whose in report.calls]
        served = [at - timedelta(seconds=ago) for at, calls in made for ago in calls.served]
        return served, [at - timedelta(seconds=ago) for at, calls in made for ago in calls.refused], len(made)


def latest(quotas: Mapping[str, Notice]) -> dict[str, Notice]:
    """Return the notices that are written: of the quotas that were throttled last."""
    return dict(sorted(quotas.items(), key=lambda item: item[1].belief.cut_at)[-MOST_NOTICES:])


_decode = msgspec.json.Decoder(Notices).decode
_encode = msgspec.json.Encoder().encode


def encode(notices: Notices) -> bytes:
    """Return the blob's bytes."""
    return _encode(notices)


def decode(data: bytes | None) -> Notices:
    """Return what the bytes say: nothing where there are none, or no process of this app wrote them."""
    try:
        return _decode(data) if data else Notices()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Notices()
