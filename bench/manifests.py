"""Manifests to measure with: realistic serial numbers, and hashes of 4 KB that no two devices share."""

import base64
import random
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

HASH = 4160
"""Characters of a hardware hash: 1,000 devices make 4.3 MB."""

_POOL = base64.b64encode(random.Random(7).randbytes(3 * 2**16)).decode()  # noqa: S311 - nothing secret
_HEADER = "Device Serial Number,Windows Product ID,Hardware Hash,Manufacturer name,Device model\r\n"
_MAKER, _MODEL = "Contoso, Ltd.", "Model 7"


def array(count: int, first: int = 0) -> bytes:
    """Write a JSON array of devices; those with different numbers differ in serial number and hash."""
    return "".join(_array(range(first, first + count))).encode()


def table(count: int, first: int = 0) -> bytes:
    """Write Partner Center's CSV template with devices."""
    return "".join(_table(range(first, first + count))).encode()


def write_array(path: Path, count: int) -> None:
    """Write a file like ``array`` without having it in memory."""
    _write(path, _array(range(count)))


def write_table(path: Path, count: int) -> None:
    """Write a file like ``table`` without having it in memory."""
    _write(path, _table(range(count)))


def serial_number(number: int) -> str:
    """Give a device's serial number."""
    return f"SN{number:08}"


def hardware_hash(number: int) -> str:
    """Give a device's hash: base64, as real ones."""
    start = number * 4 % (len(_POOL) - HASH)
    tail = base64.b64encode(number.to_bytes(9)).decode()
    return _POOL[start : start + HASH - len(tail)] + tail


def _array(numbers: range) -> Iterator[str]:
    for number in numbers:
        yield ", " if number != numbers[0] else "["
        yield (
            f'{{"serialNumber": "{serial_number(number)}", "hardwareHash": "{hardware_hash(number)}", '
            f'"oemManufacturerName": "{_MAKER}", "modelName": "{_MODEL}"}}'
        )
    yield "]"


def _table(numbers: range) -> Iterator[str]:
    rows = (f'{serial_number(number)},,{hardware_hash(number)},"{_MAKER}",{_MODEL}\r\n' for number in numbers)
    return chain([_HEADER], rows)


def _write(path: Path, texts: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(texts)
