"""The rules for a device: what must identify it, what is cleaned before it is sent, and what is a warning."""

from collections.abc import Iterable, Sequence

import msgspec

from shared.manifest.device import FIELDS, NO_DEVICE, Device, Entry
from shared.manifest.field_rules import IDENTIFIERS, Found, are_plain, check_value, is_odd, is_plain
from shared.manifest.findings import Report, UnreadableError
from shared.manifest.hardware_hash import are_bare, are_flawless, begins_like_one, has_unusual_length, is_rest
from shared.manifest.line_words import are_columns, is_comment, is_footer, is_total
from shared.manifest.value_words import is_guid

LARGEST = 1_048_576
"""Characters that a device may have: more than 250 times a real one. This bounds the memory."""

_IN_WORDS = dict(zip(FIELDS, ("serial number", "product key", "hardware hash", "manufacturer", "model"), strict=True))
_TUPLE = ("serialNumber", "oemManufacturerName", "modelName")
_SERIAL, _KEY, _HASH, _MAKER, _MODEL = range(len(FIELDS))
_FIRST = (_SERIAL, _KEY, _MAKER)  # in the layouts that are known
_MOST_KNOWN = 4_096
_LONGEST_KNOWN = 64  # characters


def is_identified(device: Device) -> bool:
    """Return whether Partner Center can identify the device: by hash, by product key, or by all of the other three."""
    return bool(
        device.hardware_hash
        or device.product_key
        or (device.serial_number and device.oem_manufacturer_name and device.model_name)
    )


def _is_rest(device: Device, before: Device) -> bool:
    """Return whether a device has nothing new but the rest of the hash before it: each part is as long as a hash."""
    if device.product_key or device.serial_number not in (None, before.serial_number):
        return False
    return is_rest(device.hardware_hash or "", before.hardware_hash or "")


class DeviceCheck:
    """Turns devices as they are written into devices as they are sent.

    A value that is certainly not meant, and a device that nothing identifies, is an issue, and the entry is not
    ``sound``; what is cleaned or odd is a warning. Most devices are flawless and stay as they are.

    Args:
        report: Receives the findings.
        max_devices: Devices that the manifest may have.
    """

    def __init__(self, report: Report, max_devices: int) -> None:
        self.has_cleaned = False
        """Whether a device is sent differently from how it is written."""
        self._report = report
        self._max_devices = max_devices
        self._are_hashes_flawless = are_flawless if report.may_have_issues else are_bare
        # Manufacturers and models, and findings about odd values: both are repeated again and again.
        self._known: set[str | None] = {None}
        self._found: tuple[dict[str, Found], ...] = tuple({} for _ in FIELDS)
        self._cut_off = 0
        """The place of the last device whose hash seems to continue in the next row."""
        self._before = NO_DEVICE

    def __call__(self, entries: Iterable[Entry]) -> Iterable[Entry]:
        """Return some devices as they are sent; findings are reported as the devices are taken.

        Raises:
            UnreadableError: There are more than ``max_devices``; also while they are taken.
        """
        if isinstance(entries, list) and entries[-1].place <= self._max_devices:
            devices = [entry.device for entry in entries]
            if self._are_flawless(devices):
                self._before = devices[-1]
                return entries
        return map(self._checked, entries)

    def _are_flawless(self, devices: Sequence[Device]) -> bool:
        """Return quickly whether some devices are all flawless, by all values of a field at once."""
        hashes = [device.hardware_hash for device in devices]
        serials = {device.serial_number for device in devices}
        keys = {device.product_key for device in devices}
        names = {device.oem_manufacturer_name for device in devices}, {device.model_name for device in devices}
        has_all_of_tuple = not any(None in values for values in (serials, *names))
        if None in hashes and None in keys and not has_all_of_tuple:
            return False
        # The rest of a hash that was cut in two has no serial number, or the same one.
        is_repeated = len(serials) < len(devices) or not serials.isdisjoint((None, self._before.serial_number))
        if is_repeated and any(map(_is_rest, devices, (self._before, *devices))):
            return False
        return (
            are_plain(serials)
            and are_plain(keys)
            and all(name in self._known or self._is_known(name) for name in names[0] | names[1])
            and self._are_hashes_flawless(list(filter(None, hashes)))
        )

    def _is_known(self, name: str | None) -> bool:
        if name is None or is_odd(name):
            return name is None
        if len(self._known) == _MOST_KNOWN:
            self._known = {None}
        self._known.add(name)
        return True

    def _checked(self, entry: Entry) -> Entry:
        # Each row takes time and memory in every later step, so that their number is bounded here.
        if entry.place > self._max_devices:
            raise UnreadableError("too_many_devices", self._max_devices)
        if odd := self._odd_values(entry.device):
            self._clean(entry, odd)
        before, self._before = self._before, entry.device
        if entry.sound and _is_rest(entry.device, before):
            self._report.issue(entry, "hardwareHash", "hash_in_pieces")
            entry.reject()
        if entry.sound and not is_identified(entry.device):
            facts = () if self._report.keeps_no_more_issues else self._what_is_missing(entry.device)
            self._report.issue(entry, None, "missing_identity", *facts)
            entry.reject()
        return entry

    def _odd_values(self, device: Device) -> list[tuple[int, str]]:
        """Return the values that need the full check, which takes ten times as long, and their places in ``FIELDS``."""
        serial, key, value = device.serial_number, device.product_key, device.hardware_hash
        odd = []
        if serial is not None and not is_plain(serial):
            odd.append((_SERIAL, serial))
        if key is not None and not is_plain(key):
            odd.append((_KEY, key))
        if value is not None and not self._are_hashes_flawless([value]):
            odd.append((_HASH, value))
        for at, name in ((_MAKER, device.oem_manufacturer_name), (_MODEL, device.model_name)):
            if name is not None and name not in self._known and (name in self._found[at] or not self._is_known(name)):
                odd.append((at, name))
        return odd

    def _clean(self, entry: Entry, odd: Sequence[tuple[int, str]]) -> None:
        """Report every finding about odd values of a device, and put them into it as they are sent.

        Raises:
            UnreadableError: It is a line of a wrapped hash, as those are that follow.
        """
        written = msgspec.structs.astuple(entry.device)
        sent, placeholders = list(written), []
        for at, value in odd:
            found = self._found[at].get(value) or self._check_value(at, value)
            sent[at] = found.value
            self._report.add_warnings(entry, FIELDS[at], found.warnings)
            issue = found.issue
            if at == _HASH and not issue and self._is_piece(found.value or "", entry.place):
                # A hash that is wrapped has dozens of such lines.
                if entry.line:
                    raise UnreadableError("hash_in_pieces", at=entry.at, field=FIELDS[at])
                issue = ("hash_in_pieces",)
            if issue:
                self._report.issue(entry, FIELDS[at], *issue)
                entry.reject()
            if found.is_placeholder:
                placeholders.append(at)
        self._check_guid(sent, entry)
        # What has an odd hash alone is no such line, and there may be one on each.
        if len(odd) > 1 or odd[0][0] != _HASH:
            self._check_line(written, sent, entry)
        needs_tuple = not (sent[_HASH] or sent[_KEY])
        for at in placeholders:
            # Manufacturer and model do not matter where something better identifies the device.
            if needs_tuple or FIELDS[at] in IDENTIFIERS:
                self._report.warning(entry, FIELDS[at], "placeholder_value", FIELDS[at], repr((sent[at] or "").strip()))
        if (*sent,) != written:
            self.has_cleaned = True
            entry.clean(Device(*sent))

    def _is_piece(self, value: str, place: int) -> bool:
        """Return whether an unusual hash continues the one before it, which a line break has cut off."""
        begins = begins_like_one(value)
        is_piece = not begins and self._cut_off == place - 1 > 0
        if is_piece or (begins and has_unusual_length(value)):
            self._cut_off = place
        return is_piece

    def _check_value(self, at: int, value: str) -> Found:
        found = check_value(FIELDS[at], value)
        # What is repeated comes early; the others, such as serial numbers, are not worth their place.
        if len(self._found[at]) < _MOST_KNOWN and len(value) <= _LONGEST_KNOWN:
            self._found[at][value] = found
        return found

    def _check_guid(self, sent: list[str | None], entry: Entry) -> None:
        """Leave out a product key that is a GUID, where something better identifies the device."""
        key = sent[_KEY]
        if key is None or not is_guid(key):
            return
        # The hash identifies the device: what Graph has written as its key is not needed.
        if sent[_HASH]:
            self._report.warning(entry, "productKey", "ignored_product_key")
            sent[_KEY] = None
        else:
            self._report.issue(entry, "productKey", "guid_for_product_key")
            entry.reject()

    def _check_line(self, written: Sequence[str | None], sent: Sequence[str | None], entry: Entry) -> None:
        """Report what a table has below its devices, or a comment: in JSON that was made of it, it is an object too."""
        if not entry.sound:
            return
        # Such a line may be filled up with NULL.
        values = [value for value, kept in zip(written, sent, strict=True) if value and kept]
        are_numbers = are_columns(values)
        if are_numbers or is_total(values) or is_footer(values):
            code = "column_numbers" if are_numbers else "text_for_value"
            self._report.issue(entry, None, code, "The device")
            entry.reject()
        # In a table only the first cell of a line makes it a comment, which is known where lines are read.
        if entry.line or not entry.sound:
            return
        firsts = [(at, written[at] or "") for at in _FIRST if written[at] in values]
        signs = [FIELDS[at] for at, value in firsts if is_comment(value, is_name=at == _MAKER)]
        if signs:
            self._report.issue(entry, signs[0], "commented_line", signs[0])
            entry.reject()

    def _what_is_missing(self, device: Device) -> tuple[str, str, str]:
        """Return in words what a device has, what it lacks, and which names of the manifest are not known."""
        values = zip(FIELDS, msgspec.structs.astuple(device), strict=True)
        present = [_IN_WORDS[field] for field, value in values if value]
        missing = [_IN_WORDS[field] for field in _TUPLE if _IN_WORDS[field] not in present]
        return ", ".join(present) or "nothing", ", ".join(missing), self._report.unknown_names
