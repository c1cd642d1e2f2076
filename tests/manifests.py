"""Manifests for tests."""

import json
from collections.abc import Iterable


def serials(count: int, start: int = 1) -> list[str]:
    return [f"S{number:06}" for number in range(start, start + count)]


def array(names: Iterable[str]) -> bytes:
    """A JSON array of one device for each serial number, with a short made-up hash."""
    return json.dumps([{"serialNumber": name, "hardwareHash": f"hash{name}AAAA"} for name in names]).encode()
