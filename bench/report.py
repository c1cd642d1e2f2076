"""The figures as Markdown, for the terminal and for docs/performance.md."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence

from bench.cases import backlog
from bench.cases.cold_start import RUNTIME
from bench.cases.large_files import FEW, MANY
from bench.figures import Figures, Spread, ratio
from bench.implementations import FLOOR, THIS_APP, TUTORIAL

_COLUMNS = (THIS_APP, TUTORIAL, FLOOR, RUNTIME)


def report(every: Sequence[Figures], backlogs: Sequence[Sequence[str]], seconds: float) -> str:
    """Return all tables."""
    figures = {each.title: each for each in every if each.wall}
    machine = f"{os.process_cpu_count()} shared cores, {platform.system()}, Python {platform.python_version()}"
    sections = [
        f"One run of {seconds:.0f} s on {machine}. Medians, with the range of all rounds in brackets.",
        _each("Milliseconds by the clock for each manifest", figures.values(), "wall"),
        _each("Milliseconds of CPU for each manifest", figures.values(), "cpu"),
        "This app beside the tutorial, round by round:\n\n" + _table(("what", "times"), _comparisons(figures)),
        _each("Peak memory of the process, MB", figures.values(), "memory", 1e-6, 0),
        f"{backlog.MANIFESTS} manifests at once before {backlog.LIMIT} requests in a sliding minute, refused ones "
        "counted. This is simulated time:\n\n" + _table(backlog.HEAD, backlogs),
    ]
    return "\n\n".join(filter(None, sections))


def _each(title: str, figures: Iterable[Figures], which: str, factor: float = 1000, digits: int = 1) -> str:
    """Return one table below its title; nothing where nothing was measured."""
    taken: dict[str, Mapping[str, list[float]]] = {each.title: getattr(each, which) for each in figures}
    rows = [
        (each, *(_spread(values.get(name, []), factor, digits) for name in _COLUMNS))
        for each, values in taken.items()
        if any(map(any, values.values()))
    ]
    return f"{title}:\n\n" + _table(("", *(name.replace("-", " ") for name in _COLUMNS)), rows) if rows else ""


def _comparisons(figures: Mapping[str, Figures]) -> list[tuple[str, str]]:
    rows = []
    for each in figures.values():
        for which, values in (("speed", each.wall), ("less CPU", each.cpu)):
            if all(values.get(TUTORIAL, [0])):
                rows.append((f"{each.title}: {which}", judged(ratio(values[TUTORIAL], values[THIS_APP]))))
    one, many = (figures.get(f"5 KB, {number} at a time, API 50 ms") for number in (1, 32))
    if one and many:
        rows += [
            ("API 50 ms: 32 threads, times as fast as 1", ratio(one.wall[THIS_APP], many.wall[THIS_APP]).text(2)),
            ("the same: cores that 32 threads use", ratio(many.cpu[THIS_APP], many.wall[THIS_APP]).text(2)),
        ]
    for kind in ("JSON", "CSV"):
        few, large = (figures.get(f"{devices:,} devices, {kind}") for devices in (FEW, MANY))
        if few and large:
            rows.append(
                (f"{kind}: time of {MANY:,}, times {FEW:,}", ratio(large.wall[THIS_APP], few.wall[THIS_APP]).text(2))
            )
    return rows


def judged(speed: Spread) -> str:
    """Write a ratio of speeds, without a result where its range crosses 1."""
    return speed.text(2) + ": no result" * (speed.low <= 1 <= speed.high)


def _spread(values: Sequence[float], factor: float, digits: int) -> str:
    return Spread.of([value * factor for value in values]).text(digits) if values else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))
