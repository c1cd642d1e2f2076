"""Rows of a worksheet that need no XML parser, which would make five calls for each cell."""

import re
from functools import cache
from itertools import batched, chain, product
from math import ceil
from string import ascii_uppercase

from shared.manifest.workbook_reader.plain_text import TEXT, Tags, compiled, decoded, is_bare
from shared.manifest.workbook_reader.runs import text_or_runs

_ATTRIBUTES = r'(?: (?!xmlns)[\w:]+="[ !#-%\'-;=?-~]*+")*+'
# One set of characters is quick, and what they say is looked at later. No reference is among them, as the only capital
# is that of inlineStr, and no namespace, as there is no "x".
_ATTRIBUTES_OF_CELL = r'[ a-wyz="\d]{0,60}+(?>Str"[ a-wyz="\d]{0,60}+|)'
_HIDDEN = re.compile(' hidden="(?:1|true)"')
_REFERENCE = re.compile(r'<(?:\w+:)?c r="([A-Z]{1,3})\d', re.ASCII)
# A row with one cell costs as much as one with all of them.
_WIDTHS = (6, 13, 26, 39, 52, 65, 78, 104, 130, 182, 256)
_COLUMNS = list(map("".join, chain(ascii_uppercase, product(ascii_uppercase, repeat=2))))[: _WIDTHS[-1]]
_BLOCK = 13
_PLACES = {letters: place for place, letters in enumerate(_COLUMNS, 1)}
_SPARSE = 2  # bytes for each of a column's parts, where the parser is quicker

type PlainRow = tuple[str, ...]
"""A row's number, if it has one, and attributes, then ``PARTS_OF_CELL`` for each column; what is missing is empty."""

_PARTS_OF_ROW = 2
PARTS_OF_CELL = 4
"""A cell's attributes, its value, its text, where it has one in itself, and what follows a formula, from ``>`` on."""

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

    name = "row"

    def __init__(self) -> None:
        self.found: list[PlainRow] = []
        self._width = _WIDTHS[0]
        self._given = 0

    @property
    def taken(self) -> int:
        """Return how many rows have been taken out."""
        return self._given + len(self.found)

    def give(self) -> list[PlainRow]:
        """Return the rows taken since the last call."""
        found, self.found = self.found, []
        self._given += len(found)
        return found

    def pattern(self, tags: Tags) -> re.Pattern[str]:
        """Return the pattern of a row that can be taken."""
        return _pattern(tags, self._width)

    def take(self, text: str, tags: Tags) -> int:
        """Take the rows with which ``text`` begins, and return where they end."""
        match = self.pattern(tags).match
        at, is_all_bare = 0, is_bare(text)
        last = text.rfind(f"</{tags.prefix}row>")
        # Empty ones may have no end tag.
        last = text.rfind("/>") if last < 0 else last
        while at < last and (row := match(text, at)):
            kept, end = _KEPT[row.lastindex or 0], row.end()
            if end - at < _SPARSE * kept:
                break
            parts = row.groups("")[:kept]
            try:
                self.found.append(parts if is_all_bare else (*decoded(row[0], parts),))
            except ValueError:
                # The parser says what is wrong.
                break
            at = end
        return at

    def learn(self, markup: str, tags: Tags) -> None:
        """Look for as many columns as a row has that is left to the parser, as the header may be."""
        cell = f"<{tags.prefix}c"
        last = _REFERENCE.match(markup, markup.rfind(cell)) if cell in markup else None
        width = _PLACES.get(last[1], 0) if last else markup.count(cell, markup.rfind(f"<{tags.prefix}row"))
        if self._width < width <= len(_COLUMNS):
            self._width = next(each for each in _WIDTHS if each >= width)


def is_hidden(attributes: str) -> bool:
    """Return whether a row with these attributes is hidden."""
    return "hidden" in attributes and _HIDDEN.search(attributes) is not None


@cache
def _pattern(tags: Tags, width: int) -> re.Pattern[str]:
    """Return the pattern of a row: any cell may be missing, and one without a reference follows the one before it."""
    rest = "</row>"
    # A row ends where it ends: looking for each cell of the widest one would make all others slow.
    for letters in reversed([*batched(_COLUMNS[:width], _BLOCK, strict=False)]):
        cells = "".join(map(_cell, letters))
        some = f"{letters[0][:-1]}[{letters[0][-1]}-{letters[-1][-1]}]"
        # Some programs write empty cells by the hundred after the last one that is not.
        empty = rf'<c r="{_from(letters[0])}\1"(?> s="\d{{1,9}}"|) ?/>'
        rest = rf'(?:(?:{empty})*+</row>|(?>(?=<c r="(?!{some}\d))|{cells}){rest})'
    row = rf'<row(?> r="(\d{{1,7}})"|(?![^>]* r=))({_ATTRIBUTES})(?> ?/>|>{rest})'
    return compiled(row, tags)


def _from(column: str) -> str:
    """Return the expression of the letters of a column up to IV, and of all after it."""
    first, last = column[:-1], column[-1]
    if not first:
        return rf"(?:[{last}-Z]|[A-Z]{{2,3}})"
    return rf"(?:{first}[{last}-Z]|[{chr(ord(first) + 1)}-Z][A-Z]|[A-Z]{{3}})"


def _cell(letters: str) -> str:
    # Each "?+" would copy what all groups before it have found. Most are numbers, of shared strings as well.
    value = rf"<v>(\d++|{TEXT})</v></c>"
    text = rf"<is>{text_or_runs(TEXT)}</is></c>"
    result = rf"(?><v>{TEXT}(?=</v>)|<v ?/>(?=</c>)|(?=</c>))"
    formula = rf"<f{_ATTRIBUTES}(?> ?/|>{TEXT}</f)(>{result})(?></v>|)</c>"
    filled = rf"({_ATTRIBUTES_OF_CELL})>(?>{value}|{text}|{formula}|<v ?/></c>)"
    # Of an empty one nothing is kept, as a row ends with the last that is.
    style, kind = r' s="\d{1,9}"', r' t="(?:s|str|[nbd]|inlineStr)"'
    empty = rf"(?>{style}(?>{kind}|)|{kind}(?>{style}|)|)(?> ?/>|></c>)"
    # One without a reference is here or nowhere: not all columns are to be tried for what fails at its end. A reference
    # that is not the first attribute is left to the parser.
    return rf'(?><c(?> r="{letters}\1"|(?! r=)(?![^>]* r *=))(?>{filled}|{empty})|(?!<c(?! r=)))'
