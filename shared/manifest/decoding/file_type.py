"""What a file is, seen by its first bytes: the name's extension may say anything."""

import codecs
import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from shared.manifest.findings import UnreadableError

HEAD = 4096
"""Bytes that decide."""

GZIP = b"\x1f\x8b"

ZIP = (b"PK\x03\x04", b"PK\x05\x06")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""A compound file: what Office wrote before 2007, and writes around what is encrypted (MS-CFB, MS-OFFCRYPTO)."""

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

_FOREIGN = (
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

# The signs of each kind of markup.
_MARKUP = {
    "urn:oasis:names:tc:opendocument": "opendocument_file",
    '<?mso-application progid="excel.sheet"': "spreadsheet_xml",
    "<!doctype html": "html_page",
    "<html": "html_page",
    "urn:schemas-microsoft-com:office:spreadsheet": "spreadsheet_xml",
    "<table": "html_page",
}
_SYLK = re.compile(r"ID;P[^\r\n]*[\r\n]+[A-Z]{1,2};")
_BEGIN = 16
_UTF_16 = re.compile(rb"(?:[\w+/=]\0){2}|(?:\0[\w+/=]){2}")
_FILLING = re.compile(rb'\0+(?=[,;|"\t\r\n])')


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
    """Look at the first bytes; returns them, and all bytes as before."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= HEAD:
            break
    return head[:HEAD], chain((head,), chunks)


def encoding_of(head: bytes) -> Encoding:
    """Return a text's encoding.

    Raises:
        UnreadableError: It is no text, or none that can be read.
    """
    if not head:
        raise UnreadableError("empty_file")
    for magic, code in _FOREIGN:
        if head.startswith(magic):
            raise UnreadableError(code)
    for encoding in _MARKED:
        if head.startswith(encoding.mark):
            return encoding
    # Databases write zeros for an empty cell, or fill one up with them: these do not make a file binary.
    if b"\0" in head and _FILLING.sub(b"", head).count(0) > _STRAY * len(head):
        columns = [head[start::4] for start in range(4)]
        # Text that goes on as UTF-16 was appended to: where it does so is found on the way.
        if b"\0" not in head[:_BEGIN] and _UTF_16.search(head):
            return Encoding("utf-8", b"")
        zeros = tuple(column.count(0) > _MOST * len(column) for column in columns)
        raise UnreadableError(_ZEROS.get(zeros, "binary_file"))
    return Encoding("utf-8", b"")


def ole_code(chunks: Iterator[bytes]) -> str:
    """Return the code for a compound file: only one that is encrypted has an entry of that name in its directory."""
    end = b""
    for chunk in chunks:
        if _ENCRYPTED in end + chunk:
            return "workbook_protected"
        end = chunk[1 - len(_ENCRYPTED) :]
    return "old_excel_workbook"


def check_text(start: str) -> None:
    """Raise the error for text that is neither CSV nor JSON; ``start`` is its beginning without white space.

    Raises:
        UnreadableError: It is markup or a SYLK file.
    """
    if _SYLK.match(start):
        raise UnreadableError("sylk_file")
    if not start.startswith("<"):
        return
    lower = start.lower()
    raise UnreadableError(next((code for sign, code in _MARKUP.items() if sign in lower), "xml_file"))
