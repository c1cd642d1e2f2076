"""The results as one chart: an SVG of three panels, each with its own scale."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from bench.cases.large_file import MANY
from bench.cast import FLOOR, LARGE, NAMES, SAME, SMALL, THIS_APP, TUTORIAL
from bench.figures import Case, Spread
from bench.results import MOST_MEGABYTES, Results, key
from bench.tables import HEADINGS

WIDTH, LEFT, RIGHT = 860, 190, 130
BAR, GAP, HEAD = 20, 8, 46
_COLOURS = {THIS_APP: "#0b6bcb", TUTORIAL: "#c9702b", SAME: "#e0a875", FLOOR: "#9aa3ad"}


class Bar(NamedTuple):
    """One bar, with the range that its end comes from."""

    label: str
    value: Spread
    colour: str


class Panel(NamedTuple):
    """Bars with one scale; ``mark`` is a line across them."""

    title: str
    bars: Sequence[Bar]
    digits: int = 0
    mark: float | None = None

    @property
    def height(self) -> int:
        """Give the height in pixels."""
        return HEAD + len(self.bars) * (BAR + GAP) + GAP


def chart(results: Results) -> str:
    """Draw a run."""
    panels, y, parts = _panels(results), 58, []
    for panel in panels:
        parts.append(_panel(panel, y))
        y += panel.height
    subtitle = f"{results.machine}; median of interleaved rounds, with the range; Partner Center answers at once"
    size = f'width="{WIDTH}" height="{y + 8}"'
    style = 'font-family="Segoe UI, Helvetica, Arial, sans-serif" font-size="13" fill="#24292f"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 8}" {size} {style}>',
            f'<rect {size} fill="#ffffff"/>',
            '<text x="16" y="28" font-size="17" font-weight="600">This app beside what users would write</text>',
            f'<text x="16" y="48" fill="#57606a">{escape(subtitle)}</text>',
            *parts,
            "</svg>",
            "",
        ]
    )


def _panels(results: Results) -> list[Panel]:
    panels = [
        _rates("5 KB manifest: manifests a second, 8 at a time", results.landings[key(SMALL, 8)]),
        _rates("4.3 MB manifest (1,000 devices): manifests a second, 8 at a time", results.landings[key(LARGE, 8)], 1),
    ]
    memory = [
        Bar(f"{HEADINGS[name]}, {kind}", Spread.of([run.megabytes for run in runs]), _COLOURS[name])
        for (name, kind, devices), runs in results.large_runs().items()
        if devices == MANY
    ]
    if memory:
        title = f"100,000 devices (427 MB): peak memory, MB; the line is the limit of {MOST_MEGABYTES} MB"
        panels.append(Panel(title, memory, mark=MOST_MEGABYTES))
    return panels


def _rates(title: str, case: Case, digits: int = 0) -> Panel:
    bars = [Bar(HEADINGS[name], case.spread(name, lambda taken: taken.rate), _COLOURS[name]) for name in NAMES]
    return Panel(title, bars, digits)


def _panel(panel: Panel, top: int) -> str:
    longest = max(bar.value.high for bar in panel.bars)
    scale = (WIDTH - LEFT - RIGHT) / longest
    parts = [f'<text x="16" y="{top + 30}" font-weight="600">{escape(panel.title)}</text>']
    for number, bar in enumerate(panel.bars):
        parts.append(_bar(bar, top + HEAD + number * (BAR + GAP), scale, panel.digits))
    if panel.mark is not None:
        x, bottom = LEFT + panel.mark * scale, top + panel.height - GAP
        parts.append(f'<path d="M{x:.1f} {top + HEAD - 4}V{bottom}" stroke="#cf222e" stroke-dasharray="4 3"/>')
    return "\n".join(parts)


def _bar(bar: Bar, y: int, scale: float, digits: int) -> str:
    middle, low, high = (value * scale for value in bar.value)
    centre, text = y + BAR / 2, y + BAR - 5
    whisker = f"M{LEFT + low:.1f} {centre}H{LEFT + high:.1f}" if high > low else ""
    return "\n".join(
        [
            f'<text x="{LEFT - 8}" y="{text}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect x="{LEFT}" y="{y}" width="{middle:.1f}" height="{BAR}" rx="2" fill="{bar.colour}"/>',
            f'<path d="{whisker}" stroke="#24292f" stroke-width="1.5"/>' if whisker else "",
            f'<text x="{LEFT + max(middle, high) + 8:.1f}" y="{text}">{bar.value.middle:,.{digits}f}</text>',
        ]
    )
