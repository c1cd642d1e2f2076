"""The rows of a worksheet."""

import re
from collections.abc import Generator, Iterator
from functools import cache
from operator import itemgetter
from typing import NamedTuple

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.cells import LONGEST, Contents, too_long
from shared.manifest.workbook_reader.directory import damaged
from shared.manifest.workbook_reader.markup import MAIN, parse

_ROW, _CELL, _VALUE, _FORMULA = f"{MAIN}row", f"{MAIN}c", f"{MAIN}v", f"{MAIN}f"
_TEXT, _PHONETIC = f"{MAIN}t", f"{MAIN}rPh"

_LAST_ROW = 1_048_576  # Excel's
_MOST_DIGITS = 7
_ALPHABET = 26
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
    """Collects the rows that have ended. It is called five times for every cell, so little is called from here."""

    def __init__(self, contents: Contents) -> None:
        self.depth = 0
        self.found: list[Row] = []
        self.characters = 0
        self._contents = contents
        self._texts = contents.texts
        self._number = 0
        self._digits = ""
        self._cells: list[str] | None = None
        self._room = 0
        self._next = 0
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
            if self._cell is not None or self._cells is None:
                raise self._damaged("a cell stands in another one, or in no row")
            self._cell, self._text, self._has_formula = attributes, None, False
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
            self._text = self._text + text if self._text else text
            if len(self._text) > LONGEST:
                raise too_long().on_line(self._number)

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == _VALUE:
            self._takes = False
        elif name == _CELL:
            if self._cell is not None and self._cells is not None:
                self._end_cell(self._cell, self._cells)
            self._cell = None
        elif name == _ROW:
            self._end_row()
        elif name == _TEXT:
            self._takes = False
        elif name == _PHONETIC:
            self._phonetic -= 1

    def _start_row(self, attributes: dict[str, str]) -> None:
        digits = attributes.get("r") or str(self._number + 1)
        self._number += 1
        if self._cells is not None or not digits.isdecimal() or len(digits) > _MOST_DIGITS:
            raise self._damaged("a row has no number, or stands in another one")
        self._number, self._digits = int(digits), digits
        if not 0 < self._number <= _LAST_ROW:
            raise self._damaged("a row lies outside of the sheet")
        self._cells, self._room, self._next = [], _MOST_CHARACTERS, 0

    def _end_row(self) -> None:
        if self._cells is not None:
            self.found.append(Row(self._number, self._cells))
            self.characters += _MOST_CHARACTERS - self._room
        self._cells = None

    def _end_cell(self, cell: dict[str, str], cells: list[str]) -> None:
        column, text, kind = self._next, self._text, cell.get("t", "n")
        # Most references name the next column; to take one apart takes three times as long.
        if (reference := cell.get("r")) and reference != _letters(column) + self._digits:
            column = self._column(reference)
        self._next = column + 1
        try:
            if text and kind == "s" and not self._has_formula:
                text = self._texts[int(text)]
            elif text or kind == "e" or self._has_formula:
                text = self._contents.text(kind, text, cell.get("s", ""), has_formula=self._has_formula)
        except (IndexError, ValueError) as error:
            raise self._damaged("a cell refers to a text or a format that is missing") from error
        if column == len(cells) and text:
            cells.append(text)
        elif column < len(cells) and cells[column]:
            raise self._damaged("a cell stands there twice")
        elif text:
            cells += [""] * (column - len(cells) + 1)
            cells[column] = text
        self._room -= len(text or "")
        if self._room < 0 or len(cells) > _MOST_COLUMNS:
            raise UnreadableError("value_too_large", _TOO_WIDE, f"line {self._number}")

    def _column(self, reference: str) -> int:
        """Return from 0 in which column of this row a cell is."""
        letters = reference.removesuffix(self._digits)
        column = _column(letters) if len(letters) < len(reference) else -1
        if column < 0:
            raise self._damaged("a cell names a place that is not in its row")
        return column

    def _damaged(self, reason: str) -> UnreadableError:
        return damaged(reason, f"line {self._number}")


@cache
def _letters(column: int) -> str:
    """Return the name of a column, counted from 0."""
    before, last = divmod(column, _ALPHABET)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)


@cache
def _column(letters: str) -> int:
    """Count the columns before A, B, … XFD; -1 where there is none of that name."""
    if not re.fullmatch("[A-Z]{1,3}", letters):
        return -1
    number = 0
    for letter in letters:
        number = number * _ALPHABET + ord(letter) - ord("A") + 1
    return number - 1
