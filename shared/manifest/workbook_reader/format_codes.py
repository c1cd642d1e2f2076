"""Number formats: which of them show a whole number by its digits, and which show something else."""

import re
from collections.abc import Iterator

from shared.manifest.workbook_reader.cell_values import Format, Mark
from shared.manifest.workbook_reader.markup import MAIN, Element

_MOST = 100_000  # Excel keeps 65,490 combinations of formats
_LONGEST = 255  # characters of a code in Excel; a hostile one takes time by its square

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


def cell_formats(styles: Iterator[Element]) -> list[Format]:
    """Read the formats, in the order in which the cells' styles number them."""
    codes: dict[str, Format] = {}
    formats: list[Format] = []
    in_cells = False
    for name, attributes in styles:
        if name == f"{MAIN}numFmt" and len(codes) < _MOST:
            codes[attributes.get("numFmtId", "")] = format_of(attributes.get("formatCode", ""))
        elif name in (f"{MAIN}cellXfs", f"{MAIN}cellStyleXfs"):
            in_cells = name == f"{MAIN}cellXfs"
        elif name == f"{MAIN}xf" and in_cells and len(formats) < _MOST:
            formats.append(_format(attributes.get("numFmtId", "0"), codes))
    return formats


def _format(number: str, codes: dict[str, Format]) -> Format:
    if number in codes:
        return codes[number]
    return Mark.DATE if number in _BUILT_IN_DATES else _BUILT_IN.get(number, Mark.FORMAT)
