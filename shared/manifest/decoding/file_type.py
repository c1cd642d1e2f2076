"""What a file is, told by its first bytes: the name's extension may say anything."""

import codecs
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from shared.manifest.findings import UnreadableError

HEAD = 4096
"""Bytes that decide."""

GZIP = b"\x1f\x8b"

_FOREIGN = (
    (b"PK\x03\x04", "zip_archive"),
    (b"PK\x05\x06", "zip_archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_excel_workbook"),
    (b"%PDF", "pdf_file"),
    (codecs.BOM_UTF32_LE, "utf32_file"),
    (codecs.BOM_UTF32_BE, "utf32_file"),
)
# Which of four bytes in a row are zero in Latin text: a text in UTF-8 has none, or a stray one.
_ZEROS: dict[tuple[bool, ...], str] = {
    (False, True, False, True): "utf16_without_mark",
    (True, False, True, False): "utf16_without_mark",
    (False, True, True, True): "utf32_file",
    (True, True, True, False): "utf32_file",
}
_STRAY, _MOST = 0.01, 0.8
_IN_WORKBOOKS = (b"[Content_Types].xml", b"xl/", b"opendocument.spreadsheet")


class Encoding(NamedTuple):
    """A text encoding; ``mark`` is the byte-order mark that announced it, empty where it is only a guess."""

    name: str
    mark: bytes


_MARKED = (
    Encoding("utf-8", codecs.BOM_UTF8),
    Encoding("utf-16-le", codecs.BOM_UTF16_LE),
    Encoding("utf-16-be", codecs.BOM_UTF16_BE),
)


def opened(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Look at the first bytes; gives them, and all bytes as before."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD:
            break
    return head[:HEAD], chain((head,), chunks)


def encoding_of(head: bytes) -> Encoding:
    """Tell a text's encoding.

    Raises:
        UnreadableError: It is no text, or none that can be read.
    """
    if not head:
        raise UnreadableError("empty_file")
    for magic, code in _FOREIGN:
        if head.startswith(magic):
            is_workbook = code == "zip_archive" and any(name in head for name in _IN_WORKBOOKS)
            raise UnreadableError("excel_workbook" if is_workbook else code)
    for encoding in _MARKED:
        if head.startswith(encoding.mark):
            return encoding
    if head.count(0) > _STRAY * len(head):
        columns = [head[start::4] for start in range(4)]
        zeros = tuple(column.count(0) > _MOST * len(column) for column in columns)
        raise UnreadableError(_ZEROS.get(zeros, "binary_file"))
    return Encoding("utf-8", b"")
