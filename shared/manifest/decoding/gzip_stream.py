"""Gzip, unpacked as it is read. The gzip module would take seconds for a megabyte of odd headers; zlib does not.

The time and memory for a packed file are bounded by its unpacked size, and that by ``max_bytes``.
"""

import zlib
from collections.abc import Iterator

from shared.manifest.findings import UnreadableError

_STEP = 131_072
_PORTION = 16_384
_GZIP_FORMAT = 31  # zlib's word for "a gzip header, and the largest window"


def unpacked(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """Unpack gzip, several members in a row included, to at most ``max_bytes``.

    Raises:
        UnreadableError: The file is damaged or cut off, or unpacks to more.
    """
    total, waiting = 0, bytearray()
    for piece in _pieces(chunks):
        total += len(piece)
        if total > max_bytes:
            raise UnreadableError("unpacked_too_large")
        # Members may unpack to a byte each, and the reader would look at its unfinished line once for each of them.
        waiting += piece
        if len(waiting) >= _STEP:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    member = None
    for portion in _portions(chunks):
        rest = portion
        while rest or member:
            # Tapes and some tools pad a file with zeros.
            if member is None:
                rest = rest.lstrip(b"\0")
                member = zlib.decompressobj(_GZIP_FORMAT) if rest else None
                continue
            piece, rest = _step(member, rest)
            yield piece
            if member.eof:
                member = None
            elif not rest and len(piece) < _STEP:
                break
    if member:
        raise UnreadableError("gzip_damaged")


def _portions(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut the chunks into small portions, as zlib copies what it has not used at each step and member."""
    for chunk in chunks:
        for start in range(0, len(chunk), _PORTION):
            yield chunk[start : start + _PORTION]


def _step(member: "zlib._Decompress", packed: bytes) -> tuple[bytes, bytes]:
    """Unpack up to ``_STEP`` bytes; return them, and what is still packed."""
    try:
        piece = member.decompress(packed, _STEP)
    except zlib.error as error:
        raise UnreadableError("gzip_damaged") from error
    return piece, member.unused_data if member.eof else member.unconsumed_tail
