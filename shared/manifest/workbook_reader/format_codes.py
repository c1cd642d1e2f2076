"""Number formats: which of them show a whole number by its digits, and which show something else."""

import re
from collections.abc import Iterator

from shared.manifest.workbook_reader.cell_values import Format, Mark
from shared.manifest.workbook_reader.markup import MAIN, parse

_MOST = 100_000  # Excel keeps 65,490 combinations of formats
_MOST_DIGITS = 10  # of an id
_LONGEST = 255  # characters of a code in Excel; a hostile one takes time by its square

_CODE, _STYLE, _OF_CELLS = f"{MAIN}numFmt", f"{MAIN}xf", f"{MAIN}cellXfs"
_STYLES = frozenset({_OF_CELLS, f"{MAIN}cellStyleXfs"})

# Ids that need no code: ECMA-376, part 1, 18.8.30, the dates of East Asian versions included.
_BUILT_IN: dict[str, Format] = {"0": 0, "1": 1, "49": 0}
_BUILT_IN_DATES = set(map(str, (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))))

# A locale, digits, room for a bracket; what comes after a semicolon is for negative numbers, which are no whole ones.
_PLAIN = re.compile(r"(?:\[\$-[0-9A-Fa-f]+\])?(?:(General|@|#)|(0+))(?:_.)?(?:;.*)?", re.IGNORECASE | re.DOTALL)
_LITERAL = re.compile(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.|\*.', re.IGNORECASE | re.DOTALL)
_OF_DATES = re.compile(r"[ymdhs]", re.IGNORECASE)


def format_of(code: str) -> Format:
    """Return how a format code shows a whole number."""
    code = code[:_LONGEST]
    if plain := _PLAIN.fullmatch(code):
        return len(plain[2] or "")
    return Mark.DATE if _OF_DATES.search(_LITERAL.sub("", code)) else Mark.FORMAT


def cell_formats(pieces: Iterator[bytes]) -> list[Format]:
    """Read the formats of the part with the styles, in the order in which the cells' styles number them.

    Raises:
        UnreadableError: It is damaged, or exceeds a bound.
    """
    styles = _Styles()
    for _ in parse(pieces, styles):
        pass
    return styles.formats


class _Styles:
    """Takes the format of each style. Some programs write one for each cell, and ten elements that say how it looks."""

    def __init__(self) -> None:
        self.depth = 0
        self.formats: list[Format] = []
        self._codes: dict[str, Format] = {}
        self._in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if name == _STYLE:
            if self._in_cells and len(self.formats) < _MOST:
                self.formats.append(_format(attributes.get("numFmtId", "0"), self._codes))
        elif name in _STYLES:
            self._in_cells = name == _OF_CELLS
        elif name == _CODE and len(self._codes) < _MOST:
            number = attributes.get("numFmtId", "")
            if len(number) <= _MOST_DIGITS:
                self._codes[number] = format_of(attributes.get("formatCode", ""))

    def end(self, _: str) -> None:
        self.depth -= 1

    def text(self, _: str) -> None:
        pass


def _format(number: str, codes: dict[str, Format]) -> Format:
    if number in codes:
        return codes[number]
    return Mark.DATE if number in _BUILT_IN_DATES else _BUILT_IN.get(number, Mark.FORMAT)
