"""A picture of the terminal: what ``make run`` shows, as an SVG for the README."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from shared.job.status_document import State

FILE = Path(__file__).parent.parent / "docs" / "run.svg"
COMMAND = (sys.executable, "-m", "local", "run")
WIDTH = 96
"""Columns: the steps of a run fit without being wrapped."""

SHOWN_MEMBERS = 7
"""Lines of the status document that are shown."""

_TIMES = ("16:00:01", "16:00:06")
_ETAG = "0x8DE2A6D0B5C4B70"
_CODES = re.compile(r"\x1b\[[0-9;]*m")

_THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
)

# Rich's own loads a font from elsewhere, which an image in a page cannot.
_FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def environment() -> dict[str, str]:
    """Return the environment in which the command writes in colour although nobody looks."""
    ours = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    colours = {"FORCE_COLOR": "1", "COLORTERM": "", "TERM": "xterm-16color"}
    return {**ours, **colours, "COLUMNS": str(WIDTH)}


def picture() -> str:
    """Run the main job and draw what it shows."""
    run = subprocess.run(COMMAND, env=environment(), capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    return draw(run.stdout)


def draw(shown: str) -> str:
    """Draw what ``make run`` has shown: with fixed times and ids, and the beginning of the document alone.

    Args:
        shown: The output, with its escape codes for colours.
    """
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "green"), ("make run", "bold")))
    for line in _shortened(_fixed(shown)):
        console.print(Text.from_ansi(line), overflow="ellipsis", no_wrap=True)
    console.print(Text("$", "green"))
    return console.export_svg(title="make run", theme=_THEME, code_format=_FORMAT, unique_id="run")


def _fixed(shown: str) -> Iterator[str]:
    times = iter(_TIMES)
    for line in shown.splitlines():
        step = re.match(r"\d\d:\d\d:\d\d +(\w+)", _CODES.sub("", line))
        # It is over so soon that not every run shows it.
        if step and step[1] == State.PROCESSING:
            continue
        text = re.sub(r"^\d\d:\d\d:\d\d", next(times, _TIMES[-1]), line) if step else line
        yield re.sub(r'"0x[0-9A-F]+"', f'"{_ETAG}"', text)


def _shortened(lines: Iterator[str]) -> Iterator[str]:
    """Leave out the middle of the status document, which is between two braces on lines of their own."""
    place = None
    for line in lines:
        bare = _CODES.sub("", line)
        place = 0 if bare == "{" else None if bare == "}" else place if place is None else place + 1
        if place is None or place <= SHOWN_MEMBERS:
            yield line
        elif place == SHOWN_MEMBERS + 1:
            yield "  ..."
