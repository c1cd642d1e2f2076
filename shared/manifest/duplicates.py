"""Devices that a manifest lists more than once."""

import struct

from shared.manifest.device import Device
from shared.manifest.findings import Report

_EVERY = 4096
_ROOM, _MOST_ROOM = 16_384, 131_072
_CHARACTERS_EACH = 256

_PIECE = slice(1000, 1064)
_NUMBER = (1 << 32) - 1
_SAME_HASH = "The hardware hash is that of {} {}, but other fields differ. Check which one is right."


class Repeats:
    """Finds devices that agree in all five fields, and warns of hashes that come again with other fields.

    Two devices are taken for the same where 64 bits of a keyed digest agree. Among 100,000 devices, the chance that any
    two different ones do is 1 in 3,000,000,000; to compare them in full would take memory, or a second reading.
    As long as no two hashes have the same piece, nothing comes again and no digest is made: that would take as long as
    decoding the JSON.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._pieces: set[str | int] = set()
        self._unlike: list[tuple[Device, int]] | None = []
        self._seen = Sightings()
        self._same_hash = Sightings()
        self._looked = 0

    def first(self, device: Device, number: int) -> int:
        """Give the number of the first device that is the same as this one, ``number``."""
        if self._unlike is not None:
            piece = device.hardware_hash[_PIECE] if device.hardware_hash else hash(device)
            if piece not in self._pieces:
                self._pieces.add(piece)
                self._unlike.append((device, number))
                return number
            self.forget()
        return self._first(device, number)

    def forget(self) -> None:
        """Let go of the devices themselves: from now on, digests are kept of them."""
        unlike, self._unlike = self._unlike or [], None
        self._pieces.clear()
        for device, number in unlike:
            self._first(device, number)

    def _first(self, device: Device, number: int) -> int:
        self._looked += 1
        if not self._looked % _EVERY:
            self._make_room()
        if device.hardware_hash is None:
            return self._seen.first(hash(device), number)
        # One look finds out about both: by the hash, and a part of the whole device's digest noted beside the number.
        note = (hash(device) & _NUMBER) << 32 | number
        known = self._seen.first(hash(device.hardware_hash), note)
        if known >> 32 == note >> 32:
            return known & _NUMBER
        return self._first_with_other_fields(device, number, known & _NUMBER)

    def _first_with_other_fields(self, device: Device, number: int, other: int) -> int:
        first = self._same_hash.first(hash(device), number)
        if first == number:
            self._report.warning(number, "hardwareHash", "repeated_hash", _SAME_HASH, self._report.unit, other)
        return first

    def _make_room(self) -> None:
        """Let memory grow with the text that was read, and no further than some ten thousand devices."""
        room = min(_ROOM + self._report.characters // _CHARACTERS_EACH, _MOST_ROOM)
        self._seen.shrink(room)
        self._same_hash.shrink(room)


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
