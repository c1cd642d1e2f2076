"""The central directory of a zip archive, which lists its entries.

The layout is that of PKWARE's APPNOTE.TXT 6.3: sections 4.3.12 (an entry), 4.3.14 to 4.3.16 (the end, with and without
zip64) and 4.5.3 (the zip64 field of an entry).
"""

import io
import struct
from collections.abc import Iterator
from typing import IO, NamedTuple

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.unreadable import damaged

_MOST_ENTRIES = 10_000
_MOST_BYTES = 4 * 1024 * 1024

_END = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT = 65_535
_LOCATOR64 = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_EXTRA = struct.Struct("<2H")
_ZIP64 = 1
_ELSEWHERE = 0xFFFFFFFF  # the number is in a zip64 field
_ENCRYPTED = 0x41  # both kinds of encryption


class ZipEntry(NamedTuple):
    """An entry as the central directory lists it; sizes in bytes."""

    raw_name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    size: int
    offset: int


def read_directory(file: IO[bytes]) -> dict[str, ZipEntry]:
    """Read the entries of an archive, by name in lower case.

    Raises:
        UnreadableError: There is no directory, two entries have one name, one is encrypted, or they are too many.
    """
    length = file.seek(0, io.SEEK_END)
    entries: dict[str, ZipEntry] = {}
    for entry in _entries(_directory(file, length)):
        if entry.flags & _ENCRYPTED:
            raise UnreadableError("workbook_protected")
        if entry.offset + entry.packed > length:
            raise damaged("one of its parts is cut off")
        # Old versions of .NET wrote backslashes.
        name = entry.raw_name.decode("utf-8", "replace").replace("\\", "/").lower()
        # Excel might read the other one.
        if name in entries:
            raise damaged("two of its parts have the same name")
        entries[name] = entry
    return entries


def _directory(file: IO[bytes], length: int) -> bytes:
    file.seek(max(0, length - _END.size - _LONGEST_COMMENT - _LOCATOR64.size))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise damaged("its end is missing")
    *_, size, offset, _ = _END.unpack_from(tail, at)
    if _ELSEWHERE in (size, offset):
        size, offset = _directory64(file, tail[max(0, at - _LOCATOR64.size) : at], length)
    # Both numbers may be anything: they are checked before so much is read.
    if size > _MOST_BYTES:
        raise UnreadableError("workbook_too_large")
    if offset + size > length:
        raise damaged("its end is missing")
    file.seek(offset)
    return file.read(size)


def _directory64(file: IO[bytes], locator: bytes, length: int) -> tuple[int, int]:
    """Return size and offset of the directory of an archive in zip64 format."""
    if locator.startswith(b"PK\6\7"):
        file.seek(min(_LOCATOR64.unpack(locator)[2], length))
        end = file.read(_END64.size)
        if len(end) == _END64.size and end.startswith(b"PK\6\6"):
            *_, size, offset = _END64.unpack(end)
            return size, offset
    raise damaged("its end is missing")


def _entries(directory: bytes) -> Iterator[ZipEntry]:
    at = count = 0
    while at < len(directory):
        count += 1
        # Each takes memory; a workbook has a few dozen.
        if count > _MOST_ENTRIES:
            raise UnreadableError("workbook_too_large")
        if at + _ENTRY.size > len(directory) or not directory.startswith(b"PK\1\2", at):
            raise damaged("its list of parts is broken")
        _, _, _, flags, method, _, _, checksum, packed, size, *lengths, offset = _ENTRY.unpack_from(directory, at)
        name_end = at + _ENTRY.size + lengths[0]
        extra_end = name_end + lengths[1]
        if extra_end > len(directory):
            raise damaged("its list of parts is broken")
        size, packed, offset = _widened([size, packed, offset], directory[name_end:extra_end])
        yield ZipEntry(directory[at + _ENTRY.size : name_end], flags, method, checksum, packed, size, offset)
        at = extra_end + lengths[2]


def _widened(numbers: list[int], extra: bytes) -> list[int]:
    """Return size, packed size and offset, those that are in the zip64 field taken from there."""
    at = 0
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == _ZIP64:
            wide = iter(struct.unpack_from(f"<{min(length, len(extra) - at) // 8}Q", extra, at))
            return [next(wide, number) if number == _ELSEWHERE else number for number in numbers]
        at += length
    return numbers
