"""Devices that a manifest lists more than once."""

from collections.abc import Sequence

from shared.manifest.device import Device, Entry
from shared.manifest.findings import Report
from shared.manifest.hardware_hash import has_unusual_length
from shared.manifest.value_words import is_placeholder

# The part of a hash that is compared. In most manifests it differs in every device, and nothing else is looked at.
_PIECE = slice(1000, 1064)


class Duplicates:
    """Finds devices that agree in all five fields, and warns of a repeated hash, and of a serial with another hash.

    Two devices count as the same if 64 bits of a keyed digest agree. Among 250,000 devices, the chance that any two
    different ones agree is 1 in 590,000,000; to compare them in full would take memory, or a second reading.
    No digest is made until two hashes have the same piece: digests take as long as decoding the JSON.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._marks: set[str | int] = set()
        self._unlike: list[Entry] | None = []
        """Devices that are certainly all different, each with its own number."""
        self._devices: dict[int, int] = {}
        self._hashes: dict[int, int] = {}
        self._serials: dict[int, int] = {}
        """Only of devices with a hash."""

    def are_new(self, entries: Sequence[Entry]) -> bool:
        """Remember some devices and return ``True`` if all are certainly new; else remember none of them."""
        if self._unlike is None:
            return self._have_new_digests(entries)
        known, marks = len(self._marks), _marks([entry.device for entry in entries])
        self._marks.update(marks)
        if len(self._marks) < known + len(marks):
            self.forget()
            return False
        self._unlike += entries
        return True

    def _have_new_digests(self, entries: Sequence[Entry]) -> bool:
        devices, numbers = [entry.device for entry in entries], [entry.line or entry.place for entry in entries]
        hashes = [device.hardware_hash for device in devices]
        if not any(hashes):
            return _add(numbers, (self._devices, devices))
        if not all(hashes):
            return False
        serials = [device.serial_number for device in devices]
        # A device whose hash is new is new itself.
        if not _add(numbers, (self._hashes, hashes), *((self._serials, serials),) * any(serials)):
            return False
        self._devices.update(zip(map(hash, devices), numbers, strict=True))
        return True

    def first(self, entry: Entry, number: int) -> int:
        """Return the number of the first device that is the same as this one: ``number`` if this is the first.

        Devices can have other numbers than their own only once they have been dropped by ``forget``.
        """
        if self._unlike is not None:
            marks = _marks([entry.device])
            if self._marks.isdisjoint(marks):
                self._marks.update(marks)
                self._unlike.append(entry)
                return number
            self.forget()
        return self._first(entry, number)

    def forget(self) -> None:
        """Drop the devices themselves, and keep digests of them from now on."""
        unlike, self._unlike = self._unlike or [], None
        self._marks.clear()
        for entry in unlike:
            self._first(entry, entry.number)

    def _first(self, entry: Entry, number: int) -> int:
        device = entry.device
        first = self._devices.setdefault(hash(device), number)
        if first == number and device.hardware_hash:
            same_hash = self._hashes.setdefault(hash(device.hardware_hash), number)
            serial = "" if has_unusual_length(device.hardware_hash) else device.serial_number
            same_serial = self._serials.setdefault(hash(serial), number) if serial else number
            if same_hash != number:
                self._warn(entry, "hardwareHash", "repeated_hash", same_hash)
            # Placeholders of firmware have a warning of their own.
            elif same_serial != number and not is_placeholder(serial or ""):
                self._warn(entry, "serialNumber", "repeated_serial", same_serial)
        return first

    def _warn(self, entry: Entry, field: str, code: str, other: int) -> None:
        self._report.warning(entry, field, code, "line" if entry.line else "device", other)


def _add(numbers: Sequence[int], *columns: tuple[dict[int, int], Sequence[object]]) -> bool:
    """Add the digests of values to those known, and return ``True`` if all are new; else add none of them."""
    found = [dict(zip(map(hash, values), numbers, strict=True)) for _, values in columns]
    for (known, values), new in zip(columns, found, strict=True):
        if len(new) < len(values) or not known.keys().isdisjoint(new):
            return False
    for (known, _), new in zip(columns, found, strict=True):
        known.update(new)
    return True


def _marks(devices: Sequence[Device]) -> list[str | int]:
    """Return what is compared of devices: two without any mark in common are not the same, nor have the same serial."""
    pieces = [device.hardware_hash[_PIECE] if device.hardware_hash else hash(device) for device in devices]
    return pieces + [device.serial_number for device in devices if device.hardware_hash and device.serial_number]
