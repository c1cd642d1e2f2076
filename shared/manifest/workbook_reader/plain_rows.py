"""Rows of a worksheet that need no XML parser, which would make five calls for each cell."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import batched, chain, product
from math import ceil
from string import ascii_uppercase

from shared.manifest.workbook_reader.markup import MAIN
from shared.manifest.workbook_reader.unreadable import LONGEST

# Each prefix has expressions of its own, which stay in memory: only those that programs write will do.
_NAMESPACE = re.compile(rf'\sxmlns(?::(x|ns0))?="{re.escape(MAIN.rstrip("}"))}"', re.ASCII)
_ASIDE = re.compile(r"<!|<\?(?!xml )|</(?:x:|ns0:)?sheetData")
# Nor has it seen these: only bytes and references of characters that XML can have, and none from U+F000 on, where some
# are that it cannot. The references are looked at later.
_TEXT = r"[\t\n -;=?-~\x80-\xee\xf0-\xf4]*+"
_NUMBERS = r"9|1[03]|3[2-9]|[4-9]\d|[1-9]\d{2,3}|[1-4]\d{4}|x(?:[2-9A-Fa-f]|[1-9A-Ca-c][\dA-Fa-f]{1,2})[\dA-Fa-f]"
_CHARACTER = re.compile(f"&(?:#({_NUMBERS})|(amp|lt|gt|quot|apos));", re.ASCII)
_NO_CHARACTER = re.compile(f"&(?!(?:#(?:{_NUMBERS})|amp|lt|gt|quot|apos);)", re.ASCII)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_OTHER_ENCODING = re.compile(r"""(?:\xef\xbb\xbf)?<\?xml\s[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_ATTRIBUTES = r'(?: (?!xmlns=)[\w:]+="[ !#-%\'-;=?-~]*+")*+'
# One set of characters is quick, and what they say is looked at later. No reference is among them, as the only capital
# is that of inlineStr, and no namespace, as there is no "x".
_ATTRIBUTES_OF_CELL = r'[ a-wyz="\d]{0,60}+(?>Str"[ a-wyz="\d]{0,60}+|)'
# How a run looks, of which nothing is kept: ECMA-376, part 1, 18.4.7.
_LOOK = "<b|<charset|<color|<condense|<extend|<family|<i|<outline|<rFont|<scheme|<shadow|<strike|<sz|<u|<vertAlign"
_LOOKS = rf"<rPr(?> ?/>|>(?:(?:{_LOOK})[ -%'-.0-;=?-~\x80-\xee\xf0-\xf4]*+/>)*+</rPr>)"
_BLANK = r"[\t\n\r ]{0,99}+"
_INDENTED = re.compile(r"\s<(?:\w+:)?(?:row|c)[ >]", re.ASCII)
_HIDDEN = re.compile(' hidden="(?:1|true)"')
_REFERENCE = re.compile(r'<(?:\w+:)?c r="([A-Z]{1,3})\d', re.ASCII)
# A row with one cell costs as much as one with all of them.
_WIDTHS = (6, 13, 26, 39, 52, 65, 78, 104, 130, 182, 256)
_COLUMNS = list(map("".join, chain(ascii_uppercase, product(ascii_uppercase, repeat=2))))[: _WIDTHS[-1]]
_BLOCK = 13
_PLACES = {letters: place for place, letters in enumerate(_COLUMNS, 1)}
_SPARSE = 2  # bytes for each of a column's parts, where the parser is quicker
_FEWEST_BETWEEN, _GAPS_ALLOWED = 4, 100

type PlainRow = tuple[str, ...]
"""A row's number, if it has one, and attributes, then ``PARTS_OF_CELL`` for each column; what is missing is empty."""

_PARTS_OF_ROW = 2
PARTS_OF_CELL = 4
"""A cell's attributes, its value, its text, where it has one in itself, and what follows a formula, from ``>`` on."""

_FIRST_WITH_RUNS = _PARTS_OF_ROW + PARTS_OF_CELL - 1  # they are found where formulas are

# By the last group that was found: a row keeps one cell at least, but not the columns after its last cell, with which
# one wide row would make all others slow.
_KEPT = [
    _PARTS_OF_ROW + PARTS_OF_CELL * max(ceil((last - _PARTS_OF_ROW) / PARTS_OF_CELL), 1)
    for last in range(_PARTS_OF_ROW + PARTS_OF_CELL * len(_COLUMNS) + 1)
]


class PlainRows:
    """Takes the rows out of a worksheet that have only values, formulas, and text in themselves.

    Each in a form that programs write.
    """

    def __init__(self) -> None:
        self._found: list[PlainRow] = []
        self._prefix: str | None = None
        self._width = _WIDTHS[0]
        self._is_indented = self._has_runs = False
        self._taken = self._gaps = 0

    def __len__(self) -> int:
        """Return how many rows were found since they were last taken."""
        return len(self._found)

    def take(self) -> list[PlainRow]:
        """Return the rows found since the last call."""
        found, self._found = self._found, []
        self._taken += len(found)
        return found

    def without(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the worksheet without these rows, each taken after what is before it has been yielded."""
        text = ""
        for piece in pieces:
            text += str(piece, "latin-1")
            if self._prefix is None and (root := _NAMESPACE.search(text)):
                self._prefix = f"{root[1]}:" if root[1] else ""
            # Where more is held, a text in it might be longer than one may be.
            if self._prefix is None or len(text) > LONGEST or _OTHER_ENCODING.match(text):
                break
            at = self._found_until(text, 0, self._prefix)
            while left := self._left(text, at, self._prefix):
                self._gaps += 1
                # Rows in a comment, or in an instruction to a program, do not count. Few at a time take longer here.
                if _ASIDE.search(left) or self._taken < _FEWEST_BETWEEN * (self._gaps - _GAPS_ALLOWED):
                    yield from chain([text[at:].encode("latin-1")], pieces)
                    return
                yield left.encode("latin-1")
                at = self._found_until(text, at + len(left), self._prefix)
            text = text[at:]
            yield b""
        yield from chain([text.encode("latin-1")], pieces)

    def _found_until(self, text: str, at: int, prefix: str) -> int:
        """Keep the plain rows that follow each other from ``at`` on, and return where they end."""
        match = self._pattern(prefix).match
        last = text.rfind(f"</{prefix}row>", at)
        # Empty ones may have no end tag.
        last = text.rfind("/>", at) if last < 0 else last
        is_bare = _is_bare(text)
        while at < last and (row := match(text, at)):
            kept = _KEPT[row.lastindex or 0]
            if row.end() - at < _SPARSE * kept:
                break
            parts = row.groups("")[:kept]
            if self._has_runs:
                parts = _joined(parts, f"</{prefix}t>")
            try:
                self._found.append(parts if is_bare or _is_bare(row[0]) else _decoded(row[0], parts))
            except ValueError:
                # The parser says what is wrong.
                break
            at = row.end()
        return at

    def _left(self, text: str, at: int, prefix: str) -> str:
        """Return what is from ``at`` on up to the next plain row, or to the end of the last row."""
        end, stop = f"</{prefix}row>", at
        match = self._pattern(prefix).match
        while (found := text.find(end, stop)) >= 0:
            stop = found + len(end)
            if match(text, stop):
                break
        left = text[at:stop]
        self._is_indented = self._is_indented or _INDENTED.search(left) is not None
        self._has_runs = self._has_runs or f"</{prefix}r>" in left
        self._make_room(left, prefix)
        return left

    def _pattern(self, prefix: str) -> re.Pattern[str]:
        return _pattern(prefix, self._width, is_indented=self._is_indented, has_runs=self._has_runs)

    def _make_room(self, rows: str, prefix: str) -> None:
        """Look for as many columns as a row has that is left to the parser, as the header is."""
        cell = f"<{prefix}c"
        last = _REFERENCE.match(rows, rows.rfind(cell))
        width = _PLACES.get(last[1], 0) if last else rows.count(cell, rows.rfind(f"<{prefix}row"))
        if self._width < width <= len(_COLUMNS):
            self._width = next(each for each in _WIDTHS if each >= width)


def is_hidden(attributes: str) -> bool:
    """Return whether a row with these attributes is hidden."""
    return "hidden" in attributes and _HIDDEN.search(attributes) is not None


def _joined(parts: PlainRow, end: str) -> PlainRow:
    """Join the runs of which a text may consist, each with a look of its own and with ``end`` behind it."""
    joined = list(parts)
    for at in range(_FIRST_WITH_RUNS, len(parts), PARTS_OF_CELL):
        if "</" in (runs := parts[at]):
            joined[at - 1] = "".join([run[run.rfind(">") + 1 :] for run in runs.split(end)])
            joined[at] = ""
    return (*joined,)


def _is_bare(text: str) -> bool:
    return text.isascii() and "&" not in text


def _decoded(row: str, parts: PlainRow) -> PlainRow:
    # Formulas are not kept, but the parser reads them as well.
    if _NO_CHARACTER.search(row):
        raise ValueError
    str(row.encode("latin-1"), "utf-8")
    # No part has the character between them.
    text = "\0".join(parts)
    if _is_bare(text):
        return parts
    return (*_CHARACTER.sub(_character, str(text.encode("latin-1"), "utf-8")).split("\0"),)


def _character(reference: re.Match[str]) -> str:
    number, name = reference.groups()
    return _NAMED[name] if name else chr(int(f"0{number}", 16 if number.startswith("x") else 10))


@cache
def _pattern(prefix: str, width: int, *, is_indented: bool, has_runs: bool) -> re.Pattern[str]:
    """Return the pattern of a row: any cell may be missing, and one without a reference follows the one before it."""
    rest = "</row>"
    # A row ends where it ends: looking for each cell of the widest one would make all others slow.
    for letters in reversed([*batched(_COLUMNS[:width], _BLOCK, strict=False)]):
        cells = "".join(_cell(each, has_runs=has_runs) for each in letters)
        some = f"{letters[0][:-1]}[{letters[0][-1]}-{letters[-1][-1]}]"
        rest = rf'(?:</row>|(?>(?=<c r="(?!{some}\d))|{cells}){rest})'
    row = rf'<row(?> r="(\d{{1,7}})"|(?![^>]* r=))({_ATTRIBUTES})(?> ?/>|>{rest})'
    # White space before the end of a value or a text is a part of it.
    blank = _BLANK if is_indented else ""
    row = re.sub(r"(?<!\?)<(?!/[vtf])", f"{blank}<", row)
    return re.compile(re.sub(r"(</?)(?=\w|\(\?>)", rf"\g<1>{prefix}", row), re.ASCII)


def _cell(letters: str, *, has_runs: bool) -> str:
    # Each "?+" would copy what all groups before it have found. Most are numbers, of shared strings as well.
    value = rf"<v>(\d++|{_TEXT})</v></c>"
    opening = r'<t(?> xml:space="preserve"|)'
    text = rf"<is>{opening}(?>>({_TEXT})</t>| ?/>)</is></c>"
    result = rf"(?><v>{_TEXT}(?=</v>)|<v ?/>(?=</c>)|(?=</c>))"
    runs = rf"(?:<r>(?>{_LOOKS}|){opening}(?>>{_TEXT}</t>| ?/>)</r>)++(?=</is>)"
    formula = rf"<f{_ATTRIBUTES}(?> ?/|>{_TEXT}</f)(>{result})(?></v>|)</c>"
    if has_runs:
        # What comes before shows which of the two it is: with a group more in each cell, all would take longer.
        formula = rf"<(?>f{_ATTRIBUTES}(?> ?/|>{_TEXT}</f)(?=>)|is>(?=<r>))(>{result}|{runs})(?></v>|</is>|)</c>"
    filled = rf"({_ATTRIBUTES_OF_CELL})>(?>{value}|{text}|{formula}|<v ?/></c>)"
    # Of an empty one nothing is kept, as a row ends with the last that is.
    style, kind = r' s="\d{1,9}"', r' t="(?:s|str|[nbd]|inlineStr)"'
    empty = rf"(?>{style}(?>{kind}|)|{kind}(?>{style}|)|)(?> ?/>|></c>)"
    # One without a reference is here or nowhere: not all columns are to be tried for what fails at its end.
    return rf'(?><c(?> r="{letters}\1"|(?! r=))(?>{filled}|{empty})|(?!<c(?! r=)))'
