"""The rows of a worksheet as the markup has them, the cells not yet read."""

from typing import NamedTuple

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.markup import MAIN, TRUE
from shared.manifest.workbook_reader.unreadable import LONGEST, damaged, too_long

_HELD, _HAS_FORMULA = " value", " formula"  # beside a cell's attributes, with names that no attribute can have
_MOST_CELLS = 65_536  # four times what Excel has columns
_ROW, _CELL, _VALUE, _FORMULA = f"{MAIN}row", f"{MAIN}c", f"{MAIN}v", f"{MAIN}f"
_TEXT, _PHONETIC = f"{MAIN}t", f"{MAIN}rPh"
_HOLDING = frozenset({_VALUE, _TEXT})


type RawCell = tuple[str, str, str, str | None, str]
"""A cell's reference, style and type, each empty if not written, what it holds, and whether it has a formula."""


class RawRow(NamedTuple):
    """A row: its number as it is written, if it is, and its cells."""

    number: str | None
    cells: list[RawCell]
    is_hidden: bool = False


class RawRows:
    """Collects rows. It is called five times for every cell, so it does as little as it can."""

    def __init__(self) -> None:
        self.depth = 0
        self._found: list[RawRow] = []
        self._row: dict[str, str] | None = None
        self._cells: list[dict[str, str]] = []
        self._cell: dict[str, str] = {}
        self._text = ""
        self._takes = False
        self._phonetic = 0

    def take(self) -> list[RawRow]:
        """Return the rows that have ended since the last call."""
        # A row that never ends would fill the memory.
        if len(self._cells) > _MOST_CELLS:
            raise UnreadableError("workbook_too_large")
        found, self._found = self._found, []
        return found

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Receive a start tag."""
        self.depth += 1
        if name == _CELL:
            self._cell = attributes
            self._cells.append(attributes)
        elif name == _VALUE:
            self._text, self._takes = "", True
        elif name == _ROW:
            if self._row is not None:
                raise damaged("a row is within another one")
            self._row, self._cells = attributes, []
        elif name == _FORMULA:
            self._cell[_HAS_FORMULA] = "yes"
        elif name == _TEXT:
            self._text, self._takes = self._cell.get(_HELD, ""), not self._phonetic
        elif name == _PHONETIC:
            self._phonetic += 1

    def text(self, text: str) -> None:
        """Receive text, and keep that of values."""
        if self._takes:
            self._text += text
            if len(self._text) > LONGEST:
                raise too_long()

    def end(self, name: str) -> None:
        """Receive an end tag."""
        self.depth -= 1
        if name in _HOLDING:
            self._takes = False
            self._cell[_HELD] = self._text
        elif name == _PHONETIC:
            self._phonetic -= 1
        elif name == _ROW and self._row is not None:
            cells = list(map(_raw_cell, self._cells))
            self._found.append(RawRow(self._row.get("r"), cells, self._row.get("hidden") in TRUE))
            self._row, self._cells = None, []


def _raw_cell(cell: dict[str, str]) -> RawCell:
    held = cell.get(_HELD)
    return cell.get("r", ""), cell.get("s", ""), cell.get("t", ""), held, cell.get(_HAS_FORMULA, "")
