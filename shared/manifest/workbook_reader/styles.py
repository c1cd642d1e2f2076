"""The part of a workbook that holds the styles of cells, each with the format of numbers."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from shared.manifest.workbook_reader.archive import PIECE
from shared.manifest.workbook_reader.cell_values import Format
from shared.manifest.workbook_reader.format_codes import format_by_id, format_of
from shared.manifest.workbook_reader.looks import content_between
from shared.manifest.workbook_reader.markup import MAIN, URI, parse

_MOST = 100_000  # Excel keeps 65,490 combinations of formats
_MOST_DIGITS = 10  # of an id

_CODE, _STYLE, _OF_CELLS = f"{MAIN}numFmt", f"{MAIN}xf", f"{MAIN}cellXfs"
_STYLES = frozenset({_OF_CELLS, f"{MAIN}cellStyleXfs"})

_CELLS = b"cellXfs"
_MOST_SKIMMED = 12 * 1024 * 1024  # as a copy of it is in memory meanwhile
_NAMESPACE = re.compile(rf'\sxmlns\s*=(?:"{URI}")?|{URI}'.encode())
# One set of characters is quick. "m" is not in it, so that numFmtId and xmlns are noticed.
_LETTERS = r'[ a-ln-zA-Z\d="]*+'
_ATTRIBUTES = f"{_LETTERS}(?:m(?!FmtId|lns){_LETTERS})*+"
_PLAIN_STYLE = re.compile(
    rf'<xf {_ATTRIBUTES}(?:(?<= nu)mFmtId="(\d{{1,{_MOST_DIGITS}}})"{_ATTRIBUTES}|)'
    r"(?:/>|>(?:<(?:alignment|protection) [^<]*+)*+</xf>)",
    re.ASCII,
)


def cell_formats(part: bytearray) -> list[Format]:
    """Read the formats of the part with the styles, in the order in which the cells' styles number them.

    Raises:
        UnreadableError: It is damaged, or exceeds a bound.
    """
    end = max(part.rfind(b"</%b>" % _CELLS), 0)
    cells = content_between(part, _CELLS, part.find(b"<%b" % _CELLS), end)
    ids = _ids(part, cells) if len(part) <= _MOST_SKIMMED else []
    styles = _Styles(ids)
    for _ in parse(_without(part, cells) if ids else _pieces(part, 0, len(part)), styles):
        pass
    return styles.formats


def _ids(part: bytearray, cells: slice) -> Sequence[str | None]:
    """Return the id of the format of each style, if it has one; no ids where anything else is among them."""
    ids = _PLAIN_STYLE.split(str(memoryview(part)[cells], "latin-1"), _MOST)
    # Beside the root's, there may be elements of the same name that are another program's.
    namespaces = chain(_NAMESPACE.finditer(part, 0, cells.start), _NAMESPACE.finditer(part, cells.stop))
    return [] if any(ids[::2]) or len(list(islice(namespaces, 2))) > 1 else ids[1::2]


def _without(part: bytearray, left_out: slice) -> Iterator[bytes]:
    return chain(_pieces(part, 0, left_out.start), _pieces(part, left_out.stop, len(part)))


def _pieces(part: bytearray, start: int, end: int) -> Iterator[bytes]:
    for at in range(start, end, PIECE):
        yield bytes(part[at : min(at + PIECE, end)])


class _Styles:
    """Takes the format of each style."""

    def __init__(self, ids: Sequence[str | None]) -> None:
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
