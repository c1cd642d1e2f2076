"""Where something was first seen, for any number of things.

A dictionary is quick but takes 100 bytes for each thing, which a file of tiny devices could not be allowed. What no
longer fits goes into byte strings: twelve bytes for each thing.
"""

import struct

_BUCKETS = 1 << 14
_FILTER = 1 << 20
_ENTRY = struct.Struct("<qI")
_DIGEST = struct.Struct("<q")


class Sightings:
    """Remembers a number with each digest; equal digests of 64 keyed bits are taken for the same thing."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._older: _Packed | None = None

    def first(self, digest: int, number: int) -> int:
        """Give the number that came with the digest at first, which is ``number`` if it is new."""
        known = self._recent.setdefault(digest, number)
        if known == number and self._older and (older := self._older.get(digest)):
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
    """Digests and their numbers, packed into one byte string for each bucket."""

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

    def update(self, numbers: dict[int, int]) -> None:
        for digest, number in numbers.items():
            self._filter[digest % _FILTER] = 1
            self._buckets[digest % _BUCKETS] += _ENTRY.pack(digest, number)
