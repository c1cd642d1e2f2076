"""The records of a CSV file, many at a time."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import StringIO
from itertools import chain
from typing import NamedTuple

from shared.manifest.device_rules import LARGEST
from shared.manifest.findings import Place, UnreadableError

_MANY = 256
_LONG = 200  # characters of a line, or of a cell on average
_MARK = "\ufeff"  # is before a line where two files were put together
_END_OF_FILE = "\x1a"  # which Windows' copy command puts after files that it joins
_LINE_END = re.compile(r"[\r\n]")

csv.field_size_limit(LARGEST)  # the same between quotes as without


class Rows(NamedTuple):
    """The cells of some records, and the first physical line of each."""

    lines: Sequence[int]
    cells: list[list[str]]


class Records:
    """The records of a text that begins on line ``line`` of its file."""

    def __init__(self, blocks: Iterator[str], delimiter: str, line: int) -> None:
        self._blocks = blocks
        self._delimiter = delimiter
        self._line = line
        self._fed = 0
        self._size = 0

    def __iter__(self) -> Iterator[Rows]:
        """Read all records, many at a time.

        Raises:
            UnreadableError: A quote is not closed, or a line is too long.
        """
        try:
            for block in self._blocks:
                yield from self._plain(block) or self._quoted(block)
        except UnreadableError as error:
            raise error.on_line(self._line) from error

    def _plain(self, block: str) -> list[Rows]:
        """Read a block each of whose records is a line; return nothing where one is not."""
        lines = _split(block)
        numbers: Sequence[int] = range(self._line, self._line + len(lines))
        after = self._line + len(lines)
        # A file may have millions of empty lines, which need no rows.
        if "" in lines:
            numbers = [number for number, line in zip(numbers, lines, strict=True) if line]
            lines = list(filter(None, lines))
        cells = self._cells(lines, block)
        if cells is None:
            return []
        self._line = after
        starts = range(0, max(len(lines), 1), _MANY)
        return [Rows(numbers[start : start + _MANY], cells[start : start + _MANY]) for start in starts]

    def _cells(self, lines: Sequence[str], block: str) -> list[list[str]] | None:
        """Return the cells as csv would, but quicker; ``None`` if a quote is open at the end of a line."""
        delimiter = self._delimiter
        # The first line is taken as a sample of all.
        is_long = bool(lines) and (lines[0].count(delimiter) + 1) * _LONG < len(lines[0])
        if '"' not in block:
            split = _parts if is_long else str.split
            return [split(line, delimiter) for line in lines]
        if is_long:
            cells = [enclosed(line, delimiter) for line in lines]
            return None if None in cells else list(filter(None, cells))
        with suppress(csv.Error):
            cells_of_each = list(csv.reader(lines, delimiter=delimiter, strict=True))
            return cells_of_each if len(cells_of_each) == len(lines) else None
        return None

    def _quoted(self, block: str) -> Iterator[Rows]:
        """Read a block, and the next ones as long as its last record continues."""
        begin, self._fed = self._line, 0
        reader = csv.reader(chain.from_iterable(self._feed(block)), delimiter=self._delimiter)
        numbers, cells = list[int](), list[list[str]]()
        while reader.line_num < self._fed or not self._fed:
            self._size = 0
            numbers.append(begin + reader.line_num)
            try:
                cells.append(next(reader))
            except (EOFError, csv.Error) as error:
                yield Rows(numbers[:-1], cells)
                raise UnreadableError("unclosed_quote", at=Place(line=numbers[-1])) from error
            except UnreadableError:
                self._line = begin + self._fed
                yield Rows(numbers[:-1], cells)
                raise
            # Each record that continues in another block may be a million characters long.
            if len(cells) == _MANY or self._size:
                yield Rows(numbers, cells)
                numbers, cells = [], []
        self._line = begin + self._fed
        yield Rows(numbers, cells)

    def _feed(self, block: str) -> Iterator[Sequence[str]]:
        """Yield lines. csv asks for more than those of the block only where a quote is open."""
        for more in chain((block,), self._blocks):
            self._size += len(more) if self._fed else 0
            if self._size > LARGEST:
                break
            lines = _with_ends(more)
            self._fed += len(lines)
            yield lines
        raise EOFError


def enclosed(line: str, delimiter: str) -> list[str] | None:
    """Return the cells as csv would, quicker for long ones; ``None`` if a quote is not around a whole cell."""
    cells, start = list[str](), 0
    while start >= 0:
        if line.startswith('"', start):
            start, end = start + 1, line.find('"', start + 1)
            if end < 0 or line[end + 1 : end + 2] not in ("", delimiter):
                return None
            after = end + 1 if end + 1 < len(line) else -1
        else:
            after = line.find(delimiter, start)
            end = len(line) if after < 0 else after
            if line.find('"', start, end) >= 0:
                return None
        cells.append(line[start:end])
        start = after + 1 if after >= 0 else -1
    return cells


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line; a quote that is open at its end is closed."""
    return next(csv.reader([line], delimiter=delimiter))


def _with_ends(block: str) -> list[str]:
    """Cut a text at its line ends and leave them on, as csv has to see those between quotes."""
    *whole, last = block.split("\n")
    if "\r" in last or any(line.find("\r", 0, -1) >= 0 for line in whole):  # a CR alone ends a line, too
        lines = list(StringIO(block, newline=""))
    else:
        lines = [*(line + "\n" for line in whole), *filter(None, [last])]
    return [line.removeprefix(_MARK) for line in lines] if _MARK in block else lines


def _split(block: str) -> list[str]:
    """Cut a text at its line ends and take them off."""
    is_long = block.find("\n", 0, _LONG) < 0
    lines = _parts(block, "\n") if is_long else block.split("\n")
    if not lines[-1]:
        lines.pop()
    if "\r" in block:
        lines = [line.removesuffix("\r") for line in lines]
        if any("\r" in line for line in lines):  # a CR alone ends a line, too
            lines = block.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n")
    return [line.removeprefix(_MARK) for line in lines] if _MARK in block else lines


def _parts(text: str, separator: str) -> list[str]:
    """Return what ``split`` would, quicker where the parts are long, as it looks at every character."""
    parts, start = list[str](), 0
    while (end := text.find(separator, start)) >= 0:
        parts.append(text[start:end])
        start = end + 1
    parts.append(text[start:])
    return parts


def blocks(pieces: Iterator[str]) -> Iterator[str]:
    """Cut the text at line ends, into one block for each piece.

    Raises:
        UnreadableError: A line is too long.
    """
    carried = ""
    for piece in pieces:
        text = carried + piece
        cut = text.rfind("\n") + 1
        # A CR at the very end may be half of a CRLF.
        cut = max(cut, text.rfind("\r", cut, len(text) - 1) + 1)
        carried = text[cut:]
        # Without a bound, a file of one line would fill the memory.
        if len(text) > LARGEST and not _LINE_END.search(text, 0, LARGEST):
            raise UnreadableError("value_too_large", "The line", LARGEST, "characters")
        if cut:
            yield text[:cut]
    if carried.strip(_END_OF_FILE):
        yield carried
