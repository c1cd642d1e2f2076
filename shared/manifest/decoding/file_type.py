"""The type of a file by its first bytes: the extension of its name may be wrong."""

import re
from collections.abc import Iterator
from itertools import chain

from shared.manifest.findings import UnreadableError

_HEAD = 4096  # bytes that decide

GZIP, ZIP, COMPOUND = "gzip", "zip", "compound"
"""Kinds of files that are looked into; a compound file is what Office wrote before 2007 (MS-CFB, MS-OFFCRYPTO)."""

_SIGNATURES = {
    b"\x1f\x8b": GZIP,
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": COMPOUND,
    b"%PDF": "pdf_file",
    b"\x89PNG": "picture_file",
    b"\xff\xd8\xff": "picture_file",
    b"GIF8": "picture_file",
    b"{\\rtf": "office_document",
    b"7z\xbc\xaf\x27\x1c": "zip_archive",
    b"Rar!\x1a\x07": "zip_archive",
    b"\xfd7zXZ\0": "zip_archive",
    b"BZh91AY": "zip_archive",
    b"\x28\xb5\x2f\xfd": "zip_archive",
}
"""The kind of a file, or the code with which it is refused, for what it begins with."""

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
_CLIXML = "#< CLIXML"  # what PowerShell writes before objects
_SYLK = re.compile(r"ID;P[^\r\n]*[\r\n]+[A-Z]{1,2};")


def opened(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Read the first bytes; return them, and all bytes as if none had been read."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    return head[:_HEAD], chain((head,), chunks)


def kind_of(head: bytes) -> str | None:
    """Return the kind of a file, or the code of the issue with it; ``None`` for a text."""
    return next((kind for signature, kind in _SIGNATURES.items() if head.startswith(signature)), None)


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
    if start.startswith(_CLIXML):
        raise UnreadableError("xml_file")
    # PowerShell's comments begin so, too.
    if not start.startswith("<") or start.startswith("<#"):
        return
    lower = start.lower()
    raise UnreadableError(next((code for sign, code in _MARKUP.items() if sign in lower), "xml_file"))
