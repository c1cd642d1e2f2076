"""The part of a workbook that holds the styles of cells, each with the format of numbers."""

import re
from collections.abc import Iterator
from operator import attrgetter

from shared.manifest.workbook_reader.archive import PIECE
from shared.manifest.workbook_reader.cell_values import Format
from shared.manifest.workbook_reader.format_codes import format_by_id, format_of
from shared.manifest.workbook_reader.markup import MAIN, parse

_MOST = 100_000  # Excel keeps 65,490 combinations of formats
_MOST_DIGITS = 10  # of an id

_CODE, _STYLE, _OF_CELLS = f"{MAIN}numFmt", f"{MAIN}xf", f"{MAIN}cellXfs"
_STYLES = frozenset({_OF_CELLS, f"{MAIN}cellStyleXfs"})

# Some programs write a style for each cell, and ten elements that say how it looks.
_MOST_SKIMMED = 16 * 1024 * 1024
_NOTHING = slice(0, 0)
_LOOKS = (b"fonts", b"fills", b"borders")
_ROOT = re.compile(rb'(?:<\?xml [^<>]*\?>\s*)?<styleSheet [^<>]*xmlns="%b"' % re.escape(MAIN.rstrip("}").encode()))
_ATTRIBUTES = r"""(?: (?!numFmtId)[A-Za-z]+="[ !#-%'-;=?-~]*+")*+"""
_PLAIN_STYLE = re.compile(
    rf'<xf{_ATTRIBUTES}(?: numFmtId="(\d{{1,{_MOST_DIGITS}}})"{_ATTRIBUTES}|) ?'
    rf"(?>/>|>(?:<(?:alignment|protection){_ATTRIBUTES} ?/>)*+</xf>)",
    re.ASCII,
)


def cell_formats(part: bytearray) -> list[Format]:
    """Read the formats of the part with the styles, in the order in which the cells' styles number them.

    Raises:
        UnreadableError: It is damaged, or exceeds a bound.
    """
    ids, left_out = _skimmed(part)
    styles = _Styles()
    for _ in parse(_without(part, left_out), styles):
        pass
    return styles.formats_of(ids) + styles.formats


def _skimmed(part: bytearray) -> tuple[list[str], list[slice]]:
    """Return the ids of the cells' formats, if programs write the styles so, and what the parser need not see."""
    if len(part) > _MOST_SKIMMED or not _has_only_tags(part):
        return [], []
    cells, looks = _content(part, b"cellXfs"), [_content(part, each) for each in _LOOKS]
    ids = _ids(part[cells])
    return ids, [*looks, cells] if ids else looks


def _has_only_tags(part: bytearray) -> bool:
    """Return whether all that looks like a tag is one."""
    root = _ROOT.match(part)
    # Single characters are found a hundred times as fast, where there are none.
    return root is not None and not any(
        part.find(sign[1:], root.end()) >= 0 and part.find(sign, root.end()) >= 0 for sign in (b"<!", b"<?")
    )


def _content(part: bytearray, name: bytes) -> slice:
    """Return where the content of the first element of that name is, if it has any."""
    if (tag := part.find(b"<%b" % name)) < 0:
        return _NOTHING
    start = part.find(b">", tag) + 1
    end = part.find(b"</%b>" % name, start)
    return slice(start, end) if end >= 0 and part[start - 2] != ord("/") else _NOTHING


def _ids(styles: bytearray) -> list[str]:
    """Return the id of the format of each style; none if there is anything else."""
    between, ids = (parts := _PLAIN_STYLE.split(str(styles, "latin-1"), _MOST))[::2], parts[1::2]
    return [] if any(between) else [each or "0" for each in ids]


def _without(part: bytearray, left_out: list[slice]) -> Iterator[bytes]:
    """Yield a part in pieces, without what is left out."""
    start = 0
    for each in [*sorted(left_out, key=attrgetter("start")), slice(len(part), len(part))]:
        for at in range(start, each.start, PIECE):
            yield bytes(part[at : min(at + PIECE, each.start)])
        start = max(start, each.stop)


class _Styles:
    """Takes the format of each style."""

    def __init__(self) -> None:
        self.depth = 0
        self.formats: list[Format] = []
        self._codes: dict[str, Format] = {}
        self._in_cells = False

    def formats_of(self, ids: list[str]) -> list[Format]:
        """Return the formats with these ids."""
        found = {number: format_by_id(number, self._codes) for number in {*ids}}
        return [found[number] for number in ids]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if name == _STYLE:
            if self._in_cells and len(self.formats) < _MOST:
                self.formats.append(format_by_id(attributes.get("numFmtId", "0"), self._codes))
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
