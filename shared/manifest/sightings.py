"""What came with something when it was first seen, for any number of things.

A dictionary is quick but takes 130 bytes for each thing, which a file of tiny devices could not be allowed. What no
longer fits goes into byte strings: sixteen bytes for each thing.
"""

import struct

_BUCKETS = 1 << 14
_FILTER = 1 << 20
_ENTRY = struct.Struct("<qQ")
_DIGEST = struct.Struct("<q")


class Sightings:
    """Remembers a note (from 1, 64 bits) with each digest (64 bits)."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._older: _Packed | None = None

    def first(self, digest: int, note: int) -> int:
        """Give the note that came with the digest at first, which is ``note`` if the digest is new."""
        known = self._recent.setdefault(digest, note)
        if known == note and self._older and (older := self._older.get(digest)):
            del self._recent[digest]
            return older
        return known

    def shrink(self, most: int) -> None:
        """Pack what has been seen, if that is more than ``most`` things."""
        if len(self._recent) > most:
            self._older = self._older or _Packed()
            self._older.update(self._recent)
            self._recent.clear()


class _Packed:
    """Digests and their notes, packed into one byte string for each bucket."""

    def __init__(self) -> None:
        self._buckets = [b""] * _BUCKETS
        self._filter = bytearray(_FILTER)  # says quickly of most new digests that they are new

    def get(self, digest: int) -> int | None:
        if not self._filter[digest % _FILTER]:
            return None
        bucket, key = self._buckets[digest % _BUCKETS], _DIGEST.pack(digest)
        found = bucket.find(key)
        while found >= 0 and found % _ENTRY.size:  # across two entries
            found = bucket.find(key, found + 1)
        return None if found < 0 else int(_ENTRY.unpack_from(bucket, found)[1])

    def update(self, notes: dict[int, int]) -> None:
        for digest, note in notes.items():
            self._filter[digest % _FILTER] = 1
            self._buckets[digest % _BUCKETS] += _ENTRY.pack(digest, note)
