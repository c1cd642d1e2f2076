"""Manifests read with the standard library and checked by hand: the checks that every manifest needs, and no more."""

import base64
import binascii
import csv
import io
import json
from dataclasses import dataclass, field

FIELDS = ("serialNumber", "productKey", "hardwareHash", "oemManufacturerName", "modelName")
TITLES = ("Device Serial Number", "Windows Product ID", "Hardware Hash", "Manufacturer name", "Device model")
COLUMNS = dict(zip(TITLES, FIELDS, strict=True))


@dataclass
class Checked:
    """The devices to send, and what is wrong, each with its place."""

    devices: list[dict[str, str]] = field(default_factory=list)
    issues: list[tuple[str, str]] = field(default_factory=list)
    _seen: set[tuple[str | None, ...]] = field(default_factory=set)

    def add(self, where: str, item: object) -> None:
        """Check a device; one that was there already is left out."""
        if not isinstance(item, dict):
            self.issues.append((where, "not an object"))
            return
        device = {name: item[name] for name in FIELDS if item.get(name) is not None}
        if not all(isinstance(value, str) for value in device.values()):
            self.issues.append((where, "a value is no text"))
            return
        device = {name: value for name, value in device.items() if value.strip()}
        whole = all(name in device for name in ("serialNumber", "oemManufacturerName", "modelName"))
        if not (device.get("hardwareHash") or device.get("productKey") or whole):
            self.issues.append((where, "nothing identifies the device"))
        elif "hardwareHash" in device and not is_base64(device["hardwareHash"]):
            self.issues.append((where, "the hash is no base64"))
        elif (identity := tuple(device.get(name) for name in FIELDS)) not in self._seen:
            self._seen.add(identity)
            self.devices.append(device)


def is_base64(text: str) -> bool:
    """Return whether a text is base64."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def read(content: bytes) -> Checked:
    """Read a manifest that is a JSON array or Partner Center's CSV template."""
    checked = Checked()
    if content[:1] != b"[":
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        for row in rows:
            checked.add(f"line {rows.line_num}", {COLUMNS[name]: value for name, value in row.items()})
        return checked
    try:
        items = json.loads(content)
    except json.JSONDecodeError as error:
        return Checked(issues=[(f"line {error.lineno}", "no valid JSON")])
    for number, item in enumerate(items, 1):
        checked.add(f"device {number}", item)
    return checked
