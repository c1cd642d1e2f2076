"""How cells look, which says nothing about what they hold: some programs write ten elements of it for each cell."""

import re
from collections.abc import Iterator

from shared.manifest.workbook_reader.markup import MAIN

_LOOKS = (b"fonts", b"fills", b"borders")
_LONGEST_NAME = 7
_URI = re.escape(MAIN.rstrip("}").encode())
_ROOT = re.compile(rb'(?:<\?xml [^<>]*\?>\s*)?<styleSheet (?:(?!%b)[^<>])*xmlns="%b"' % (_URI, _URI))


def without_looks(pieces: Iterator[bytes]) -> bytearray:
    """Put the part with the styles together, without what is in these elements where they are written as usual."""
    part, looks, seen = bytearray(), [*_LOOKS], 0
    for piece in pieces:
        part += piece
        while looks and (end := part.find(b"</%b>" % looks[0], seen)) >= 0:
            content = content_of(part, looks.pop(0), end)
            del part[content]
            seen = content.start
        seen = max(seen, len(part) - _LONGEST_NAME - len("</"))
    return part


def content_of(part: bytearray, name: bytes, end: int) -> slice:
    """Return where the content of the first element of that name is, which ends at ``end``; nowhere if that is unsure.

    There may be a comment, in which all may be, or another program's elements.
    """
    root = _ROOT.match(part)
    start = part.find(b"<%b" % name, 0, end)
    if start < 0 or not root or _has(part, b"<!", 0, end) or _has(part, b"<?", root.end(), end):
        return slice(end, end)
    tag = re.compile(rb'<%b(?: [A-Za-z\d:]+="[^"<>]*")*+>' % name).match(part, start)
    return slice(tag.end() if tag else end, end)


def _has(part: bytearray, sign: bytes, start: int, end: int) -> bool:
    # A single character is found a hundred times as fast, where there is none.
    return part.find(sign[1:], start, end) >= 0 and part.find(sign, start, end) >= 0
