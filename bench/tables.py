"""The results for people."""

from collections.abc import Iterator

from rich.box import SIMPLE
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.cast import FLOOR, NAMES, SAME, THIS_APP, TUTORIAL
from bench.figures import Case, Sample, Spread, compared
from bench.results import Results, cpu, wall

HEADINGS = {THIS_APP: "this app", TUTORIAL: "tutorial", SAME: "same exchanges", FLOOR: "floor"}
_COLOURS = {"met": "green", "missed": "red"}


def everything(results: Results) -> RenderableType:
    """Draw all tables."""
    return Group(*_tables(results))


def _tables(results: Results) -> Iterator[RenderableType]:
    yield Text("Medians with their ranges. The floor is bare HTTP; an open verdict has a range on both sides.\n")
    for title, cases in (("To accepted", results.landings), ("Whole life, to completed", results.lives)):
        yield _rates(f"{title}: manifests a second", list(cases.values()))
        yield _cpu(f"{title}: CPU ms a manifest", list(cases.values()))
        yield _ratios(f"{title}: this app in comparison", list(cases.values()))
    yield _memory(results)
    yield _alone(results)
    if results.large:
        yield large(results)
    yield targets(results)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=bool(number))
    return table


def _rates(title: str, cases: list[Case]) -> Table:
    table = _table(title, "", *(HEADINGS[name] for name in NAMES))
    for case in cases:
        table.add_row(case.title, *(case.spread(name, lambda taken: taken.rate).written() for name in NAMES))
    return table


def _cpu(title: str, cases: list[Case]) -> Table:
    table = _table(title, "", *(HEADINGS[name] for name in NAMES))
    for case in cases:
        table.add_row(case.title, *(case.spread(name, lambda taken: cpu(taken) * 1000).written() for name in NAMES))
    return table


def _ratios(title: str, cases: list[Case]) -> Table:
    table = _table(title, "", "times tutorial", "times same exchanges", "CPU, times floor")
    for case in cases:
        table.add_row(
            case.title,
            compared(case.ratio(TUTORIAL, THIS_APP, wall)),
            compared(case.ratio(SAME, THIS_APP, wall)),
            case.ratio(THIS_APP, FLOOR, cpu).written(1),
        )
    return table


def _memory(results: Results) -> Table:
    table = _table("Peak memory of the process after all of these", "", *(HEADINGS[name] for name in results.memory))
    table.add_row("MB", *(f"{megabytes:,.0f}" for megabytes in results.memory.values()))
    return table


def _alone(results: Results) -> Table:
    table = _table("Parts alone", "", "who", "ms each", "speed, times this app's")
    cases = [*results.reading, *results.cold_start, *([results.backlog] if results.backlog else [])]
    for case in cases:
        for name in case.samples:
            spread = case.spread(name, _milliseconds).written()
            compare = "" if name == THIS_APP else compared(case.ratio(THIS_APP, name, wall))
            table.add_row(case.title if name == THIS_APP else "", HEADINGS.get(name, name), spread, compare)
    return table


def _milliseconds(taken: Sample) -> float:
    return taken.wall_each * 1000


def large(results: Results) -> Table:
    """Draw the table of large manifests."""
    table = _table("Large manifests", "", "who", "seconds", "CPU seconds", "peak memory, MB")
    for (name, kind, devices), runs in results.large_runs().items():
        columns = [("wall", 1), ("cpu", 1), ("megabytes", 0)]
        numbers = [Spread.of([getattr(run, column) for run in runs]).written(digits) for column, digits in columns]
        table.add_row(f"{devices:,} devices, {kind}", HEADINGS[name], *numbers)
    return table


def targets(results: Results) -> Table:
    """Draw the table of targets."""
    table = _table("Targets", "what", "wanted", "found", "verdict")
    for target in results.targets:
        verdict = Text(target.verdict, style=_COLOURS.get(target.verdict, "yellow"))
        table.add_row(target.what, target.wanted, target.told, verdict)
    return table
