"""Writes the same devices in every way that is met in the field."""

import base64
import codecs
import csv
import io
import json
import random
from collections.abc import Iterable, Mapping

import msgspec

from shared.manifest import InMemory, Manifest, inspect
from shared.manifest.device import Device

MOST = 1 << 28

TEMPLATE = ("Device Serial Number", "Windows Product ID", "Hardware Hash", "Manufacturer name", "Device model")
AUTOPILOT_INFO = ("Device Serial Number", "Windows Product ID", "Hardware Hash")
MANAGED_DESKTOP = ("Manufacturer", "Model", "Serial Number", "Hardware Hash")
API_NAMES = ("serialNumber", "productKey", "hardwareHash", "oemManufacturerName", "modelName")

COLUMNS = {
    "Device Serial Number": "serial_number",
    "Serial Number": "serial_number",
    "Windows Product ID": "product_key",
    "Hardware Hash": "hardware_hash",
    "Manufacturer name": "oem_manufacturer_name",
    "Manufacturer": "oem_manufacturer_name",
    "Device model": "model_name",
    "Model": "model_name",
    **dict(zip(API_NAMES, Device.__struct_fields__, strict=True)),
}

MARKS = {"utf-8-sig": b"", "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


def made_up_hash(seed: int, length: int = 4000) -> str:
    return base64.b64encode(random.Random(seed).randbytes(length * 3 // 4)).decode()


def encoded(text: str, encoding: str) -> bytes:
    return MARKS.get(encoding, b"") + text.encode(encoding)


def csv_text(devices: Iterable[Device], columns: Iterable[str], delimiter: str = ",", *, quote: bool = False) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL)
    columns = tuple(columns)
    writer.writerow(columns)
    writer.writerows([getattr(device, COLUMNS.get(name, ""), None) or "" for name in columns] for device in devices)
    return text.getvalue()


def members(device: Device) -> dict[str, object]:
    return {name: value for name, value in msgspec.to_builtins(device).items() if value is not None}


def in_pascal_case(names: Mapping[str, object]) -> dict[str, object]:
    return {name[0].upper() + name[1:]: value for name, value in names.items()}


def documented(device: Device) -> dict[str, object]:
    """Write a device as the API's pages show it, with every member that it may have."""
    rest = {
        "id": None,
        "policies": None,
        "uploadedDate": "0001-01-01T00:00:00",
        "allowedOperations": None,
        "createdBy": None,
        "attributes": {"objectType": "Device"},
    }
    return dict.fromkeys(API_NAMES) | members(device) | rest


def json_file(devices: Iterable[Device]) -> bytes:
    return json.dumps([members(device) for device in devices]).encode()


def read(data: bytes, keep: int | None = 100) -> Manifest:
    return inspect(InMemory(data), max_bytes=MOST, keep=keep)


def devices_in(data: bytes) -> list[Device]:
    """Read devices from a file that must be without issues."""
    manifest = read(data)
    assert manifest.issues.count == 0, manifest.issues
    devices = list(manifest.devices())
    assert len(devices) == manifest.device_count
    return devices


def issues_in(data: bytes) -> list[tuple[str, str]]:
    """Return where which issues are."""
    return [(issue.where, issue.code) for issue in read(data, keep=None).issues.kept]


def warnings_in(data: bytes) -> list[tuple[str, str]]:
    return [(warning.where, warning.code) for warning in read(data, keep=None).warnings.kept]
