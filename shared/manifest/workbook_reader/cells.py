"""What a cell says: text, and where it holds anything else, a mark that says what."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.directory import damaged

LONGEST = 32_767
"""Characters that a cell may have: Excel's own limit."""


class Mark(StrEnum):
    """What there is to know about a cell that is no plain text, by the code of the finding."""

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
        """Whether the cell's text is not what a person sees, so that it may not be sent."""
        return self not in (Mark.NUMBER, Mark.PADDED)


type Format = int | Mark
"""The digits that a format pads a whole number to, or what is the matter with a number that has it."""


class Cell(str):
    """The text of a cell that is no plain text; plain ones are a ``str``. A fault's text says nothing."""

    __slots__ = ("mark",)

    mark: Mark

    def __new__(cls, text: str, mark: Mark) -> "Cell":
        """Put a mark on a text."""
        cell = super().__new__(cls, text)
        cell.mark = mark
        return cell


class Texts(Protocol):
    """Shared strings by their index."""

    def __getitem__(self, index: int, /) -> str:
        """Return a text, or raise ``IndexError``."""
        ...


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NUMBER = re.compile(r"(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_NEGATIVE = re.compile(r"-[\d.]", re.ASCII)
_MOST_DIGITS = 15
_FIRST_TOO_LARGE = 10**_MOST_DIGITS
_FAULTS = {mark: Cell("(not read)", mark) for mark in Mark if mark.is_fault}


def unescaped(text: str) -> str:
    """Put in the characters that stand in a text as ``_x000D_``, for which XML has no place (ECMA-376, 22.9.2.19)."""
    return _ESCAPED.sub(_character, text) if "_x" in text or "_X" in text else text


def _character(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return escape[0] if "\ud800" <= character <= "\udfff" else character  # half a character stays as it is written


class Contents:
    """Reads cells. ``recalculates``: the workbook asks to have all formulas calculated when it is opened."""

    def __init__(self, texts: Texts, formats: Sequence[Format], *, recalculates: bool) -> None:
        self._texts = texts
        self._formats = formats
        self._recalculates = recalculates

    def formula(self, kind: str, value: str | None, style: str) -> str:
        """Return what a formula results in."""
        # XlsxWriter and its like write a 0 and leave the calculation to Excel. A text may rightly be empty.
        missing = (None, "", "0") if self._recalculates else (None,) if kind == "str" else (None, "")
        return _FAULTS[Mark.FORMULA] if value in missing else self.value(kind, value or "", style)

    def value(self, kind: str, value: str, style: str) -> str:
        """Return what a cell holds, which has ``value`` as its content and is of type ``kind``."""
        if kind == "s":
            return self._shared(value)
        if kind in ("str", "inlineStr"):
            return unescaped(value)
        if not value and kind != "e":
            return ""
        if kind in ("n", ""):
            return self._number(value.strip(), style)
        return _FAULTS[_KINDS.get(kind, Mark.ERROR)]

    def _shared(self, index: str) -> str:
        index = index.strip()
        if not index:
            return ""
        try:
            return self._texts[_natural(index)]
        except (IndexError, ValueError) as error:
            raise damaged("a cell refers to a text that is missing") from error

    def _number(self, value: str, style: str) -> str:
        if not _NUMBER.fullmatch(value):
            return _FAULTS[Mark.LOST_DIGITS if _NEGATIVE.match(value) else Mark.ERROR]
        shown = self._format(style)
        if isinstance(shown, Mark):
            return _FAULTS[shown]
        number = float(value)
        if number >= _FIRST_TOO_LARGE or not number.is_integer():
            return _FAULTS[Mark.LOST_DIGITS]
        return Cell(str(int(number)).zfill(shown), Mark.PADDED if shown > 1 else Mark.NUMBER)

    def _format(self, style: str) -> Format:
        if not self._formats and style in ("", "0"):
            return 0
        try:
            return self._formats[_natural(style or "0")]
        except (IndexError, ValueError) as error:
            raise damaged("a cell refers to a format that is missing") from error


def _natural(digits: str) -> int:
    if not digits.isdecimal():
        raise ValueError
    return int(digits)


_KINDS = {"b": Mark.BOOLEAN, "d": Mark.DATE}


def checked_length(length: int) -> None:
    """Raise the error for a cell that no spreadsheet program would keep."""
    if length > LONGEST:
        message = f"A cell has more than {LONGEST:,} characters, which is Excel's limit. Look there for what is meant."
        raise UnreadableError("value_too_large", message)
