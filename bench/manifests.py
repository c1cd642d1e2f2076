"""Manifests to measure with: realistic serial numbers, and hashes of 4 KB that no two devices share."""

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path

HASH = 4160
_POOL = base64.b64encode(random.Random(7).randbytes(3 * 2**16)).decode()  # noqa: S311 - nothing secret
COLUMNS = "Device Serial Number,Windows Product ID,Hardware Hash,Manufacturer name,Device model\r\n"


def device(number: int) -> dict[str, str]:
    """Make out a device; two with different numbers differ in serial number and hash."""
    start = number * 4 % (len(_POOL) - HASH)
    tail = base64.b64encode(number.to_bytes(9)).decode()
    return {
        "serialNumber": f"SN{number:08}",
        "hardwareHash": _POOL[start : start + HASH - len(tail)] + tail,
        "oemManufacturerName": "Contoso, Ltd.",
        "modelName": "Model 7",
    }


def array(count: int, first: int = 0) -> bytes:
    """Write a JSON array of devices."""
    return json.dumps([device(number) for number in range(first, first + count)]).encode()


def table(count: int, first: int = 0) -> bytes:
    """Write Partner Center's CSV template with devices."""
    return (COLUMNS + "".join(map(_row, range(first, first + count)))).encode()


def write_array(path: Path, count: int) -> None:
    """Write a file like ``array`` without having it in memory."""
    with path.open("w") as file:
        for number in range(count):
            file.write(f"{', ' if number else '['}{json.dumps(device(number))}")
        file.write("]")


def write_table(path: Path, count: int) -> None:
    """Write a file like ``table`` without having it in memory."""
    with path.open("w", newline="") as file:
        file.write(COLUMNS)
        file.writelines(_rows(count))


def _rows(count: int) -> Iterator[str]:
    return map(_row, range(count))


def _row(number: int) -> str:
    values = device(number)
    maker, model = values["oemManufacturerName"], values["modelName"]
    return f'{values["serialNumber"]},,{values["hardwareHash"]},"{maker}",{model}\r\n'
