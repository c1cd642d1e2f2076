"""Rows of a worksheet that need no XML parser, which would make five calls for each cell."""

import re
from collections.abc import Iterator

from shared.manifest.workbook_reader.raw_rows import RawRow

# The last group is empty: such a cell has no formula.
_CELL = re.compile(
    r'<c r="([A-Z]{1,3}\d{1,7})"(?: s="(\d{1,9})")?(?: t="([sn])")?(?:/>|><v>([\d.eE+-]*)</v></c>)()', re.ASCII
)
_BEGIN, _END = b'<row r="', b"</row>"
_HIDDEN = re.compile(rb' hidden="(?:1|true)"')


class PlainRows:
    """Takes the rows out of a worksheet that have only numbers, shared strings included, in the usual form."""

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
        cells = _CELL.findall(content.decode("latin-1"))
        tags = 4 * len(cells) - 3 * content.count(b"/>")  # a cell without a value has one
        if not tag.startswith(_BEGIN) or content.count(b"<") != tags:
            return False
        number = tag[len(_BEGIN) : tag.find(b'"', len(_BEGIN))]
        self._found.append(RawRow(number.decode("latin-1"), cells, _HIDDEN.search(tag) is not None))
        return True
