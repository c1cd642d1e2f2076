"""Rows of a worksheet that need no XML parser, which would make five calls for each cell."""

import re
from collections.abc import Iterator

from shared.manifest.workbook_reader.raw_rows import RawCell, RawRow

# The last group is empty: such a cell has no formula.
_CELL = re.compile(
    r'<c r="([A-Z]{1,3}\d{1,7})"(?: s="(\d{1,9})")?(?: t="([sn])")?(?:/>|><v>([\d.eE+-]*)</v></c>)()', re.ASCII
)
# The text that a cell has in itself, where it needs no decoding; a number may be beside it.
_CELL_WITH_TEXT = re.compile(
    r'<c r="([A-Z]{1,3}\d{1,7})"(?: s="(\d{1,9})")?(?: t="([sn]|inlineStr)")?'
    r'(?:/>|>(?:<v>|(<is><t(?: xml:space="preserve")?>))([ -%\'-;=?-~]*)(?(4)</t></is>|</v>)</c>)',
    re.ASCII,
)
_INLINE = b"<is>"
_BEGIN, _END = b'<row r="', b"</row>"
_HIDDEN = re.compile(rb' hidden="(?:1|true)"')


class PlainRows:
    """Takes the rows out of a worksheet that have only numbers, shared strings included, and plain text in themselves.

    Each in the form that most programs write.
    """

    def __init__(self) -> None:
        self._found: list[RawRow] = []

    def take(self) -> list[RawRow]:
        """Return the rows found since the last call."""
        found, self._found = self._found, []
        return found

    def without(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the worksheet without these rows."""
        text = b""
        for piece in pieces:
            text += piece
            *rows, rest = text.split(_END)
            # Rows in a comment do not count, and a row without a number continues from the one before it.
            if b"<!" in text or any(row.count(b"<row") != row.count(_BEGIN) for row in rows):
                break
            yield b"".join(row + _END for row in rows if not self._is_plain(row))
            # A row that is longer than a piece is left to the parser.
            text, begun = (rest, b"") if rows else (rest[-1:], rest[:-1])
            yield begun
        yield text
        yield from pieces

    def _is_plain(self, row: bytes) -> bool:
        """Return whether a row, up to its end tag, is a plain one, and keep it if it is."""
        tag, _, content = row.partition(b">")
        cells, inline = _cells(content)
        # A cell without a value has one tag, one with a text in itself has six.
        tags = 4 * len(cells) - 3 * content.count(b"/>") + 2 * inline
        if not tag.startswith(_BEGIN) or content.count(b"<") != tags:
            return False
        number = tag[len(_BEGIN) : tag.find(b'"', len(_BEGIN))]
        self._found.append(RawRow(number.decode("latin-1"), cells, _HIDDEN.search(tag) is not None))
        return True


def _cells(content: bytes) -> tuple[list[RawCell], int]:
    """Return the cells that are in a usual form, and how many of them have a text in themselves."""
    text = content.decode("latin-1")
    if _INLINE not in content:
        return _CELL.findall(text), 0
    found = _CELL_WITH_TEXT.findall(text)
    cells = [(at, style, kind, held, "") for at, style, kind, _, held in found]
    return cells, sum(bool(inline) for _, _, _, inline, _ in found)
