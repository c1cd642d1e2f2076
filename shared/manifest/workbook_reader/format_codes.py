"""Number formats: which of them show a whole number by its digits, and which show something else."""

import re
from collections.abc import Mapping

from shared.manifest.workbook_reader.cell_values import Format, Mark

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


def format_by_id(number: str, codes: Mapping[str, Format]) -> Format:
    """Return how the format with an id shows a whole number; ``codes`` are those that the workbook defines itself."""
    if number in codes:
        return codes[number]
    return Mark.DATE if number in _BUILT_IN_DATES else _BUILT_IN.get(number, Mark.FORMAT)
