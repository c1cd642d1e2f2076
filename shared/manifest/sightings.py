"""Where something was first seen, for any number of things.

A dictionary is quick but takes 100 bytes for each thing, which a file of tiny devices could not be allowed. What no
longer fits goes into byte strings: twelve bytes for each thing.
"""

_BUCKETS = 1 << 14
_FILTER = 1 << 20
_DIGEST = 8
_STRIDE = 12


class Sightings:
    """Remembers a number with each digest; equal digests of 64 keyed bits are taken for the same thing."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._older: _Packed | None = None

    def first(self, digest: int, number: int) -> int:
        """Give the number that came with the digest at first, which is ``number`` if it is new."""
        known = self._recent.setdefault(digest, number)
        if known == number and self._older:
            known = self._recent[digest] = self._older.get(digest, number)
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

    def get(self, digest: int, default: int) -> int:
        if not self._filter[digest % _FILTER]:
            return default
        bucket, key = self._buckets[digest % _BUCKETS], digest.to_bytes(_DIGEST, "little", signed=True)
        found = bucket.find(key)
        while found >= 0 and found % _STRIDE:  # across two entries
            found = bucket.find(key, found + 1)
        return int.from_bytes(bucket[found + _DIGEST : found + _STRIDE], "little") if found >= 0 else default

    def update(self, numbers: dict[int, int]) -> None:
        for digest, number in numbers.items():
            if self.get(digest, -1) < 0:
                self._filter[digest % _FILTER] = 1
                entry = digest.to_bytes(_DIGEST, "little", signed=True) + number.to_bytes(_STRIDE - _DIGEST, "little")
                self._buckets[digest % _BUCKETS] += entry
