"""Everything that one run has measured, and how it compares with the targets."""

import os
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean

import msgspec

from bench.cases.backlog import ONE, TWO
from bench.cases.cold_start import IMPORTS
from bench.cases.grid import Cell
from bench.cases.large_file import MANY, TIMES_FEWER, WRITERS, LargeRun
from bench.cast import FLOOR, LARGE, SAME, SMALL, THIS_APP, TUTORIAL
from bench.figures import Case, Sample, Spread, Target, ratio

_PROCESSORS = Path("/proc/cpuinfo")
MOST_MEGABYTES = 300
FORMATS = tuple(WRITERS)

type LargeKey = tuple[str, str, int]


def wall(taken: Sample) -> float:
    """Give the seconds of a manifest."""
    return taken.wall_each


def cpu(taken: Sample) -> float:
    """Give the CPU seconds of a manifest."""
    return taken.cpu_each


def _machine() -> str:
    """Describe the machine."""
    cores = f"{os.process_cpu_count()} shared cores{_processor()}"
    return f"{cores}, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    """Name the processor where Linux tells it."""
    if not _PROCESSORS.exists():
        return ""
    lines = _PROCESSORS.read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f" of {models[0]}" if models else ""


class Results(msgspec.Struct):
    """One run's figures; what a quick run leaves out is empty."""

    quick: bool
    at: datetime = msgspec.field(default_factory=lambda: datetime.now(UTC))
    machine: str = msgspec.field(default_factory=_machine)
    seconds: float = 0.0
    landings: dict[str, Case] = msgspec.field(default_factory=dict)
    lives: dict[str, Case] = msgspec.field(default_factory=dict)
    reading: list[Case] = msgspec.field(default_factory=list)
    cold_start: list[Case] = msgspec.field(default_factory=list)
    backlog: Case | None = None
    memory: dict[str, float] = msgspec.field(default_factory=dict)
    """Peak MB of each function app after the landings and lives."""
    large: list[LargeRun] = msgspec.field(default_factory=list)
    targets: list[Target] = msgspec.field(default_factory=list)

    def compare(self) -> None:
        """Hold the figures against the targets."""
        self.targets = [*_pace(self), *_reading(self), *_threads(self), *_cold_start(self), *_large(self)]

    def large_runs(self) -> dict[LargeKey, list[LargeRun]]:
        """Give the runs with large files, one a round, by who ran, the format and the devices."""
        runs: dict[LargeKey, list[LargeRun]] = {}
        for run in self.large:
            runs.setdefault((run.implementation, run.format, run.devices), []).append(run)
        return runs


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
    if results.backlog:
        one, many = (results.backlog.samples[name] for name in (ONE, THIS_APP))
    else:
        one, many = (results.landings[key(SMALL, threads, 0.05)].samples[THIS_APP] for threads in (1, 32))
    faster = ratio([each.rate for each in many], [each.rate for each in one[: len(many)]])  # a grid's may be more
    yield Target("5 KB, API 50 ms: 32 threads, times as fast as 1", faster, least=8)
    busy = Spread.of([each.cpu / each.wall for each in many])
    yield Target("the same: cores that 32 threads keep busy, of 1 that they can", busy, least=0.9)
    if results.backlog:
        gain = results.backlog.ratio(THIS_APP, TWO, wall)
        yield Target("the same: two processes, times as fast as one", gain, least=1)


def _cold_start(results: Results) -> Iterator[Target]:
    for case in results.cold_start:
        yield Target(f"{case.title}: times the imports alone", case.ratio(THIS_APP, IMPORTS, wall), most=1.1)


def _large(results: Results) -> Iterator[Target]:
    few, runs = MANY // TIMES_FEWER, results.large_runs()
    for kind in FORMATS if runs else ():
        ours = {devices: runs[THIS_APP, kind, devices] for devices in (few, MANY)}
        growth = _growth(ours[MANY], ours[few])
        yield _memory(kind, ours[MANY])
        yield Target(f"100,000 devices, {kind}: times the time of 10,000", growth, most=11)
        both = MANY if (TUTORIAL, kind, MANY) in runs else few
        speed = _times(runs[TUTORIAL, kind, both], ours[both])
        yield Target(f"{both:,} devices, {kind}: times as fast as the tutorial", speed, least=1)


def largest(results: Results) -> Iterator[Target]:
    """Hold the largest manifests against the targets, where everybody has handled them."""
    runs = results.large_runs()
    for kind in FORMATS:
        ours, theirs = runs[THIS_APP, kind, MANY], runs[TUTORIAL, kind, MANY]
        yield _memory(kind, ours)
        yield Target(f"100,000 devices, {kind}: times as fast as the tutorial", _times(theirs, ours), least=1)


def _memory(kind: str, runs: list[LargeRun]) -> Target:
    found = Spread.of([run.megabytes for run in runs])
    return Target(f"100,000 devices, {kind}: peak memory, MB", found, most=MOST_MEGABYTES, digits=0)


def _growth(many: list[LargeRun], few: list[LargeRun]) -> Spread:
    """Hold many devices against few in the same process, which has had few before."""
    warm = {number: [run.wall for run in few if run.round == number][1:] for number in {run.round for run in many}}
    return Spread.of([run.wall / fmean(warm[run.round]) for run in many])


def _times(above: list[LargeRun], below: list[LargeRun]) -> Spread:
    """Divide the first run of each round."""
    first = [{run.round: run.wall for run in reversed(runs)} for runs in (above, below)]
    rounds = sorted(first[0].keys() & first[1].keys())
    return ratio(*([walls[number] for number in rounds] for walls in first))
