"""The part with the styles without how cells look: some programs write ten elements of that for each cell."""

import re
from collections.abc import Iterator

from shared.manifest.workbook_reader.markup import URI

_LOOKS = (b"fonts", b"fills", b"borders")
_LONGEST_NAME = 7
_ROOT = re.compile(rb'(?:<\?xml [^<>]*\?>\s*)?<styleSheet [^<>]*xmlns="%b"' % URI.encode())


def without_looks(pieces: Iterator[bytes]) -> bytearray:
    """Put the part together, without what is in fonts, fills and borders where they are written as usual."""
    part, looks, seen = bytearray(), [*_LOOKS], 0
    for piece in pieces:
        part += piece
        while looks and (end := part.find(b"</%b>" % looks[0], seen)) >= 0:
            name = looks.pop(0)
            content = content_between(part, name, part.rfind(b"<%b" % name, 0, end), end)
            del part[content]
            seen = content.start
        seen = max(seen, len(part) - _LONGEST_NAME - len("</"))
    return part


def content_between(part: bytearray, name: bytes, start: int, end: int) -> slice:
    """Return where the content of an element is whose tags are at ``start`` and ``end``; nowhere if that is unsure.

    There may be no tag at ``start``, which may be negative, or a comment before ``end``, in which all may be.
    """
    root = _ROOT.match(part)
    tag = re.compile(rb'<%b(?: [A-Za-z\d:]+="[^"<>]*"){0,9}+>' % name).match(part, max(start, 0), end)
    is_sure = root and not _has(part, b"<!", 0, end) and not _has(part, b"<?", root.end(), end)
    return slice(tag.end() if tag and is_sure else end, end)


def _has(part: bytearray, sign: bytes, start: int, end: int) -> bool:
    # A single character is found a hundred times as fast, where there is none.
    return part.find(sign[1:], start, end) >= 0 and part.find(sign, start, end) >= 0
