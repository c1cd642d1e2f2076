"""Figures: what was measured in interleaved rounds, as medians with their ranges, and ratios taken round by round."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import NamedTuple

import msgspec

from bench.work import Measure

MEGABYTE = 1e6


class Sample(msgspec.Struct, frozen=True):
    """What one implementation took in one round, in seconds, for so many manifests."""

    jobs: int
    wall: float
    cpu: float

    @property
    def rate(self) -> float:
        """Give manifests a second."""
        return self.jobs / self.wall

    @property
    def wall_each(self) -> float:
        """Give seconds for each manifest."""
        return self.wall / self.jobs

    @property
    def cpu_each(self) -> float:
        """Give CPU seconds for each manifest."""
        return self.cpu / self.jobs


def sample(jobs: int, *measures: Measure) -> Sample:
    """Add measures of the same manifests up, as those of the parts of their lives."""
    return Sample(jobs, sum(each.wall for each in measures), sum(each.cpu for each in measures))


class Spread(NamedTuple):
    """A median with the range that it comes from."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Take the median and the ends of some values."""
        return cls(median(values), min(values), max(values))

    def written(self, digits: int = 1) -> str:
        """Write it for people."""
        if self.low == self.high:
            return f"{self.middle:,.{digits}f}"
        return f"{self.middle:,.{digits}f} ({self.low:,.{digits}f}-{self.high:,.{digits}f})"


def ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """Divide round by round: what disturbs a round disturbs both."""
    return Spread.of([first / second for first, second in zip(above, below, strict=True)])


def rotated[T](items: Sequence[T], by: int) -> Sequence[T]:
    """Begin with another one each time: who is first may meet a colder machine."""
    start = by % len(items)
    return [*items[start:], *items[:start]]


class Case(msgspec.Struct):
    """The samples of a case, by implementation, one a round."""

    title: str
    samples: dict[str, list[Sample]] = msgspec.field(default_factory=dict)

    def add(self, implementation: str, taken: Sample) -> None:
        """Add a round's sample."""
        self.samples.setdefault(implementation, []).append(taken)

    def spread(self, implementation: str, value: Callable[[Sample], float]) -> Spread:
        """Give the spread of one value of an implementation's samples."""
        return Spread.of([value(taken) for taken in self.samples[implementation]])

    def ratio(self, above: str, below: str, value: Callable[[Sample], float]) -> Spread:
        """Divide one implementation's value by another's, round by round."""
        return ratio([value(taken) for taken in self.samples[above]], [value(taken) for taken in self.samples[below]])


class Target(msgspec.Struct, frozen=True):
    """A figure that is wanted: ``least`` or ``most`` of it."""

    what: str
    found: Spread
    least: float | None = None
    most: float | None = None
    digits: int = 2

    @property
    def wanted(self) -> str:
        """Write what is wanted."""
        return f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"

    @property
    def told(self) -> str:
        """Write what was found, and whether only once."""
        return _told(self.found, self.digits)

    @property
    def verdict(self) -> str:
        """Tell whether it is met; nothing is said where the range lies on both sides."""
        if self.least is not None:
            good, bad = self.found.low >= self.least, self.found.high < self.least
        else:
            good, bad = self.found.high <= (self.most or 0), self.found.low > (self.most or 0)
        return "met" if good else "missed" if bad else "open"


def compared(found: Spread) -> str:
    """Say in words what a ratio of speeds means: nothing, where its range crosses 1."""
    if found.low <= 1 <= found.high:
        return f"{found.written(2)}: no verdict"
    return _told(found, 2)


def _told(found: Spread, digits: int) -> str:
    return found.written(digits) if found.low < found.high else f"{found.written(digits)}, once"
