"""Figures: samples of interleaved rounds, their medians and ranges, and ratios taken round by round."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from bench.work import Measure


class Spread(NamedTuple):
    """A median, with the range of all rounds."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of some values."""
        return cls(median(values), min(values), max(values))

    def text(self, digits: int) -> str:
        """Write it for people; what has one value alone says so."""
        if self.low == self.high:
            return f"{self.middle:,.{digits}f}, once"
        return f"{self.middle:,.{digits}f} ({self.low:,.{digits}f}-{self.high:,.{digits}f})"


def ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """Divide round by round: what disturbs a round disturbs both; rounds that only one has are left out."""
    return Spread.of([first / second for first, second in zip(above, below, strict=False)])


@dataclass
class Figures:
    """What each implementation took in each round of a case: wall and CPU seconds for one manifest, and peak bytes."""

    title: str
    wall: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)
    memory: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, jobs: int, measure: Measure, memory: int | None = None) -> None:
        """Add a round's sample of so many manifests."""
        self.wall.setdefault(name, []).append(measure.wall / jobs)
        self.cpu.setdefault(name, []).append(measure.cpu / jobs)
        if memory is not None:
            self.memory.setdefault(name, []).append(memory)


def in_turn[T](items: Sequence[T], round_number: int) -> Sequence[T]:
    """Start with another one each round: who is first may meet a colder machine."""
    start = round_number % len(items)
    return [*items[start:], *items[:start]]
