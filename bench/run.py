"""One run of the bench, from the stand-ins' start to the tables."""

from collections.abc import Iterable
from pathlib import Path
from time import monotonic

import msgspec
from rich.console import Console
from rich.status import Status

from bench import chart, tables
from bench.cases import backlog, cold_start, large_file, reading
from bench.cases.grid import CELLS, Cell, Grid, Plan
from bench.cases.large_file import LargeRun
from bench.cast import FOLDERS, LARGE, SMALL, cast
from bench.figures import MEGABYTE
from bench.results import Results, largest
from bench.world import ROOT, world

FILE = ROOT / ".local" / "bench.json"
QUICK_FILE, LARGE_FILE = (FILE.with_name(f"bench-{kind}.json") for kind in ("quick", "large"))
CHART = ROOT / "docs" / "bench.svg"

_LIMIT = 115
"""Seconds after which nothing more is begun."""

_FULL = Plan(slot=0.1, budget=25, rounds=1)
_FULL_CELLS = [cell for cell in CELLS if cell != backlog.CELL]
"""The backlog is the one that is left out."""

_QUICK = Plan(slot=0.1, budget=10, rounds=1)
_QUICK_CELLS = [
    Cell(SMALL, 1, 0.0), Cell(SMALL, 8, 0.0), Cell(SMALL, 1, 0.05), Cell(SMALL, 32, 0.05), Cell(LARGE, 1, 0.0),
]  # fmt: skip


def run(console: Console, *, quick: bool) -> Results:
    """Measure everything; a quick run has fewer rounds, fewer cases and no large files."""
    start, results = monotonic(), Results(quick=quick)

    def read() -> None:
        results.reading = reading.run(rounds=5 if quick else 9, repeats=2)

    with console.status("starting the implementations, parsing") as status, world() as around:
        with cast(around, meanwhile=read) as actors:
            _grid(status, Grid(around, actors, _QUICK_CELLS if quick else _FULL_CELLS), results)
            peaks = {name: actors[name].process.ask("peak_memory") for name in FOLDERS}
            results.memory = {name: peak / MEGABYTE for name, peak in peaks.items()}
            if not quick:
                status.update("backlog")
                results.backlog = results.landings[backlog.CELL.title] = backlog.run(around, actors)
        status.update("cold start")
        results.cold_start = cold_start.run(around, rounds=2 if quick else 3)
        if not quick:
            _large(status, large_file.run(around, until=start + _LIMIT), results)
    results.seconds = monotonic() - start
    results.compare()
    return results


def _grid(status: Status, grid: Grid, results: Results) -> None:
    for what in grid.run(_QUICK if results.quick else _FULL):
        status.update(f"small and large manifests: {what}")
    results.landings = {case.title: case for case in grid.landings.values()}
    results.lives = {cell.title: case for cell, case in grid.lives.items()}


def run_large(console: Console) -> Results:
    """Measure nothing but the largest manifests, by everybody."""
    start, results = monotonic(), Results(quick=False)
    with console.status("starting the implementations") as status, world() as around:
        with cast(around):
            pass  # what this app asks of the world is recorded now
        _large(status, large_file.run_all(around), results)
    results.seconds, results.targets = monotonic() - start, list(largest(results))
    return results


def _large(status: Status, runs: Iterable[LargeRun], results: Results) -> None:
    status.update("100,000 devices")
    for taken in runs:
        results.large.append(taken)
        status.update(f"{taken.devices:,} devices, {taken.format}: {taken.implementation} took {taken.wall:.1f} s")


def publish(console: Console, results: Results, picture: Path = CHART) -> None:
    """Print the tables and write the figures down; a full run draws the chart as well."""
    console.print(tables.everything(results))
    _write(console, results, QUICK_FILE if results.quick else FILE)
    if not results.quick:
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(chart.chart(results), encoding="utf-8")
        console.print(f"Chart: {picture}", style="dim", highlight=False)


def publish_large(console: Console, results: Results) -> None:
    """Print and write down what ``run_large`` has measured."""
    console.print(tables.large(results), tables.targets(results))
    _write(console, results, LARGE_FILE)


def _write(console: Console, results: Results, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))
    console.print(f"It took {results.seconds:.0f} s. Figures: {file}", style="dim", highlight=False)
