"""Files that are made to be dear to read, and what reading them costs.

``python -m tests.manifest.shapes BYTES [SHAPE ...]`` measures them all, or those named.
"""

import gzip
import random
import sys
import time
import tracemalloc
from collections.abc import Callable

import msgspec

from shared.manifest import InMemory, inspect
from shared.manifest.decoding.file_type import GZIP, kind_of

MEGABYTE = 1 << 20
MOST = 1 << 24

_TRIES = 5


class Measured(msgspec.Struct):
    """What one file cost; a packed one is as large as what it unpacks to."""

    size: int
    seconds: float
    peak: int
    slowness: float


def slowness() -> float:
    """Return how many times as slow as a small cloud machine this one is just now: twenty nanoseconds a round there."""
    start = time.process_time()
    for _ in range(100_000):
        pass
    return max(1.0, (time.process_time() - start) / 100_000 / 20e-9)


def repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    return lambda size: (before + unit * max(1, size // len(unit.encode())) + after).encode()


def counted(form: str, before: str, after: str = "") -> Callable[[int], bytes]:
    return lambda size: (before + "".join(form % number for number in range(size // len(form % 0))) + after).encode()


def packed(shape: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda size: gzip.compress(shape(size), mtime=0)


KEYS, HASHES, SERIALS = "Windows Product ID\n", "Hardware Hash\n", "Serial Number,Hardware Hash\n"
SHAPES: dict[str, Callable[[int], bytes]] = {
    "rows of one cell": repeated("a\n", KEYS),
    "rows of other cells": counted("%05x\n", KEYS),
    "rows of other hashes": counted("%05x\n", HASHES),
    "rows with issues": repeated("a\n", SERIALS),
    "rows of warnings": counted(" %05x, k ,h!, m , n \n", "Serial Number,Product Key,Hardware Hash,Make,Model\n"),
    "rows with many cells": repeated(",,,a\n", SERIALS),
    "rows of quotes": repeated('"a"\n', KEYS),
    "spoilt serials": repeated("1E+5\n", SERIALS),
    "empty lines": repeated("\n", KEYS),
    "blank records": repeated(",\n", SERIALS),
    "delimiters": repeated(",", HASHES),
    "quotes": repeated('"', HASHES),
    "an open quote": repeated("a\n", HASHES + '"'),
    "digits after words": repeated("1", KEYS + "a b c d e f g h i j k l m n o p q r s ", " t\n"),
    "odd line ends": repeated("a\x0b\n", HASHES),
    "wide characters": repeated("😀\n", KEYS),
    "one wide character a line": repeated("a" * 4000 + "😀\n", KEYS),
    "a wide header": repeated("a,", "Hardware Hash,"),
    "ones": repeated("1,", "[", "1]"),
    "empty objects": repeated("{},", "[", "{}]"),
    "empty arrays": repeated("[],", "[", "[]]"),
    "small devices": repeated('{"productKey":"a"},', "[", "{}]"),
    "other small devices": counted('{"productKey":"%05x"},', "[", "{}]"),
    "unknown members": repeated('{"a":1},', "[", "{}]"),
    "a bad device in each window": repeated('{"productKey":"a"},' * 5000 + '{"productKey":1},', "[", "{}]"),
    "commas in strings": repeated("1," * 30_000 + '"' + "1," * 30_000 + '",', "[", "1]"),
    "braces in strings": repeated("{}," * 20_000 + '"' + "},{" * 20_000 + '",', "[", "1]"),
    "large devices": repeated('{"x":[' + "[]," * 80_000 + "1]},", "[", "1]"),
    "a string without end": repeated("a", '["'),
    "digits": repeated("9", "["),
    "brackets": repeated("["),
    "brackets in brackets": repeated("[[[[[[[[]]]]]]]],", "[", "1]"),
    "white space": repeated(" ", "[", "1]"),
    "members of the envelope": repeated('"a":1,', "{", '"devices":[]}'),
    "packed equal rows": packed(repeated("a\n", KEYS)),
    "packed other rows": packed(counted("%05x\n", HASHES)),
    "packed rows with issues": packed(repeated("a\n", SERIALS)),
    "packed devices": packed(repeated('{"productKey":"a"},', "[", "{}]")),
    "packed other devices": packed(counted('{"productKey":"%05x"},', "[", "{}]")),
    "gzip of nothing": lambda size: gzip.compress(b"") * (size // 20),
    "noise": lambda size: random.Random(1).randbytes(size),
}


def size_of(data: bytes) -> int:
    return max(len(data), len(gzip.decompress(data))) if kind_of(data) == GZIP else len(data)


def measure(data: bytes) -> Measured:
    """Take the time, again where it was long, as the machine may be busy elsewhere; then the memory."""
    size, seconds, factor = size_of(data), float("inf"), 1.0
    for _ in range(_TRIES):
        if seconds > size / MEGABYTE:
            factor = slowness()
            start = time.process_time()
            inspect(InMemory(data), max_bytes=MOST)
            seconds = min(seconds, time.process_time() - start)
    tracemalloc.start()
    inspect(InMemory(data), max_bytes=MOST)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Measured(size, seconds, peak, factor)


if __name__ == "__main__":
    found = {name: measure(SHAPES[name](int(sys.argv[1]))) for name in sys.argv[2:] or SHAPES}
    sys.stdout.buffer.write(msgspec.json.encode(found))
