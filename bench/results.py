"""Everything that one run has measured, and how it compares with the targets."""

import os
import platform
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec

from bench.cases.backlog import TWO
from bench.cases.cold_start import IMPORTS
from bench.cases.grid import Cell
from bench.cases.large_file import MANY, TIMES_FEWER, LargeRun
from bench.cast import FLOOR, LARGE, SAME, SMALL, THIS_APP, TUTORIAL
from bench.figures import Case, Sample, Spread, Target, ratio

MOST_MEGABYTES = 300


def wall(taken: Sample) -> float:
    """Give the seconds of a manifest."""
    return taken.wall_each


def cpu(taken: Sample) -> float:
    """Give the CPU seconds of a manifest."""
    return taken.cpu_each


def _machine() -> str:
    """Describe the machine."""
    return f"{os.process_cpu_count()} shared cores, {platform.system()}, Python {platform.python_version()}"


class Results(msgspec.Struct):
    """One run's figures; what a quick run leaves out is empty."""

    quick: bool
    at: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
    machine: str = msgspec.field(default_factory=_machine)
    seconds: float = 0.0
    landings: dict[str, Case] = msgspec.field(default_factory=dict)
    lives: dict[str, Case] = msgspec.field(default_factory=dict)
    reading: list[Case] = msgspec.field(default_factory=list)
    cold_start: Case | None = None
    backlog: Case | None = None
    memory: dict[str, float] = msgspec.field(default_factory=dict)
    """Peak MB of each function app after the landings and lives."""
    large: list[LargeRun] = msgspec.field(default_factory=list)
    targets: list[Target] = msgspec.field(default_factory=list)

    def compare(self) -> None:
        """Hold the figures against the targets."""
        self.targets = [*_pace(self), *_reading(self), *_threads(self), *_cold_start(self), *_large(self)]

    def large_spread(self, name: str, kind: str, devices: int, value: Callable[[LargeRun], float]) -> Spread | None:
        """Give the spread of one value of the runs with large files; ``None`` if there were none."""
        values = [value(run) for run in self.large if run[:3] == (name, kind, devices)]
        return Spread.of(values) if values else None


def key(size: str, threads: int, latency: float = 0.0) -> str:
    """Name a cell as the results do."""
    return Cell(size, threads, latency).title


def _pace(results: Results) -> Iterator[Target]:
    large, small = results.landings[key(LARGE, 1)], results.landings[key(SMALL, 1)]
    life = results.lives[key(SMALL, 1)]
    yield Target("4.3 MB, to accepted: times as fast as the tutorial", large.ratio(TUTORIAL, THIS_APP, wall), least=4)
    yield Target("4.3 MB, to accepted: CPU, times the floor", large.ratio(THIS_APP, FLOOR, cpu), most=2)
    yield Target("5 KB, to accepted: times as fast as the tutorial", small.ratio(TUTORIAL, THIS_APP, wall), least=0.7)
    for case, part in ((small, "to accepted"), (life, "whole life")):
        yield Target(f"5 KB, {part}: times as fast as the same exchanges", case.ratio(SAME, THIS_APP, wall), least=2)
        yield Target(f"5 KB, {part}: CPU, times the floor", case.ratio(THIS_APP, FLOOR, cpu), most=4)


def _reading(results: Results) -> Iterator[Target]:
    for case in results.reading:
        yield Target(f"{case.title}: times as fast as by hand", case.ratio(TUTORIAL, THIS_APP, wall), least=3)


def _threads(results: Results) -> Iterator[Target]:
    one, many = (results.landings[key(SMALL, threads, 0.05)].samples[THIS_APP] for threads in (1, 32))
    faster = ratio([each.rate for each in many], [each.rate for each in one])
    yield Target("5 KB, API 50 ms: 32 threads, times as fast as 1", faster, least=8)
    busy = Spread.of([each.cpu / each.wall for each in many])
    yield Target("the same: cores that 32 threads keep busy, of 1 that they can", busy, least=0.9)
    if results.backlog:
        gain = results.backlog.ratio(THIS_APP, TWO, wall)
        yield Target("the same: two processes, times as fast as one", gain, least=1)


def _cold_start(results: Results) -> Iterator[Target]:
    if results.cold_start:
        found = results.cold_start.ratio(THIS_APP, IMPORTS, wall)
        yield Target("cold start to first status: times the imports alone", found, most=1.1)


def _large(results: Results) -> Iterator[Target]:
    for kind in ("JSON", "CSV"):
        memory = results.large_spread(THIS_APP, kind, MANY, lambda run: run.megabytes)
        many, few, tutorial = (
            results.large_spread(name, kind, devices, lambda run: run.wall)
            for name, devices in ((THIS_APP, MANY), (THIS_APP, MANY // TIMES_FEWER), (TUTORIAL, MANY))
        )
        if memory and many and few and tutorial:
            yield Target(f"100,000 devices, {kind}: peak memory, MB", memory, most=MOST_MEGABYTES, digits=0)
            linear = Spread(many.middle / few.middle, many.low / few.high, many.high / few.low)
            yield Target(f"100,000 devices, {kind}: times the time of 10,000", linear, most=11)
            speed = Spread(tutorial.middle / many.middle, tutorial.low / many.high, tutorial.high / many.low)
            yield Target(f"100,000 devices, {kind}: times as fast as the tutorial", speed, least=1)
