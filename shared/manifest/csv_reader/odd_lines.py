"""Lines below the header that are not devices, or whose cells are in the wrong columns."""

from collections.abc import Sequence

from shared.manifest.csv_reader.header import Layout
from shared.manifest.field_names import DELIMITERS, FIELD_OF, key, mixed
from shared.manifest.field_rules import is_plain
from shared.manifest.findings import Place, Report, UnreadableError
from shared.manifest.hardware_hash import begins_like_one, looks_like_one
from shared.manifest.line_words import (
    COMPANY_ENDS,
    COUNTED,
    LAST_WORDS,
    SHORT_COMPANY_ENDS,
    TOTALS,
    has_company_end,
    is_comment,
    is_footer,
    is_total,
)
from shared.manifest.spreadsheet_values import is_formula
from shared.manifest.words_for_nothing import is_nothing

WORDS = FIELD_OF.keys() | LAST_WORDS | COMPANY_ENDS | SHORT_COMPANY_ENDS | TOTALS
"""Cells, without case, blanks and punctuation, for which a line needs a closer look."""

ENDS = COMPANY_ENDS | {"co"}
"""Words, without case and punctuation, for which a cell that begins with a blank needs a closer look."""

_RULE = "-=+_*|~:\u2500\u2501\u2550 \t"
_RULES = ("--", "==", "__", "**", "~~", "\u2500\u2500", "\u2501\u2501", "\u2550\u2550")
_SHORTEST_REST = 40  # characters of a hash; tools wrap at 64 or more
_COMPANY = (
    "The usual reason is {} in a value, such as the name of a company: put the name between quotes, as in "
    '"Micro-Star International Co., Ltd.".'
)
_APPENDED = (
    "The usual reasons are a cell that was appended without a name in the header, such as a group tag, and {} in a "
    "value: name the column, or put the name between quotes."
)


class OddLines:
    """Finds the odd lines of a file by its header."""

    def __init__(self, columns: Layout, delimiter: str, report: Report) -> None:
        self._columns = columns
        self._delimiter = delimiter
        self._report = report
        self._maker = columns.column_of("oemManufacturerName")
        self._identifiers = {columns.column_of("serialNumber"), columns.column_of("productKey")}
        self._tuple = [columns.column_of(field) for field in ("serialNumber", "oemManufacturerName", "modelName")]
        self._unlike_hash = {*columns.indices} - {columns.column_of("hardwareHash")}
        self._reported: set[int] = set()
        self._has_words = self._has_delimiters = True

    def expect(self, *, words: bool, delimiters: bool) -> None:
        """Set what the next lines may have, so that nothing else is searched for."""
        self._has_words, self._has_delimiters = words, delimiters

    def is_skipped(self, cells: Sequence[str], line: int) -> bool:
        """Return whether a line is left out: a blank one, a repeated header, or one that a tool adds."""
        filled = [cell for cell in cells if cell and not cell.isspace()]
        # Tapes and old programs fill a file up with U+0000, or end it with U+001A.
        if not "".join(filled).strip("\0\x1a "):
            return True
        first = filled[0]
        if first[0] in "#sS" and first.lower().startswith(("#type ", "sep=")):
            return self._skip(line, "what PowerShell or Excel writes before a header")
        if not first[0].isalnum() and self._is_rule(filled):
            return self._skip(line, "a line of dashes")
        # A line below the devices may be filled up with NULL.
        said = [cell for cell in filled if not is_nothing(cell)] if self._has_words else filled
        if is_footer(said) or (self._has_words and is_total(said, TOTALS) and not self._may_be_device(cells)):
            return self._skip(line, "what a database or a report adds at its end")
        if self._has_words and self._columns.is_same(self._columns.names(cells)):
            self._report.warning(Place(line=line), None, "repeated_header")
            return True
        return False

    def _may_be_device(self, cells: Sequence[str]) -> bool:
        """Return whether a line of totals has all that a device needs: ``1001,Total,12``, not ``12,Total,devices``."""
        words = [key(cells[at]) if at is not None and at < len(cells) else "" for at in self._tuple]
        return not any(map(is_nothing, words)) and words[0] not in TOTALS and COUNTED.isdisjoint(words)

    def _skip(self, line: int, what: str) -> bool:
        self._report.warning(Place(line=line), None, "skipped_line", what)
        return True

    @staticmethod
    def _is_rule(filled: Sequence[str]) -> bool:
        text = "".join(filled)
        return not text.strip(_RULE) and any(rule in text for rule in _RULES)

    def has_issue(self, cells: Sequence[str], at: Place) -> bool:
        """Report why a line cannot be read as a device; return whether it has such an issue.

        Raises:
            UnreadableError: It is the rest of a hash, as all lines may be that follow.
        """
        columns, report = self._columns, self._report
        if self.is_rest_of_hash(cells):
            raise UnreadableError("hash_in_pieces", at=at, field="hardwareHash")
        filled = [index for index, cell in enumerate(cells) if cell and not cell.isspace()]
        names = columns.names(cells) if self._has_words else {}
        # One name among other cells may be a value; two, or nothing but names, are a header.
        if len(names) > 1 or (names and len(names) == len(filled)):
            report.issue(at, None, "other_header", columns.line)
        elif self._has_delimiters and (other := self._other_delimiter([cells[index] for index in filled])):
            report.issue(at, None, "mixed_delimiters", "The line", DELIMITERS[other])
        elif self._has_delimiters and self._is_partly_quoted(cells):
            report.issue(at, None, "mixed_delimiters", "A cell of the line", DELIMITERS[self._delimiter])
        elif filled[-1] >= columns.width:
            reason = self._reason_for_more_cells()
            report.issue(at, None, "too_many_cells", len(cells), columns.width, reason)
        elif shifted := self._shifted(cells, filled):
            report.issue(at, None, "shifted_cells", f"Cell {shifted}")
        elif self._is_comment(cells):
            report.issue(at, None, "commented_line", "The line")
        else:
            return self._has_misplaced_hash(cells, at)
        return True

    def is_rest_of_hash(self, cells: Sequence[str]) -> bool:
        """Return whether a line begins with the rest of a hash, which a line break has cut."""
        at = self._columns.column_of("hardwareHash")
        if not at or not 0 < len(cells) < self._columns.width:
            return False
        # A token may be the first column of a device whose last cells were left out.
        has_whole_one = begins_like_one("".join(cells[at : at + 1]))
        return looks_like_one(cells[0], _SHORTEST_REST) and not begins_like_one(cells[0]) and not has_whole_one

    def _is_comment(self, cells: Sequence[str]) -> bool:
        at = self._columns.column_of("hardwareHash") or 0
        other = "".join(cells[at : at + 1]) if at > 1 else ""
        # Where a semicolon is the delimiter, it makes one more cell than the header has, or moves an identifier to the
        # hash, and only one that begins so.
        has_moved = len(cells) > self._columns.cells or is_plain(other.replace("-", ""))
        if self._delimiter == ";" and not cells[0] and not self._columns.spaced and has_moved:
            return [cell[:1] for cell in cells].count(" ") == 1 and cells[1].startswith(" ")
        # A column of another kind may number its lines so, and a hash may begin with any sign. #N/A is another issue.
        text = cells[0].lstrip()
        is_one = text.startswith(";") or is_comment(text, is_name=0 not in self._identifiers)
        return 0 in self._unlike_hash and is_one and not (is_formula(text) or is_nothing(text))

    def _reason_for_more_cells(self) -> str:
        if not self._delimiter:
            return "Each value belongs under the name of a column."
        form = _APPENDED if self._maker is None else _COMPANY
        return form.format(DELIMITERS[self._delimiter])

    def _other_delimiter(self, filled: Sequence[str]) -> str | None:
        """Return another delimiter that separates names, or the values of a line that would be a single cell."""
        for cell in filled:
            if other := mixed(cell, self._delimiter):
                return other
        separators = self._columns.width - 1
        if len(filled) > 1 or separators < 2:  # noqa: PLR2004 - one semicolon in a value may be meant
            return None
        return next((other for other in DELIMITERS if filled[0].count(other) == separators), None)

    def _is_partly_quoted(self, cells: Sequence[str]) -> bool:
        """Return whether quotes are around several values: a cell has as many delimiters as the line is short of."""
        own, missing = self._delimiter, self._columns.width - len(cells)
        if not own or missing < 1:
            return False
        return any(cell.count(own) == missing and f"{own} " not in cell for cell in cells)

    def _shifted(self, cells: Sequence[str], filled: Sequence[int]) -> int | None:
        return next((index + 1 for index in filled if self._is_end(cells[index], index)), None)

    def _is_end(self, cell: str, index: int) -> bool:
        """Return whether a cell is the end of a company's name whose comma has shifted what follows."""
        begins_with_blank = cell[0] == " " and not self._columns.spaced
        if begins_with_blank and has_company_end(cell):
            return True
        if not self._has_words:
            return False
        folded = key(cell)
        is_after_maker = self._maker is not None and index == self._maker + 1
        is_likely = begins_with_blank or is_after_maker or cell.rstrip().endswith(".")
        return folded in COMPANY_ENDS or (folded in SHORT_COMPANY_ENDS and is_likely)

    def _has_misplaced_hash(self, cells: Sequence[str], at: Place) -> bool:
        for index in self._columns.others:
            if index < len(cells) and looks_like_one(cells[index]):
                # Once for each column: all lines have the same fault.
                if index not in self._reported:
                    self._report.issue(at, None, "misplaced_hash", f"Column {index + 1}")
                self._reported.add(index)
                return True
        return False
