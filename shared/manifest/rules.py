"""What is asked of a device, and what merely looks odd about it."""

import re
from typing import Final

import msgspec

from shared.device import FIELDS, Device, is_identified
from shared.manifest.entry import Entry
from shared.manifest.report import Report

_NUMBER = re.compile(r"\s*\d+([.,]\d+)?[eE]\+\d+\s*")
_USUAL_LENGTHS: Final = range(2_000, 8_001)

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


def judge(entry: Entry, report: Report) -> bool:
    """Report the issues and the oddities of one device; ``False`` if it has an issue."""
    at, device = entry.at, entry.device
    serial, key, hardware_hash, maker, model = msgspec.structs.astuple(device)
    spoilt = _is_spoilt(serial, at, report)
    if not entry.sound:  # fields that were at fault are not there
        return False
    if hardware_hash:
        _judge_hash(hardware_hash, at, report)
    elif not key:
        _judge_tuple(device, at, report)
    all_short = f"|{serial}|{key}|{maker}|{model}|"  # one look at all is quicker than one at each
    if not all_short.isprintable() or " |" in all_short or "| " in all_short:
        _judge_characters(device, at, report)
    identified = is_identified(device)
    if not identified:
        report.issue(at, None, "missing_identity", _what_is_missing(device))
    return identified and not spoilt


def _what_is_missing(device: Device) -> str:
    parts = {
        "serial number": device.serial_number,
        "manufacturer": device.oem_manufacturer_name,
        "model": device.model_name,
    }
    missing = [name for name, value in parts.items() if not value]
    advice = "Add one of these" if len(missing) == len(parts) else f"Missing here: {', '.join(missing)}"
    return f"A device needs a hardware hash, or a product key, or serial number, manufacturer and model. {advice}."


def _is_spoilt(serial: str | None, at: int, report: Report) -> bool:
    if not (serial and "+" in serial and _NUMBER.fullmatch(serial)):
        return False
    message = f"Excel has turned the serial number into {serial.strip()}. Export it anew, the column formatted as text."
    report.issue(at, "serialNumber", "number_for_serial", message)
    return True


def _judge_hash(value: str, at: int, report: Report) -> None:
    try:
        msgspec.convert(value, bytes)  # decodes base64: the quickest way to tell whether it is any
    except msgspec.ValidationError:
        if value != value.strip():
            _warn_of_space("hardwareHash", at, report)
            _judge_hash(value.strip(), at, report)
        else:
            message = "hardwareHash is no base64. Check whether it was cut off or changed on its way."
            report.warning(at, "hardwareHash", "not_base64", message)
        return
    if len(value) not in _USUAL_LENGTHS:
        message = f"hardwareHash has {len(value)} characters; about 4,000 are usual. Check whether it is complete."
        report.warning(at, "hardwareHash", "unusual_hash_length", message)


def _judge_tuple(device: Device, at: int, report: Report) -> None:
    for field, value in zip(FIELDS, msgspec.structs.astuple(device), strict=True):
        if value and value.strip().lower() in _PLACEHOLDERS:
            message = f"{field} is {value.strip()!r}, which firmware says where nobody has filled it in."
            report.warning(at, field, "placeholder_value", f"{message} Give a hardware hash instead.")


def _judge_characters(device: Device, at: int, report: Report) -> None:
    for field, value in zip(FIELDS, msgspec.structs.astuple(device), strict=True):
        if value and field != "hardwareHash":
            if value != value.strip():
                _warn_of_space(field, at, report)
            if not value.strip().isprintable():
                message = f"{field} has an invisible character and is sent so. Remove it if it is not meant."
                report.warning(at, field, "unprintable_character", message)


def _warn_of_space(field: str, at: int, report: Report) -> None:
    message = f"{field} begins or ends with white space and is sent so. Remove it if it is not meant."
    report.warning(at, field, "surrounding_space", message)
