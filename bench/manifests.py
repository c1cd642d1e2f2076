"""Manifests to measure with: plausible serial numbers, and hashes of 4 KB that no two devices share."""

import base64
import random
from collections.abc import Callable, Iterator
from itertools import chain

HASH = 4160
"""Characters of a hardware hash: 1,000 devices make 4.3 MB."""

_POOL = base64.b64encode(random.Random(7).randbytes(3 * 2**16)).decode()  # noqa: S311 - nothing secret
_HEADER = "Device Serial Number,Windows Product ID,Hardware Hash,Manufacturer name,Device model\r\n"
_MAKER, _MODEL = "Contoso, Ltd.", "Model 7"


def array(count: int, first: int = 0) -> Iterator[str]:
    """Yield a JSON array of devices, a device a piece; different numbers have different serial numbers and hashes."""
    for number in range(first, first + count):
        yield ", " if number != first else "["
        yield (
            f'{{"serialNumber": "SN{number:08}", "hardwareHash": "{hardware_hash(number)}", '
            f'"oemManufacturerName": "{_MAKER}", "modelName": "{_MODEL}"}}'
        )
    yield "]"


def table(count: int, first: int = 0) -> Iterator[str]:
    """Yield the same devices in Partner Center's CSV template."""
    numbers = range(first, first + count)
    return chain([_HEADER], (f'SN{number:08},,{hardware_hash(number)},"{_MAKER}",{_MODEL}\r\n' for number in numbers))


WRITERS: dict[str, Callable[[int, int], Iterator[str]]] = {"JSON": array, "CSV": table}


def encoded(pieces: Iterator[str]) -> bytes:
    """Return a manifest as bytes."""
    return "".join(pieces).encode()


def hardware_hash(number: int) -> str:
    """Return a device's hash: base64, as real ones are."""
    start = number * 4 % (len(_POOL) - HASH)
    tail = base64.b64encode(number.to_bytes(9)).decode()
    return _POOL[start : start + HASH - len(tail)] + tail
