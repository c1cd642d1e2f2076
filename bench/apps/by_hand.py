"""Manifests read with the standard library and checked by hand: the same findings as the app's, for arrays and CSV."""

import base64
import binascii
import csv
import io
import json
import re
from dataclasses import dataclass, field

FIELDS = ("serialNumber", "productKey", "hardwareHash", "oemManufacturerName", "modelName")
BY_LOWER_NAME = {name.lower(): name for name in FIELDS}
IGNORED = {"id", "policies", "uploadeddate", "allowedoperations", "attributes", "createdby"}
COLUMNS = {
    "Device Serial Number": "serialNumber",
    "Windows Product ID": "productKey",
    "Hardware Hash": "hardwareHash",
    "Manufacturer name": "oemManufacturerName",
    "Device model": "modelName",
}
PLACEHOLDERS = {
    "0", "0123456789", "123456789", "chassis serial number", "default string", "n/a", "none", "not applicable",
    "not available", "not specified", "system manufacturer", "system product name", "system serial number",
    "to be filled by o.e.m.", "unknown",
}  # fmt: skip
SPREADSHEET_NUMBER = re.compile(r"\s*\d+([.,]\d+)?[eE]\+\d+\s*")

type Finding = tuple[str, str | None, str]
"""Where, in which field, and what: the app's own code."""


@dataclass
class Checked:
    """The devices to send, and everything that is wrong or odd."""

    devices: list[dict[str, str]] = field(default_factory=list)
    issues: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


class Checker:
    """Checks one device after another."""

    def __init__(self, unit: str) -> None:
        self.found = Checked()
        self._unit = unit
        self._devices: set[tuple[str | None, ...]] = set()
        self._hashes: set[str] = set()
        self._unknown: set[str] = set()

    def add(self, number: int, item: object) -> None:
        """Check a device and take it in; one that was there already is left out."""
        where = f"{self._unit} {number}"
        if not isinstance(item, dict):
            self.found.issues.append((where, None, "not_an_object"))
            return
        before = len(self.found.issues)
        device = self._members(where, item)
        readable = len(self.found.issues) == before
        if SPREADSHEET_NUMBER.fullmatch(device.get("serialNumber", "")):
            self.found.issues.append((where, "serialNumber", "number_for_serial"))
        whole = all(device.get(name) for name in ("serialNumber", "oemManufacturerName", "modelName"))
        if readable and not (device.get("hardwareHash") or device.get("productKey") or whole):
            self.found.issues.append((where, None, "missing_identity"))
        if len(self.found.issues) == before and self._is_new(where, device):
            self._look_at(where, device)
            self.found.devices.append(device)

    def _members(self, where: str, item: dict[str, object]) -> dict[str, str]:
        device: dict[str, str] = {}
        for name, value in item.items():
            known = BY_LOWER_NAME.get(name.lower())
            if known is None:
                self._unknown_member(where, name)
            elif value is not None and not isinstance(value, str):
                self.found.issues.append((where, known, "wrong_type"))
            elif value and value.strip() and device.setdefault(known, value) != value:
                self.found.issues.append((where, known, "conflicting_members"))
        return device

    def _unknown_member(self, where: str, name: str) -> None:
        if name.lower() not in IGNORED and name not in self._unknown:
            self._unknown.add(name)
            self.found.warnings.append((where, None, "unknown_member"))

    def _look_at(self, where: str, device: dict[str, str]) -> None:
        if device.get("hardwareHash"):
            self._look_at_hash(where, device["hardwareHash"])
        elif not device.get("productKey"):
            for name, value in device.items():
                if value.strip().lower() in PLACEHOLDERS:
                    self.found.warnings.append((where, name, "placeholder_value"))
        for name, value in device.items():
            if name != "hardwareHash":
                self._look_at_text(where, name, value)

    def _look_at_hash(self, where: str, value: str) -> None:
        if value != value.strip():
            self.found.warnings.append((where, "hardwareHash", "surrounding_space"))
        try:
            base64.b64decode(value.strip(), validate=True)
        except (binascii.Error, ValueError):
            self.found.warnings.append((where, "hardwareHash", "not_base64"))
        else:
            if not 2_000 <= len(value.strip()) <= 8_000:  # noqa: PLR2004 - what is usual
                self.found.warnings.append((where, "hardwareHash", "unusual_hash_length"))

    def _look_at_text(self, where: str, name: str, value: str) -> None:
        if value != value.strip():
            self.found.warnings.append((where, name, "surrounding_space"))
        if not value.strip().isprintable():
            self.found.warnings.append((where, name, "unprintable_character"))
        if value.startswith('="'):
            self.found.warnings.append((where, name, "excel_formula"))

    def _is_new(self, where: str, device: dict[str, str]) -> bool:
        identity = tuple(device.get(name) for name in FIELDS)
        if identity in self._devices:
            self.found.warnings.append((where, None, "duplicate_device"))
            return False
        self._devices.add(identity)
        hardware_hash = device.get("hardwareHash")
        if hardware_hash in self._hashes:
            self.found.warnings.append((where, "hardwareHash", "repeated_hash"))
        elif hardware_hash:
            self._hashes.add(hardware_hash)
        return True


def read(content: bytes) -> Checked:
    """Read a manifest that is a JSON array or Partner Center's CSV template."""
    if content.lstrip()[:1] in (b"[", b"{"):
        return read_array(content)
    return read_table(content)


def read_array(content: bytes) -> Checked:
    """Read a JSON array of devices."""
    try:
        items = json.loads(content)
    except json.JSONDecodeError as error:
        return Checked(issues=[(f"line {error.lineno}", None, "invalid_json")])
    if not isinstance(items, list):
        return Checked(issues=[("manifest", None, "wrong_top_level")])
    checker = Checker("device")
    for number, item in enumerate(items, 1):
        checker.add(number, item)
    return _whole(checker, len(items))


def read_table(content: bytes) -> Checked:
    """Read Partner Center's CSV template."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    checker, count = Checker("line"), 0
    for row in rows:
        if all(name == value for name, value in row.items()):
            checker.found.warnings.append((f"line {rows.line_num}", None, "repeated_header"))
            continue
        count += 1
        checker.add(rows.line_num, {COLUMNS[name]: value for name, value in row.items()})
    return _whole(checker, count)


def _whole(checker: Checker, count: int) -> Checked:
    if not count:
        checker.found.issues.append(("manifest", None, "no_devices"))
    return checker.found
