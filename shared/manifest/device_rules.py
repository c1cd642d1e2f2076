"""What is asked of a device, what is cleaned before it is sent, and what merely looks odd."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from shared.manifest.device import FIELDS, Device, Entry
from shared.manifest.findings import Report, UnreadableError
from shared.manifest.hardware_hash import is_bare, is_flawless
from shared.manifest.value_rules import IDENTIFIERS, Found, are_plain, is_odd, is_plain, look_at

LARGEST = 1_048_576
"""Characters that a device may have: more than 250 times a real one, and what keeps the memory flat."""

_SPOKEN = dict(zip(FIELDS, ("serial number", "product key", "hardware hash", "manufacturer", "model"), strict=True))
_TUPLE = ("serialNumber", "oemManufacturerName", "modelName")
_HASH = FIELDS.index("hardwareHash")
_KEY = FIELDS.index("productKey")
_MOST_KNOWN = 4_096
_LONGEST_KNOWN = 64  # characters
_ABSENT = Found(None)


def is_identified(device: Device) -> bool:
    """Return whether Partner Center can know the device: by hash, by product key, or by all of the other three."""
    return bool(
        device.hardware_hash
        or device.product_key
        or (device.serial_number and device.oem_manufacturer_name and device.model_name)
    )


class DeviceCheck:
    """Makes of devices as they were read the devices as they are sent.

    What is certainly not meant, and what identifies nothing, is reported as an issue, and the entry is not ``sound``;
    what is cleaned or odd is reported as a warning. Most devices are flawless and stay as they are.

    Args:
        report: Takes what is found.
        max_devices: Devices that the manifest may have.
        is_valid: The manifest is known to have no issues: only what is cleaned is looked for.
    """

    def __init__(self, report: Report, max_devices: int, *, is_valid: bool = False) -> None:
        self.has_cleaned = False
        """Whether a device is sent otherwise than it was written."""
        self._report = report
        self._max_devices = max_devices
        self._is_flawless = is_bare if is_valid else is_flawless
        # Manufacturers and models, and what was found about odd values: both come again and again.
        self._known: set[str | None] = {None}
        self._found: dict[tuple[str, str], Found] = {}

    def __call__(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Check some devices; findings are reported as they are taken.

        Raises:
            UnreadableError: There are more than ``max_devices``; also while they are taken.
        """
        if isinstance(entries, list) and entries[-1].place <= self._max_devices:
            devices = [entry.device for entry in entries]
            if self._are_flawless(devices):
                return entries
        return map(self._checked, entries)

    def _are_flawless(self, devices: Sequence[Device]) -> bool:
        """Return quickly whether some devices are all flawless, looking at all values of a field at once."""
        hashes = [device.hardware_hash for device in devices]
        serials = {device.serial_number for device in devices}
        keys = {device.product_key for device in devices}
        names = {device.oem_manufacturer_name for device in devices}, {device.model_name for device in devices}
        has_all_of_tuple = not any(None in values for values in (serials, *names))
        if None in hashes and None in keys and not has_all_of_tuple:
            return False
        return (
            are_plain(serials)
            and are_plain(keys)
            and all(name in self._known or self._is_known(name) for name in names[0] | names[1])
            and all(value is None or self._is_flawless(value) for value in hashes)
        )

    def _is_known(self, name: str | None) -> bool:
        if name is None or is_odd(name):
            return name is None
        if len(self._known) == _MOST_KNOWN:
            self._known = {None}
        self._known.add(name)
        return True

    def _checked(self, entry: Entry) -> Entry:
        # Every later step takes time and memory for each row, so that their number is bounded where they are read.
        if entry.place > self._max_devices:
            raise UnreadableError("too_many_devices", self._max_devices)
        if not self._is_one_flawless(entry.device):
            device = self._cleaned(entry)
            self.has_cleaned |= device != entry.device
            entry.device = device
        if entry.sound and not is_identified(entry.device):
            facts = () if self._report.has_all_issues else _what_is_missing(entry.device, self._report)
            self._report.issue(entry, None, "missing_identity", *facts)
            entry.sound = False
        return entry

    def _is_one_flawless(self, device: Device) -> bool:
        value, serial, key = device.hardware_hash, device.serial_number, device.product_key
        maker, model = device.oem_manufacturer_name, device.model_name
        # In the order of what is most often odd; each of these is some ten times as quick as the full check.
        return (
            (value is None or self._is_flawless(value))
            and (serial is None or is_plain(serial))
            and (key is None or is_plain(key))
            and (maker in self._known or self._is_known(maker))
            and (model in self._known or self._is_known(model))
        )

    def _cleaned(self, entry: Entry) -> Device:
        """Report what is wrong with a device or odd about it, and return it as it is sent."""
        found = [self._look_at(field, value) if value else _ABSENT for field, value in _fields(entry.device)]
        for field, (_, issue, warnings, *_) in zip(FIELDS, found, strict=True):
            for code, *facts in warnings:
                self._report.warning(entry, field, code, *facts)
            if issue:
                self._report.issue(entry, field, *issue)
                entry.sound = False
        if found[_KEY].is_guid:
            self._look_at_guid(found, entry)
        self._look_for_placeholders(found, entry)
        return Device(*(each.value for each in found))

    def _look_at(self, field: str, value: str) -> Found:
        if len(value) > _LONGEST_KNOWN:
            is_flawless_hash = field == FIELDS[_HASH] and self._is_flawless(value)
            return Found(value) if is_flawless_hash else look_at(field, value)
        found = self._found.get((field, value))
        if found is None:
            if len(self._found) == _MOST_KNOWN:
                self._found.clear()
            found = self._found[field, value] = look_at(field, value)
        return found

    def _look_at_guid(self, found: list[Found], entry: Entry) -> None:
        """Leave out a product key that is a GUID, where something better identifies the device."""
        if found[_HASH].value:
            self._report.warning(entry, "productKey", "ignored_product_key")
            found[_KEY] = _ABSENT
        else:
            self._report.issue(entry, "productKey", "guid_for_product_key")
            entry.sound = False

    def _look_for_placeholders(self, found: list[Found], entry: Entry) -> None:
        needs_tuple = not (found[_HASH].value or found[_KEY].value)
        for field, each in zip(FIELDS, found, strict=True):
            if each.is_placeholder and (needs_tuple or field in IDENTIFIERS):
                self._report.warning(entry, field, "placeholder_value", field, repr((each.value or "").strip()))


def _what_is_missing(device: Device, report: Report) -> tuple[str, str, str]:
    present = [_SPOKEN[field] for field, value in _fields(device) if value]
    missing = [_SPOKEN[field] for field in _TUPLE if _SPOKEN[field] not in present]
    return ", ".join(present) or "nothing", ", ".join(missing), ", ".join(report.unknown_names) or "none"


def _fields(device: Device) -> Iterator[tuple[str, str | None]]:
    return zip(FIELDS, msgspec.structs.astuple(device), strict=True)
