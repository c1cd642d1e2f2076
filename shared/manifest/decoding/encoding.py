"""The encoding of a text, seen by its first bytes."""

import codecs
import re
from typing import NamedTuple

from shared.manifest.findings import UnreadableError

LETTERS_OF_UTF_16 = r"(?:[\w+/=]\0){2}|(?:\0[\w+/=]){2}"
"""Two letters of UTF-16 as bytes, or read as UTF-8 or Windows-1252: each has a zero beside it."""

_UTF_16 = re.compile(LETTERS_OF_UTF_16.encode())
_BEGIN = 16
_FILLING = re.compile(rb'\0+(?=[,;|"\t\r\n])')
_STRAY, _MOST = 0.01, 0.8  # parts of the bytes, and of every fourth byte, that are zero

# Which of four bytes in a row are zero in Latin text: a text in UTF-8 has none, or a stray one.
_ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf16_without_mark",
    (True, False, True, False): "utf16_without_mark",
    (False, True, True, True): "utf32_file",
    (True, True, True, False): "utf32_file",
}


class Encoding(NamedTuple):
    """A text encoding; ``mark`` is the byte-order mark that announced it, empty where it is only a guess."""

    name: str
    mark: bytes


_MARKED = (
    Encoding("utf-8", codecs.BOM_UTF8),
    Encoding("utf-16-le", codecs.BOM_UTF16_LE),
    Encoding("utf-16-be", codecs.BOM_UTF16_BE),
)
_GUESS = Encoding("utf-8", b"")


def encoding_of(head: bytes) -> Encoding:
    """Return a text's encoding.

    Raises:
        UnreadableError: It is no text, or in an encoding that is not read.
    """
    # The mark of UTF-32 begins like that of UTF-16, so that it comes first.
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableError("utf32_file")
    for encoding in _MARKED:
        if head.startswith(encoding.mark):
            return encoding
    # Databases write zeros for an empty cell, or fill one up with them: these do not make a file binary.
    if b"\0" not in head or _FILLING.sub(b"", head).count(0) <= _STRAY * len(head):
        return _GUESS
    # UTF-16 may have been appended to other text: the decoder reports the line where it begins.
    if b"\0" not in head[:_BEGIN] and _UTF_16.search(head):
        return _GUESS
    zeros = tuple(column.count(0) > _MOST * len(column) for column in (head[start::4] for start in range(4)))
    raise UnreadableError(_ZEROS.get(zeros, "binary_file"))
