"""A zip archive, unpacked piece by piece; whatever it declares about itself is checked.

The layout of a local header is that of PKWARE's APPNOTE.TXT 6.3, section 4.3.7.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.directory import ZipEntry, read_directory
from shared.manifest.workbook_reader.unreadable import damaged

PIECE = 8192
"""Bytes unpacked at once, and parsed at once: cells of one piece may refer to long texts, which this bounds."""

_PACKED_PIECE = 8192  # small, as zlib copies what it has not used at every step
_LOCAL = struct.Struct("<26x2H")  # the other fields are taken from the central directory
_STORED, _DEFLATED = 0, 8
_RAW_DEFLATE = -15  # zlib's word for "no header, and the largest window"

# A sheet of one repeated row packs to a hundredth; deflate's own limit, which bombs come near, is a thousandth.
_MOST_TIMES_PACKED = 200
_UNSUSPICIOUS = 2 * 1024 * 1024


class Archive:
    """The entries of a zip archive, by their names in lower case; all that is read has at most ``max_bytes``.

    ``alive`` is called with each piece that is unpacked: parts can be long before the first row comes, or without any.

    Raises:
        UnreadableError: It is damaged, ambiguous, encrypted or has too many entries.
    """

    def __init__(self, file: IO[bytes], max_bytes: int, alive: Callable[[], None]) -> None:
        self._file = file
        self._left = max_bytes
        self._alive = alive
        self.entries = read_directory(file)

    def __contains__(self, name: str) -> bool:
        """Return whether there is an entry of that name, whatever its case."""
        return name.lower() in self.entries

    def read(self, name: str, most: int | None = None) -> Iterator[bytes]:
        """Unpack an entry in pieces of at most ``PIECE`` bytes; its checksum is compared at the end.

        Raises:
            UnreadableError: It is missing or damaged, has more than ``most`` bytes or, where no such bound is given,
                is packed like a bomb, or all that has been read of the archive has more than ``max_bytes``.
        """
        entry = self.entries.get(name.lower())
        if entry is None:
            raise damaged("a part that it refers to is missing")
        checksum = size = 0
        for piece in self._unpack(entry, most or _UNSUSPICIOUS):
            self._alive()
            checksum = zlib.crc32(piece, checksum)
            size += len(piece)
            self._left -= len(piece)
            # The sizes in the directory may be wrong: what is really unpacked counts.
            if self._left < 0 or (most and size > most):
                raise UnreadableError("workbook_too_large")
            yield piece
        if (size, checksum) != (entry.size, entry.checksum):
            raise damaged("one of its parts is not what its checksum says")

    def _unpack(self, entry: ZipEntry, unsuspicious: int) -> Iterator[bytes]:
        packed = _Packed(self._file, self._start(entry), entry.packed)
        if entry.method == _DEFLATED:
            return _inflate(packed, unsuspicious)
        if entry.method == _STORED:
            return packed.pieces(PIECE)
        raise damaged("one of its parts is compressed in a way that spreadsheet programs do not use")

    def _start(self, entry: ZipEntry) -> int:
        """Return where the content of an entry begins, after its local header."""
        self._file.seek(entry.offset)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(b"PK\3\4"):
            raise damaged("one of its parts is not where the archive says")
        name_length: int
        extra_length: int
        name_length, extra_length = _LOCAL.unpack(header)
        # Programs that go by the local headers would take this for another part.
        if self._file.read(name_length) != entry.raw_name:
            raise damaged("one of its parts has two names")
        return entry.offset + _LOCAL.size + name_length + extra_length


class _Packed(NamedTuple):
    """The packed content of an entry."""

    file: IO[bytes]
    start: int
    size: int

    def pieces(self, most: int) -> Iterator[bytes]:
        at, end = self.start, self.start + self.size
        while at < end:
            self.file.seek(at)  # other entries may be read in between
            piece = self.file.read(min(most, end - at))
            if not piece:
                raise damaged("one of its parts is cut off")
            at += len(piece)
            yield piece


def _inflate(packed: _Packed, unsuspicious: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(_RAW_DEFLATE)
    consumed = produced = 0
    for rest in packed.pieces(_PACKED_PIECE):
        # What comes after the end is an error, and shows below as bytes that have not been consumed.
        if inflater.eof:
            break
        consumed += len(rest)
        for piece in _steps(inflater, rest):
            produced += len(piece)
            # A zip bomb is refused long before it reaches the bound of all that is unpacked.
            if produced > max(unsuspicious, _MOST_TIMES_PACKED * consumed):
                raise UnreadableError("workbook_too_large")
            yield piece
    if not inflater.eof or inflater.unused_data or consumed != packed.size:
        raise damaged("one of its parts is longer or shorter than the archive says")


def _steps(inflater: "zlib._Decompress", rest: bytes) -> Iterator[bytes]:
    """Unpack ``rest`` in small steps. After a full step there may be more output even if all input is consumed."""
    while True:
        try:
            piece = inflater.decompress(rest, PIECE)
        except zlib.error as error:
            raise damaged("one of its parts cannot be unpacked") from error
        rest = inflater.unconsumed_tail
        yield piece
        if inflater.eof or (not rest and len(piece) < PIECE):
            break
