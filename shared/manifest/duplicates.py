"""Devices that a manifest lists more than once."""

from collections.abc import Sequence

from shared.manifest.device import Device, Entry
from shared.manifest.findings import Report

# The part of a hash that is compared. In most manifests it differs in every device, and nothing else is looked at.
_PIECE = slice(1000, 1064)


class Duplicates:
    """Finds devices that agree in all five fields, and warns of a repeated hash whose other fields differ.

    Two devices count as the same if 64 bits of a keyed digest agree. Among 250,000 devices, the chance that any two
    different ones agree is 1 in 590,000,000; to compare them in full would take memory, or a second reading.
    No digest is made until two hashes have the same piece: digests take as long as decoding the JSON.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._pieces: set[str | int] = set()
        self._unlike: list[tuple[Entry, int]] | None = []
        self._devices: dict[int, int] = {}
        self._hashes: dict[int, int] = {}

    def are_new(self, entries: Sequence[Entry]) -> bool:
        """Remember some devices and return ``True`` if all are certainly new; else remember none of them."""
        if self._unlike is None:
            return False
        pieces = {_piece(entry.device) for entry in entries}
        if len(pieces) < len(entries) or not self._pieces.isdisjoint(pieces):
            return False
        self._pieces |= pieces
        self._unlike += [(entry, entry.number) for entry in entries]
        return True

    def first(self, entry: Entry, number: int) -> int:
        """Return the number of the first device that is the same as this one: ``number`` if this is the first."""
        if self._unlike is not None:
            piece = _piece(entry.device)
            if piece not in self._pieces:
                self._pieces.add(piece)
                self._unlike.append((entry, number))
                return number
            self.forget()
        return self._first(entry, number)

    def forget(self) -> None:
        """Drop the devices themselves, and keep digests of them from now on."""
        unlike, self._unlike = self._unlike or [], None
        self._pieces.clear()
        for entry, number in unlike:
            self._first(entry, number)

    def _first(self, entry: Entry, number: int) -> int:
        device = entry.device
        first = self._devices.setdefault(hash(device), number)
        if first == number and device.hardware_hash:
            other = self._hashes.setdefault(hash(device.hardware_hash), number)
            if other != number:
                self._report.warning(entry, "hardwareHash", "repeated_hash", "line" if entry.line else "device", other)
        return first


def _piece(device: Device) -> str | int:
    return device.hardware_hash[_PIECE] if device.hardware_hash else hash(device)
