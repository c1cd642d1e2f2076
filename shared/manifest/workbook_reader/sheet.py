"""The rows of a worksheet."""

import re
from collections.abc import Generator, Iterator
from functools import cache
from operator import itemgetter
from typing import NamedTuple

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.cells import Contents, checked_length
from shared.manifest.workbook_reader.directory import damaged
from shared.manifest.workbook_reader.markup import MAIN, parse

_ROW, _CELL, _VALUE, _FORMULA = f"{MAIN}row", f"{MAIN}c", f"{MAIN}v", f"{MAIN}f"
_TEXT, _PHONETIC = f"{MAIN}t", f"{MAIN}rPh"

_LAST_ROW = 1_048_576  # Excel's
_MOST_DIGITS = 7
_MOST_COLUMNS = 1_000
_MOST_CHARACTERS = 1_048_576  # of a row
_TOO_WIDE = (
    f"The row has a cell behind column {_MOST_COLUMNS:,}, or more than {_MOST_CHARACTERS:,} characters. Leave what is not "
    "about devices out of it."
)
_ROWS_HELD, _CHARACTERS_HELD = 1_024, 262_144


class Row(NamedTuple):
    """A row that holds something: its number from 1, and its cells from column A on, the last ones left out if empty.

    A cell is a ``str``, and where it is not plain text a ``Cell``.
    """

    number: int
    cells: list[str]


def read_rows(pieces: Iterator[bytes], contents: Contents) -> Iterator[Row]:
    """Read a worksheet's part.

    Raises:
        UnreadableError: It is damaged, or exceeds a bound; what stands before it has been yielded.
    """
    rows = _Rows(contents)
    last = 0
    for _ in parse(pieces, rows):
        if len(rows.found) >= _ROWS_HELD or rows.characters >= _CHARACTERS_HELD:
            last = yield from _in_order(rows.take(), last)
    yield from _in_order(rows.take(), last)


def _in_order(rows: list[Row], last: int) -> Generator[Row, None, int]:
    """Sort rows that programs have written out of order, as far as that is possible while they pass by."""
    rows.sort(key=itemgetter(0))
    for row in rows:
        if row.number <= last:
            raise damaged("a row stands there twice or out of order", f"line {row.number}")
        last = row.number
        if row.cells:
            yield row
    return last


class _Rows:
    """Collects the rows that have ended. This runs for every cell: attributes of its own are quicker than objects."""

    def __init__(self, contents: Contents) -> None:
        self.depth = 0
        self.found: list[Row] = []
        self.characters = 0
        self._contents = contents
        self._number = 0
        self._digits = ""
        self._cells: list[str] | None = None
        self._next = 0
        self._row_characters = 0
        self._cell: dict[str, str] | None = None
        self._has_formula = False
        self._text: str | None = None
        self._takes = False
        self._phonetic = 0

    def take(self) -> list[Row]:
        """Return what has been found since the last time."""
        found, self.found, self.characters = self.found, [], 0
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if name == _CELL:
            self._start_cell(attributes)
        elif name == _VALUE:
            self._text, self._takes = "", True
        elif name == _ROW:
            self._start_row(attributes)
        elif name == _FORMULA:
            self._has_formula = True
        elif name == _TEXT:
            self._text, self._takes = self._text or "", not self._phonetic
        elif name == _PHONETIC:
            self._phonetic += 1

    def text(self, text: str) -> None:
        if self._takes:
            self._text = (self._text or "") + text
            checked_length(len(self._text))

    def end(self, name: str) -> None:
        self.depth -= 1
        if name in (_VALUE, _TEXT):
            self._takes = False
        elif name == _CELL:
            try:
                self._end_cell()
            except UnreadableError as error:
                raise error.on_line(self._number) from error
        elif name == _ROW and self._cells is not None:
            self.found.append(Row(self._number, self._cells))
            self._cells = None
        elif name == _PHONETIC:
            self._phonetic -= 1

    def _start_row(self, attributes: dict[str, str]) -> None:
        digits = attributes.get("r") or str(self._number + 1)
        if self._cells is not None or not digits.isdecimal() or len(digits) > _MOST_DIGITS:
            raise damaged("a row is no row", f"line {self._number + 1}")
        self._number, self._digits = int(digits), digits
        if not 0 < self._number <= _LAST_ROW:
            raise damaged("a row lies outside of the sheet", f"line {self._number}")
        self._cells, self._next, self._row_characters = [], 0, 0

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if self._cell is not None or self._cells is None:
            raise damaged("a cell stands in another one, or in no row", f"line {self._number}")
        self._cell, self._text, self._has_formula = attributes, None, False

    def _end_cell(self) -> None:
        cell, text, cells = self._cell, self._text, self._cells
        if cell is None or cells is None:
            return
        self._cell = None
        reference = cell.get("r")
        column = self._column(reference) if reference else self._next
        self._next = column + 1
        kind = cell.get("t", "n")
        if self._has_formula:
            text = self._contents.formula(kind, text, cell.get("s", ""))
        elif text or kind == "e":
            text = self._contents.value(kind, text, cell.get("s", ""))
        if text:
            self._place(text, column, cells)
        elif column < len(cells) and cells[column]:
            raise damaged("a cell stands there twice")

    def _column(self, reference: str) -> int:
        """Return from 0 in which column a cell of this row is."""
        letters = reference.removesuffix(self._digits)
        column = _column(letters) if len(letters) < len(reference) else -1
        if column < 0:
            raise damaged("a cell names a place that is not in its row")
        return column

    def _place(self, text: str, column: int, cells: list[str]) -> None:
        self._row_characters += len(text)
        self.characters += len(text)
        if column >= _MOST_COLUMNS or self._row_characters > _MOST_CHARACTERS:
            raise UnreadableError("value_too_large", _TOO_WIDE)
        if column >= len(cells):
            cells += [""] * (column - len(cells))
            cells.append(text)
        elif cells[column]:
            raise damaged("a cell stands there twice")
        else:
            cells[column] = text


@cache
def _column(letters: str) -> int:
    """Count the columns before A, B, … XFD; -1 where there is none of that name."""
    if not re.fullmatch("[A-Z]{1,3}", letters):
        return -1
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
