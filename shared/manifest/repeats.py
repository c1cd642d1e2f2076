"""Devices that a manifest lists more than once."""

from shared.device import Device
from shared.manifest.report import Report
from shared.manifest.sightings import Sightings

_EVERY = 4096
_ROOM, _MOST_ROOM = 16_384, 131_072
_CHARACTERS_EACH = 256

_SAME_HASH = "The hardware hash is that of {} {}, but other fields differ. Check which one is right."


class Repeats:
    """Finds devices that agree in all five fields, and warns of hashes that come again with other fields."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._devices = Sightings()
        self._hashes = Sightings()
        self._looked = 0

    def first(self, device: Device, number: int) -> int:
        """Give the number of the first device that is the same as this one, ``number``."""
        self._looked += 1
        if not self._looked % _EVERY:
            self._make_room()
        first = self._devices.first(hash(device), number)
        if first == number and device.hardware_hash:
            other = self._hashes.first(hash(device.hardware_hash), number)
            if other != number:
                self._report.warning(number, "hardwareHash", "repeated_hash", _SAME_HASH, self._report.unit, other)
        return first

    def _make_room(self) -> None:
        """Let memory grow with the text that was read, and no further than some ten thousand devices."""
        room = min(_ROOM + self._report.characters // _CHARACTERS_EACH, _MOST_ROOM)
        self._devices.shrink(room)
        self._hashes.shrink(room)
