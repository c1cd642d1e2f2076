"""The type of a file by its first bytes: the extension of its name may be wrong."""

import re
from collections.abc import Iterator
from itertools import chain

from shared.manifest.findings import UnreadableError

_HEAD = 4096  # bytes that decide

GZIP = b"\x1f\x8b"
PDF = b"%PDF"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""A compound file: what Office wrote before 2007, and writes around what is encrypted (MS-CFB, MS-OFFCRYPTO)."""

_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

# What shows the kind of markup; the first that occurs decides.
_MARKUP = {
    "urn:oasis:names:tc:opendocument": "opendocument_file",
    '<?mso-application progid="excel.sheet"': "spreadsheet_xml",
    "<!doctype html": "html_page",
    "<html": "html_page",
    "urn:schemas-microsoft-com:office:spreadsheet": "spreadsheet_xml",
    "<table": "html_page",
}
_SYLK = re.compile(r"ID;P[^\r\n]*[\r\n]+[A-Z]{1,2};")


def opened(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Read the first bytes; return them, and all bytes as if none had been read."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    return head[:_HEAD], chain((head,), chunks)


def ole_code(chunks: Iterator[bytes]) -> str:
    """Return the code for a compound file: only an encrypted one has an ``EncryptedPackage`` in its directory."""
    end = b""
    for chunk in chunks:
        if _ENCRYPTED in end + chunk:
            return "workbook_protected"
        end = chunk[1 - len(_ENCRYPTED) :]
    return "old_excel_workbook"


def check_text(start: str) -> None:
    """Refuse text that is neither CSV nor JSON; ``start`` is its beginning, without white space before it.

    Raises:
        UnreadableError: It is markup or a SYLK file.
    """
    if _SYLK.match(start):
        raise UnreadableError("sylk_file")
    if not start.startswith("<"):
        return
    lower = start.lower()
    raise UnreadableError(next((code for sign, code in _MARKUP.items() if sign in lower), "xml_file"))
