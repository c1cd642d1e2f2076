"""What is asked of a device, and what merely looks odd about it."""

import re
from functools import cache

import msgspec

from shared.manifest.device import FIELDS, Device, Entry, is_identified
from shared.manifest.findings import Report

LARGEST = 1_048_576
"""Characters that a device may have: more than 250 times a real one, and what keeps the memory flat."""

_TUPLE = ("serial number", "manufacturer", "model")
_NUMBER = re.compile(r"\s*\d+([.,]\d+)?[eE]\+\d+\s*")
_LEAST_USUAL, _MOST_USUAL = 2_000, 8_000

# What firmware says where nobody has filled it in.
_PLACEHOLDERS = frozenset(
    {
        "to be filled by o.e.m.",
        "default string",
        "system serial number",
        "chassis serial number",
        "system manufacturer",
        "system product name",
        "not applicable",
        "not available",
        "not specified",
        "unknown",
        "none",
        "n/a",
        "0",
        "123456789",
        "0123456789",
    }
)

_UNIDENTIFIED = "A device needs a hardware hash, or a product key, or serial number, manufacturer and model. {}."
_SPOILT = "Excel has turned the serial number into {}. Export it anew, the column formatted as text."
_NOT_BASE64 = "hardwareHash is no base64. Check whether it was cut off or changed on its way."
_UNUSUAL = "hardwareHash has {} characters; about 4,000 are usual. Check whether it is complete."
_PLACEHOLDER = "{} is {!r}, which firmware says where nobody has filled it in. Give a hardware hash instead."
_SPACE = "{} begins or ends with white space and is sent so. Remove it if it is not meant."
_FORMULA = '{} is an Excel formula, ="...", and is sent so. Give what stands between the quotes if that is meant.'
_UNPRINTABLE = "{} has an invisible character and is sent so. Remove it if it is not meant."


def is_valid(entry: Entry, report: Report) -> bool:
    """Report the issues of a device, and tell whether it has none."""
    device, valid = entry.device, entry.sound
    serial = device.serial_number
    if serial and "+" in serial and _NUMBER.fullmatch(serial):
        report.issue(entry.at, "serialNumber", "number_for_serial", _SPOILT, serial.strip())
        valid = False
    if not device.hardware_hash and entry.sound and not is_identified(device):
        missing = _missing(serial is None, device.oem_manufacturer_name is None, device.model_name is None)
        report.issue(entry.at, None, "missing_identity", _UNIDENTIFIED, missing)
        valid = False
    return valid


@cache
def _missing(*absent: bool) -> str:
    names = [name for name, is_absent in zip(_TUPLE, absent, strict=True) if is_absent]
    return "Add one of these" if len(names) == len(_TUPLE) else f"Missing here: {', '.join(names)}"


def look_at(device: Device, at: int, report: Report) -> None:
    """Warn of what is odd about a device."""
    if device.hardware_hash:
        _look_at_hash(device.hardware_hash, at, report)
    elif not device.product_key:
        _look_for_placeholders(device, at, report)
    for value in (device.serial_number, device.product_key, device.oem_manufacturer_name, device.model_name):
        if value and not (value.isprintable() and value == value.strip() and value[0] != "="):
            _look_at_characters(device, at, report)
            break


def _look_at_hash(value: str, at: int, report: Report) -> None:
    bare = value.strip()
    if len(bare) != len(value):
        report.warning(at, "hardwareHash", "surrounding_space", _SPACE, "hardwareHash")
    if len(bare) % 4 or not _is_base64(bare):
        report.warning(at, "hardwareHash", "not_base64", _NOT_BASE64)
    elif not _LEAST_USUAL <= len(bare) <= _MOST_USUAL:
        report.warning(at, "hardwareHash", "unusual_hash_length", _UNUSUAL, len(bare))


def _is_base64(text: str) -> bool:
    try:
        msgspec.convert(text, bytes)  # decodes it: no regular expression is as quick
    except msgspec.ValidationError:
        return False
    return True


def _look_for_placeholders(device: Device, at: int, report: Report) -> None:
    for field, value in zip(FIELDS, msgspec.structs.astuple(device), strict=True):
        if value and value.strip().lower() in _PLACEHOLDERS:
            report.warning(at, field, "placeholder_value", _PLACEHOLDER, field, value.strip())


def _look_at_characters(device: Device, at: int, report: Report) -> None:
    for field, value in zip(FIELDS, msgspec.structs.astuple(device), strict=True):
        if value and field != "hardwareHash":
            if value != value.strip():
                report.warning(at, field, "surrounding_space", _SPACE, field)
            if not value.strip().isprintable():
                report.warning(at, field, "unprintable_character", _UNPRINTABLE, field)
            if value.startswith('="'):
                report.warning(at, field, "excel_formula", _FORMULA, field)
