"""The rows of a worksheet as the markup has them, before anybody asks what the cells say."""

from typing import NamedTuple

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.cells import LONGEST, too_long
from shared.manifest.workbook_reader.markup import MAIN

VALUE, FORMULA = " value", " formula"
"""What a cell holds, and that it has a formula, beside its attributes: with names that no attribute can have."""

_MOST_CELLS = 65_536  # four times what Excel has columns
_ROW, _CELL, _VALUE, _FORMULA = f"{MAIN}row", f"{MAIN}c", f"{MAIN}v", f"{MAIN}f"
_TEXT, _PHONETIC = f"{MAIN}t", f"{MAIN}rPh"
_HOLDING = frozenset({_VALUE, _TEXT})


class RawRow(NamedTuple):
    """A row: its number as it is written, if it is, and the attributes of each cell with what it holds."""

    number: str | None
    cells: list[dict[str, str]]


class RawRows:
    """Collects rows. It is called five times for every cell, so it does as little as it can."""

    def __init__(self) -> None:
        self.depth = 0
        self.found: list[RawRow] = []
        self._cells: list[dict[str, str]] = []
        self._cell: dict[str, str] = {}
        self._text = ""
        self._takes = False
        self._phonetic = 0

    def take(self) -> list[RawRow]:
        """Return what has been found since the last time, but the last row, which may go on."""
        if len(self._cells) > _MOST_CELLS:
            raise UnreadableError("workbook_too_large")
        found, self.found = self.found[:-1], self.found[-1:]
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Note that an element begins."""
        self.depth += 1
        if name == _CELL:
            self._cell = attributes
            self._cells.append(attributes)
        elif name == _VALUE:
            self._text, self._takes = "", True
        elif name == _ROW:
            self._cells = []
            self.found.append(RawRow(attributes.get("r"), self._cells))
        elif name == _FORMULA:
            self._cell[FORMULA] = ""
        elif name == _TEXT:
            self._text, self._takes = self._cell.get(VALUE, ""), not self._phonetic
        elif name == _PHONETIC:
            self._phonetic += 1

    def text(self, text: str) -> None:
        """Note text of a value."""
        if self._takes:
            self._text += text
            if len(self._text) > LONGEST:
                raise too_long()

    def end(self, name: str) -> None:
        """Note that an element ends."""
        self.depth -= 1
        if name in _HOLDING:
            self._takes = False
            self._cell[VALUE] = self._text
        elif name == _PHONETIC:
            self._phonetic -= 1
