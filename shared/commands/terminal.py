"""What the commands write: lines and tables, wrapped and coloured where a person looks on.

No library for it: the commands run wherever the app's own requirements are installed, and start at once.
"""

import os
import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import TextIO

GAP = "  "
NARROWEST = 8
"""Characters below which no column of a table is narrowed."""

_RED, _GREEN, _YELLOW, _CYAN, _DIM = 31, 32, 33, 36, 2
_COLOURS = {
    **dict.fromkeys(("issue", "INVALID", "FAIL", "rejected", "failed"), _RED),
    **dict.fromkeys(("ok", "fine", "completed", "registered", "already_registered"), _GREEN),
    **dict.fromkeys(("warning", "waiting", "completed_with_errors"), _YELLOW),
    **dict.fromkeys(("processing", "accepted"), _CYAN),
    **dict.fromkeys(("skip", "new"), _DIM),
}
"""The colour of a word, as the number of an ANSI escape sequence."""

_JOINT = re.compile(r"(?<=[-_/])|(?<=[a-z])(?=[A-Z])")
"""Where a word that is longer than its column may be divided."""


class Terminal:
    """Writes to one stream. Without a terminal behind it nothing is coloured or wrapped, so that ``grep`` works."""

    def __init__(self, out: TextIO, environment: Mapping[str, str] = os.environ) -> None:
        """Write to ``out``; ``NO_COLOR`` or ``TERM=dumb`` in the environment means no colour, ``FORCE_COLOR`` some."""
        self._out = out
        self.is_terminal = out.isatty()
        wanted = self.is_terminal or bool(environment.get("FORCE_COLOR"))
        self._coloured = wanted and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
        self._width = shutil.get_terminal_size().columns if self.is_terminal else None

    def say(self, *parts: str) -> None:
        """Write a line of parts; a part that is a word with a colour gets it."""
        self._write("".join(self._painted(harmless(part)) for part in parts))

    def paragraph(self, text: str) -> None:
        """Write a text, wrapped as a table's cells are; its own line breaks stay."""
        for line in harmless(text).splitlines():
            for part in wrapped(line, self._width or len(line)):
                self._write(part)

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Write rows in columns; cells that are too long are wrapped, words with a colour get it.

        A row of one cell is a heading, which is no column and never wrapped.
        """
        cells = [[harmless(cell).replace("\n", " ") for cell in row] for row in rows]
        columns = list(zip(*(row for row in cells if len(row) > 1), strict=True))
        widths = self._widths(columns)
        for row in cells:
            if len(row) == 1:
                self._write(row[0])
                continue
            lines = [wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
            for line in zip_longest(*lines, fillvalue=""):
                padded = (
                    self._painted(cell) + " " * (width - len(cell)) for cell, width in zip(line, widths, strict=True)
                )
                self._write(GAP.join(padded).rstrip())

    def _widths(self, columns: Sequence[Sequence[str]]) -> list[int]:
        """Narrow columns until the table fits: to their longest word, then to its longest part, then further."""
        widths = [max(map(len, column)) for column in columns]
        room = self._width and self._width - len(GAP) * (len(widths) - 1)
        for least in (_longest_word, _longest_part, lambda _: NARROWEST):
            leasts = [max(NARROWEST, least(column)) for column in columns]
            while room and sum(widths) > room:
                width, place = max((width if width > leasts[at] else 0, at) for at, width in enumerate(widths))
                if not width:
                    break
                widths[place] -= 1
        return widths

    def _painted(self, word: str) -> str:
        colour = _COLOURS.get(word.strip()) if self._coloured else None
        return f"\033[{colour}m{word}\033[0m" if colour else word

    def _write(self, text: str) -> None:
        # A name may have characters that the stream's encoding has not: better escaped than a crash.
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def discard(out: TextIO) -> None:
    """Drop what is still buffered for a reader who has gone: it would break again when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())


def harmless(text: str) -> str:
    r"""Return a text with control characters escaped, as ``\x1b``: names and messages may be a stranger's."""
    return "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 device", "2 devices"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text; a word that is longer than a line is divided where it has a joint."""
    # What fits stays as it is: textwrap would close up the blanks of a name.
    if len(text) <= width:
        return [text]
    words = (part for word in text.split() for part in (_divided(word, width) if len(word) > width else [word]))
    return textwrap.wrap(" ".join(words), width, break_on_hyphens=False)


def _divided(word: str, width: int) -> list[str]:
    """Divide a word into parts of which no two fit into one line, so that none are shown as two words."""
    parts = [""]
    for piece in _JOINT.split(word):
        # A piece that is longer than a line is divided anywhere.
        for start in range(0, len(piece), width):
            part = piece[start : start + width]
            if len(parts[-1] + part) > width:
                parts.append("")
            parts[-1] += part
    return list(filter(None, parts))


def _longest_word(column: Sequence[str]) -> int:
    return max(len(word) for cell in column for word in [*cell.split(), ""])


def _longest_part(column: Sequence[str]) -> int:
    return max(len(part) for cell in column for word in [*cell.split(), ""] for part in _JOINT.split(word))
