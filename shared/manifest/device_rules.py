"""What is asked of a device, what is cleaned before it is sent, and what merely looks odd."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from string import ascii_letters, digits

import msgspec

from shared.manifest import values
from shared.manifest.device import FIELDS, Device, Entry
from shared.manifest.findings import Report, UnreadableError
from shared.manifest.hardware_hash import clean, is_bare, is_flawless, looks_like_one

LARGEST = 1_048_576
"""Characters that a device may have: more than 250 times a real one, and what keeps the memory flat."""

_SPOKEN = dict(zip(FIELDS, ("serial number", "product key", "hardware hash", "manufacturer", "model"), strict=True))
_TUPLE = ("serialNumber", "oemManufacturerName", "modelName")
_IDENTIFIERS = ("serialNumber", "productKey")
_SHORTEST_GUID = 32
_SIGNS = f"{ascii_letters}{digits}-".encode()
_REST_OF_HASH = 100  # characters: a line break in a hash leaves its rest where the serial number is
_LONGEST_DATE = 11  # characters
_MOST_KNOWN = 4_096
_LONGEST_PLAIN = 400
_MOST_WORDS = 20  # that are looked at
_LONG_SENTENCE, _SENTENCE = 20, 16  # characters


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
        self._known: set[str | None] = {None}  # manufacturers and models, which come again and again

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
            _are_plain(serials)
            and _are_plain(keys)
            and all(name in self._known or self._is_known(name) for name in names[0] | names[1])
            and all(value is None or self._is_flawless(value) for value in hashes)
        )

    def _is_known(self, name: str | None) -> bool:
        if name is None or _is_odd(name):
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
            found = _Check(entry, self._report).outcome()
            self.has_cleaned |= found.device != entry.device
            entry = found
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
            and (serial is None or _is_plain(serial))
            and (key is None or _is_plain(key))
            and (maker in self._known or self._is_known(maker))
            and (model in self._known or self._is_known(model))
        )


def _what_is_missing(device: Device, report: Report) -> tuple[str, str, str]:
    present = [_SPOKEN[field] for field, value in _fields(device) if value]
    missing = [_SPOKEN[field] for field in _TUPLE if _SPOKEN[field] not in present]
    return ", ".join(present) or "nothing", ", ".join(missing), ", ".join(report.unknown_names) or "none"


def _fields(device: Device) -> Iterator[tuple[str, str | None]]:
    return zip(FIELDS, msgspec.structs.astuple(device), strict=True)


def _are_plain(identifiers: Collection[str | None]) -> bool:
    """Return whether identifiers are all plain, as ``_is_plain`` does for each; some that are may seem not to be."""
    present = [identifier for identifier in identifiers if identifier is not None]
    text = "/".join(present)
    if not text.isascii() or len(text.encode().translate(None, _SIGNS)) != max(len(present) - 1, 0):
        return False
    lengths = list(map(len, present))
    if max(lengths, default=0) >= _SHORTEST_GUID or ("-" in text and min(lengths) <= _LONGEST_DATE):
        return False
    return values.ODD_WORDS.isdisjoint(text.replace("-", "").lower().split("/"))


def _is_plain(identifier: str) -> bool:
    """Return quickly whether an identifier is nothing but letters, digits and hyphens, and no word of ours."""
    text = identifier.replace("-", "") if "-" in identifier else identifier
    # A short one with hyphens may be a date; what is as long as a GUID may be one.
    if len(text) < len(identifier) <= _LONGEST_DATE or len(identifier) >= _SHORTEST_GUID:
        return False
    return text.isascii() and text.isalnum() and text.lower() not in values.ODD_WORDS


def _is_odd(value: str) -> bool:
    return (
        not value.isprintable()
        or value != value.strip()
        or len(value) > _LONGEST_PLAIN
        or "\ufffd" in value
        or values.is_nothing(value)
        or values.is_formula(value)
        or values.is_template(value)
        or values.is_number(value)
        or values.is_placeholder(value)
        or values.is_message(value)
        or value.startswith("'")
        or values.bare(value) != value
    )


class _Check:
    """One device that is not flawless at first sight."""

    def __init__(self, entry: Entry, report: Report) -> None:
        self._entry = entry
        self._report = report
        self._before = report.issue_count

    def outcome(self) -> Entry:
        device = self._entry.device
        found: dict[str, str | None] = {}
        odd = []
        for field, value in _fields(device):
            if value and (field == "hardwareHash" or not _is_plain(value)):
                found[field] = self._value(field, value)
                odd.append(field)
            else:
                found[field] = value
        if "productKey" in odd and values.is_guid(found["productKey"] or ""):
            self._look_at_guid(found)
        self._look_for_placeholders(found, odd)
        sound = self._entry.sound and self._report.issue_count == self._before
        return Entry(Device(*map(found.get, FIELDS)), self._entry.place, self._entry.line, sound)

    def _value(self, field: str, value: str) -> str | None:
        text = values.bare(value)
        if text and text[0] in " ='" and (inner := values.unwrapped(text)) is not None:
            self._report.warning(self._entry, field, "excel_formula", field)
            value = text = inner
        # Spreadsheets show a reference to an empty cell as 0.
        if values.is_nothing(text) or (text == "0" and field == "hardwareHash"):
            shown = repr(value) if len(value) <= values.LONGEST else "a blank"
            self._report.warning(self._entry, field, "word_for_nothing", field, shown)
            return None
        if field == "hardwareHash":
            return self._hash(value)
        if text != value:
            self._report.warning(self._entry, field, "removed_characters", field)
        # What is plain but for the space around it needs no search for anything else.
        if not _is_plain(text.strip()) and (code := _issue_code(field, text)):
            self._report.issue(self._entry, field, code, text.strip() if code == "number_for_serial" else field)
        else:
            self._look_at_characters(field, text)
        return text

    def _look_at_characters(self, field: str, text: str) -> None:
        stripped = text.strip()
        if text != stripped:
            self._report.warning(self._entry, field, "surrounding_space", field)
        if not stripped.isprintable():
            self._report.warning(self._entry, field, "unprintable_character", field)

    def _hash(self, value: str) -> str:
        field = "hardwareHash"
        if len(value) <= values.LONGEST and not value.isalnum() and (code := _issue_code(field, value)):
            self._report.issue(self._entry, field, code, field)
            return value
        found = clean(value)
        for code in found.warnings:
            self._report.warning(self._entry, field, code, len(found.value))
        if found.odd:
            self._report.issue(self._entry, field, "not_base64", found.odd, len(found.value))
        return found.value

    def _look_at_guid(self, found: dict[str, str | None]) -> None:
        """Leave out a product key that is a GUID, where something better identifies the device."""
        if found["hardwareHash"]:
            self._report.warning(self._entry, "productKey", "ignored_product_key")
            found["productKey"] = None
        else:
            self._report.issue(self._entry, "productKey", "guid_for_product_key")

    def _look_for_placeholders(self, found: dict[str, str | None], odd: list[str]) -> None:
        needs_tuple = not (found["hardwareHash"] or found["productKey"])
        for field in odd:
            value = found[field]
            matters = field in _IDENTIFIERS or (needs_tuple and field != "hardwareHash")
            if value and matters and values.is_placeholder(value):
                self._report.warning(self._entry, field, "placeholder_value", field, repr(value.strip()))


def _issue_code(field: str, text: str) -> str | None:
    """Return the code of what makes a value certainly not meant, if anything does."""
    if _is_converted(field, text):
        return "number_for_serial" if field == "serialNumber" else "number_for_value"
    if values.is_formula(text):
        return "formula_for_value"
    if values.is_template(text) or (field in _IDENTIFIERS and values.is_name(text)):
        return "template_value"
    if "\ufffd" in text or looks_like_one(text, _REST_OF_HASH):
        return "lost_characters" if "\ufffd" in text else "misplaced_hash"
    return "text_for_value" if _is_text(field, text) else None


def _is_converted(field: str, text: str) -> bool:
    if field in _IDENTIFIERS and values.is_converted(text):
        return True
    return "+" in text and field != "oemManufacturerName" and values.is_number(text)


def _is_text(field: str, text: str) -> bool:
    """Return whether a value is what a program says, or a value with its name before it."""
    if field == "hardwareHash" or values.is_message(text):
        return field != "hardwareHash"
    if field not in _IDENTIFIERS or values.is_placeholder(text):
        return False
    return values.has_label(text) or (" " in text and _is_sentence(field, text))


def _is_sentence(field: str, text: str) -> bool:
    """Return whether an identifier is a sentence: a tool's message, or a line that counts the rows."""
    least = _SENTENCE if field == "productKey" else _LONG_SENTENCE
    if len(text) < least:
        return False
    words = [word.strip("().,:!") for word in text.split(maxsplit=_MOST_WORDS)[:_MOST_WORDS]]
    return sum(len(word) > 2 and word.isascii() and word.isalpha() and not word.isupper() for word in words) > 3  # noqa: PLR2004 - no code has four
