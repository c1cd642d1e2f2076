"""The part of a workbook that holds the styles of cells, each with the format of numbers."""

import re
from collections.abc import Iterator

from shared.manifest.workbook_reader.archive import PIECE
from shared.manifest.workbook_reader.cell_values import Format
from shared.manifest.workbook_reader.format_codes import format_by_id, format_of
from shared.manifest.workbook_reader.markup import MAIN, parse

_MOST = 100_000  # Excel keeps 65,490 combinations of formats
_MOST_DIGITS = 10  # of an id

_CODE, _STYLE, _OF_CELLS = f"{MAIN}numFmt", f"{MAIN}xf", f"{MAIN}cellXfs"
_STYLES = frozenset({_OF_CELLS, f"{MAIN}cellStyleXfs"})

# Some programs write a style for each cell, and ten elements that say how it looks.
_MOST_SKIMMED = 12 * 1024 * 1024
_URI = re.escape(MAIN.rstrip("}").encode())
_ROOT = re.compile(rb'(?:<\?xml [^<>]*\?>\s*)?<styleSheet (?:(?!%b)[^<>])*xmlns="%b"' % (_URI, _URI))
_OTHER_NAMESPACE = re.compile(rb"\sxmlns\s*=|%b" % _URI)
# One set of characters is quick: a namespace is told by its "m", and a reference or a prefix has others.
_LETTERS = r'[ a-ln-zA-Z\d="]*+'
_ATTRIBUTES = f"{_LETTERS}(?:m(?!FmtId|lns){_LETTERS})*+"
_PLAIN_STYLE = re.compile(
    rf'<xf\b{_ATTRIBUTES}(?:(?<= nu)mFmtId="(\d{{1,{_MOST_DIGITS}}})"{_ATTRIBUTES}|)'
    rf"(?>/>|>(?:<(?:alignment|protection)\b{_ATTRIBUTES}/>)*+</xf>)",
    re.ASCII,
)


def cell_formats(part: bytearray) -> list[Format]:
    """Read the formats of the part with the styles, in the order in which the cells' styles number them.

    Raises:
        UnreadableError: It is damaged, or exceeds a bound.
    """
    ids, left_out = _skimmed(part)
    styles = _Styles(ids)
    for _ in parse(_without(part, left_out), styles):
        pass
    return styles.formats


def _skimmed(part: bytearray) -> tuple[list[str], list[slice]]:
    """Return the ids of the cells' formats, where programs write the styles so, and what the parser need not see."""
    root = _ROOT.match(part)
    if len(part) > _MOST_SKIMMED or not root or _has(part, b"<!") or _has(part, b"<?", root.end()):
        return [], []
    *looks, cells = _contents(part, root.end())
    ids = _ids(str(memoryview(part)[cells], "latin-1"))
    left_out = [*looks, cells] if ids else looks
    rest = b"".join(_without(part, [slice(0, root.end()), *left_out]))
    # Elements of the same names may be another program's, or occur twice.
    is_odd = _OTHER_NAMESPACE.search(rest) or rest.count(b"<cellXfs") > 1
    return ([], []) if is_odd else (ids, left_out)


def _has(part: bytearray, sign: bytes, start: int = 0) -> bool:
    # A single character is found a hundred times as fast, where there is none.
    return part.find(sign[1:], start) >= 0 and part.find(sign, start) >= 0


def _contents(part: bytearray, at: int) -> Iterator[slice]:
    """Yield where the contents of elements that follow each other are; nowhere unless the tags of one are plain."""
    for name in (b"fonts", b"fills", b"borders", b"cellXfs"):
        start = part.find(b"<%b" % name, at)
        tag = re.compile(rb'<%b(?: [A-Za-z\d:]+="[^"<>]*")*+>' % name).match(part, start) if start >= 0 else None
        end = part.find(b"</%b>" % name, tag.end()) if tag else -1
        found = slice(tag.end(), end) if tag and end >= 0 else slice(at, at)
        yield found
        at = found.stop


def _ids(styles: str) -> list[str]:
    """Return the id of the format of each style; none where there is anything else, or too many."""
    parts = _PLAIN_STYLE.split(styles, _MOST)
    return [] if any(parts[::2]) else parts[1::2]


def _without(part: bytearray, left_out: list[slice]) -> Iterator[bytes]:
    """Yield a part in pieces, without what is left out."""
    start = 0
    for each in [*left_out, slice(len(part), len(part))]:
        for at in range(start, each.start, PIECE):
            yield bytes(part[at : min(at + PIECE, each.start)])
        start = each.stop


class _Styles:
    """Takes the format of each style."""

    def __init__(self, ids: list[str]) -> None:
        self.depth = 0
        self.formats: list[Format] = []
        self._ids = ids
        self._codes: dict[str, Format] = {}
        self._in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if name == _STYLE:
            if self._in_cells and len(self.formats) < _MOST:
                self.formats.append(format_by_id(attributes.get("numFmtId", "0"), self._codes))
        elif name in _STYLES:
            self._in_cells = name == _OF_CELLS
            if self._in_cells:
                self._add_skimmed()
        elif name == _CODE and len(self._codes) < _MOST:
            number = attributes.get("numFmtId", "")
            if len(number) <= _MOST_DIGITS:
                self._codes[number] = format_of(attributes.get("formatCode", ""))

    def end(self, _: str) -> None:
        self.depth -= 1

    def text(self, _: str) -> None:
        pass

    def _add_skimmed(self) -> None:
        """Add the formats of the styles that have been found before. Codes that follow are none of theirs."""
        found = {number: format_by_id(number or "0", self._codes) for number in {*self._ids}}
        self.formats += map(found.__getitem__, self._ids)
        self._ids = []
