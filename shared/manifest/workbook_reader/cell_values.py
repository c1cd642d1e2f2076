"""The text of a cell, with a mark if the cell holds anything but text."""

import re
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Protocol, Self

from shared.manifest.findings import UnreadableError


class Mark(StrEnum):
    """Why a cell is not plain text: the codes of the findings."""

    NUMBER = "number_cell"
    PADDED = "number_padded"
    LOST_DIGITS = "number_lost_digits"
    FORMAT = "number_format"
    DATE = "date_cell"
    BOOLEAN = "boolean_cell"
    ERROR = "error_cell"
    FORMULA = "formula_without_value"

    @property
    def is_fault(self) -> bool:
        """Whether the text may differ from what Excel shows, so that it must not be sent."""
        return self not in (Mark.NUMBER, Mark.PADDED)


type Format = int | Mark
"""The digits to which a number format pads a whole number, or the mark of a number that has this format."""


class Cell(str):
    """The text of a cell that has a mark; one of plain text is a ``str``."""

    __slots__ = ()

    mark: Mark


class NumberCell(Cell):
    """A whole number, by its digits."""

    __slots__ = ()

    mark = Mark.NUMBER


class PaddedCell(Cell):
    """A whole number with the zeros that its format puts before it."""

    __slots__ = ()

    mark = Mark.PADDED


class FaultyCell(Cell):
    """A cell whose text must not be sent."""

    __slots__ = ("mark",)

    def __new__(cls, mark: Mark) -> Self:
        """Put a mark in the place of a text."""
        cell = super().__new__(cls, "notread")
        cell.mark = mark
        return cell


class Texts(Protocol):
    """Shared strings by their index."""

    @property
    def are_in_memory(self) -> bool:
        """Return whether each text is there already, however often it is asked for."""
        ...

    def __getitem__(self, index: int, /) -> str:
        """Return a text, or raise ``IndexError``."""
        ...

    def all(self, numbers: Sequence[str], /) -> list[str]:
        """Return the texts of numbers, or raise ``IndexError`` or ``ValueError``."""
        ...


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_NEGATIVE = re.compile(r"-[\d.]", re.ASCII)
_MOST_DIGITS = 15
_FIRST_TOO_LARGE = 10**_MOST_DIGITS
_KINDS = {"b": Mark.BOOLEAN, "d": Mark.DATE}

FAULTS = {mark: FaultyCell(mark) for mark in Mark if mark.is_fault}
"""A cell for each mark of what must not be sent."""


def unescaped(text: str) -> str:
    """Replace escapes such as ``_x000D_`` by their characters, which XML cannot hold (ECMA-376, 22.9.2.19)."""
    return _ESCAPED.sub(_character, text) if "_" in text else text


def _character(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    # Half a character cannot be sent: the escape stays.
    return escape[0] if "\ud800" <= character <= "\udfff" else character


class Contents:
    """Reads cells.

    Args:
        texts: The shared strings.
        read_formats: Reads the formats of numbers by the styles of cells; called once, at the first number.
        recalculates: The workbook wants all formulas to be calculated when it is opened.
    """

    def __init__(self, texts: Texts, read_formats: Callable[[], Sequence[Format]], *, recalculates: bool) -> None:
        self.texts = texts
        self._read_formats = read_formats
        self._recalculates = recalculates

    @cached_property
    def _formats(self) -> Sequence[Format] | UnreadableError:
        # The error is kept as well, as each sheet would read all of the styles again.
        try:
            return self._read_formats()
        except UnreadableError as error:
            return error

    def text(self, kind: str, value: str | None, style: str, *, has_formula: bool) -> str:
        """Return the text of a cell of type ``kind`` that holds ``value``, a ``Cell`` if it is not plain text.

        Raises:
            IndexError, ValueError: The cell refers to a text or a format that is missing.
            UnreadableError: The formats cannot be read.
        """
        # The value beside a formula is what Excel will show only if a program has calculated it.
        if has_formula and value in self.uncalculated(kind):
            return FAULTS[Mark.FORMULA]
        if kind == "e":
            return FAULTS[Mark.ERROR]
        if not value:
            return ""
        if kind in ("n", ""):
            return self._number(value.strip(), style)
        if kind in ("str", "inlineStr"):
            return unescaped(value)
        return self.texts[int(value)] if kind == "s" else FAULTS[_KINDS.get(kind, Mark.ERROR)]

    def uncalculated(self, kind: str) -> tuple[str | None, ...]:
        """Return the values that a formula of type ``kind`` may have which no program has calculated."""
        # XlsxWriter and its like write a 0 after each formula, and ask for a recalculation.
        if self._recalculates:
            return (None, "", "0")
        return (None,) if kind == "str" else (None, "")  # the result may be an empty text

    def _number(self, value: str, style: str) -> str:
        if not _NUMBER.fullmatch(value):
            return FAULTS[Mark.LOST_DIGITS if _NEGATIVE.match(value) else Mark.ERROR]
        shown = self.format(style)
        if isinstance(shown, Mark):
            return FAULTS[shown]
        number = float(value)
        # Excel keeps 15 digits, and a device has no fraction.
        if number >= _FIRST_TOO_LARGE or not number.is_integer():
            return FAULTS[Mark.LOST_DIGITS]
        return whole_number(str(int(number)), shown)

    def format(self, style: str) -> Format:
        """Return how a style shows a number; raise like ``text``."""
        number = int(style or "0")
        # Python would count from the end.
        if number < 0:
            raise IndexError
        return self.formats([number])[0]

    def formats(self, styles: Iterable[int]) -> list[Format]:
        """Return how styles, none of them negative, show a number; raise like ``text``."""
        if isinstance(self._formats, UnreadableError):
            raise self._formats
        return list(map((self._formats or (0,)).__getitem__, styles))


def whole_number(digits: str, shown: int) -> Cell:
    """Return a whole number as a format with ``shown`` digits pads it."""
    return PaddedCell(digits.zfill(shown)) if shown > 1 else NumberCell(digits)
