"""Any bytes whatever give devices or issues: never an exception, never too much memory, never too long."""

import gzip
import json
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator

import msgspec
import pytest

from shared.device import Device, encode
from shared.manifest import CODES, InMemory, Manifest, inspect
from tests.manifest.files import (
    AUTOPILOT_INFO,
    MANAGED_DESKTOP,
    TEMPLATE,
    csv_text,
    documented,
    encoded,
    in_pascal_case,
    json_file,
    made_up_hash,
)

MEGABYTE = 1 << 20
MOST = 1 << 24

DEVICES = [
    Device("5CG1234567", "00329-00000-0003-AA606", made_up_hash(1, 80), "LENOVO", "20L7001LMH"),
    Device("5CG1234568", None, None, "Müller, Ltd.", "X"),
    Device(None, None, made_up_hash(2, 80)),
    Device(None, None, made_up_hash(2, 80)),
]
ENVELOPE = {"customerId": "c", "batchId": "b", "devices": [documented(device) for device in DEVICES]}
SEEDS = [
    json_file(DEVICES),
    json.dumps([in_pascal_case(documented(device)) for device in DEVICES], indent=2).encode(),
    json.dumps(ENVELOPE).encode(),
    csv_text(DEVICES, TEMPLATE).encode(),
    csv_text(DEVICES, (*AUTOPILOT_INFO, "Group Tag"), ";", quote=True).encode("utf-8-sig"),
    encoded(csv_text(DEVICES, MANAGED_DESKTOP, "\t"), "utf-16-le"),
    csv_text(DEVICES, TEMPLATE, ";").encode("cp1252"),
    gzip.compress(json_file(DEVICES), mtime=0),
]
TOKENS = [
    b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\n", b"\r", b"\r\n", b";", b"\t", b" ", b"\0", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\xe9", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"null", b"NaN", b"1e999", b"9" * 5000, b"},{",
    b"[" * 3000, b'{"a":' * 3000, b'""', b'",', b"\x1f\x8b", b"PK\x03\x04", b"%PDF", b"<html", b"\x0b", b"\xe2\x80\xa8",
    b'"devices":', b'"BatchId":5,', b"Hardware Hash", b"1.23E+11", "😀".encode(), b"a," * 200, b"\n" * 300, b"{},",
]  # fmt: skip


def mutated(dice: random.Random) -> bytes:
    data = bytearray(dice.choice(SEEDS))
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        start = dice.randrange(len(data) + 1)
        end = min(len(data), start + dice.choice((1, 1, 5, 50, 500)))
        kind = dice.randrange(7)
        if kind == 0:
            data[start:end] = dice.randbytes(end - start)
        elif kind == 1:
            del data[start:end]
        elif kind == 2:
            data[start:start] = dice.choice(TOKENS)
        elif kind == 3:
            data[start:end] = dice.choice(TOKENS)
        elif kind == 4:
            data[start:start] = data[start:end] * dice.choice((1, 2, 30))
        elif kind == 5:
            del data[start:]
        else:
            data[start:] = dice.choice(SEEDS)[start:]
    return bytes(data)


class InPieces(InMemory):
    """The same bytes in pieces, as a download brings them."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__(data)
        self._step = step

    def chunks(self) -> Iterator[bytes]:
        (data,) = super().chunks()
        return (data[start : start + self._step] for start in range(0, len(data), self._step))


def outcome(manifest: Manifest) -> bytes:
    """Write down everything that a manifest tells, which fails where a text is none."""
    told = (manifest.issues, manifest.warnings, manifest.device_count, manifest.customer_id, manifest.batch_id)
    if manifest.issues.count:
        return msgspec.json.encode(told)
    devices = [*manifest.devices()]
    assert len(devices) == manifest.device_count > 0
    assert len({*devices}) == len(devices)
    return msgspec.json.encode(told) + encode(devices)


def go_through(count: int, seed: int) -> int:
    """Inspect mutated manifests; gives how many of them were still fine."""
    dice = random.Random(seed)  # noqa: S311 - it must be repeatable
    fine = 0
    for number in range(count):
        data = mutated(dice)
        try:
            manifest = inspect(InMemory(data), max_bytes=MOST)
            told = outcome(manifest)
            assert told == outcome(inspect(InPieces(data, dice.choice((1, 13, 1000))), max_bytes=MOST))
            assert all(finding.code in CODES for finding in (*manifest.issues.kept, *manifest.warnings.kept))
        except Exception as error:
            error.add_note(f"mutation {number} of seed {seed}: {data!r}")
            raise
        fine += not manifest.issues.count
    return fine


def test_mutated_manifests_give_devices_or_issues() -> None:
    fine = go_through(500, seed=time.time_ns())
    assert 0 < fine < 500


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_very_many_mutated_manifests_give_devices_or_issues() -> None:
    fine = sum(go_through(1000, seed) for seed in range(100))
    assert 0 < fine < 100_000


def repeated(unit: str, before: str = "", after: str = "") -> Callable[[int], bytes]:
    return lambda size: (before + unit * (size // len(unit.encode())) + after).encode()


def counted(form: str, before: str, after: str = "") -> Callable[[int], bytes]:
    return lambda size: (
        before + "".join(form % number for number in range(size // len(form % 46656))) + after
    ).encode()


KEYS, HASHES, SERIALS = "Windows Product ID\n", "Hardware Hash\n", "Serial Number,Hardware Hash\n"
SHAPES = {
    "rows of one cell": repeated("a\n", KEYS),
    "rows of other cells": counted("%05x\n", KEYS),
    "rows of other hashes": counted("%05x\n", HASHES),
    "rows with issues": repeated("a\n", SERIALS),
    "rows with many cells": repeated(",,,a\n", SERIALS),
    "rows of quotes": repeated('"a"\n', KEYS),
    "spoilt serials": repeated("1E+5\n", SERIALS),
    "empty lines": repeated("\n", KEYS),
    "blank records": repeated(",\n", SERIALS),
    "delimiters": repeated(",", HASHES),
    "quotes": repeated('"', HASHES),
    "an open quote": repeated("a\n", HASHES + '"'),
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
    "gzip of nothing": lambda size: gzip.compress(b"") * (size // 20),
    "noise": lambda size: random.Random(1).randbytes(size),  # noqa: S311 - it must be repeatable
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_takes_a_second_for_a_megabyte(shape: str) -> None:
    data = SHAPES[shape](MEGABYTE // 8)
    taken = []
    while not taken or (min(taken) > len(data) / MEGABYTE and len(taken) < 5):  # the machine may be busy elsewhere
        start = time.process_time()
        inspect(InMemory(data), max_bytes=MOST)
        taken.append(time.process_time() - start)
    assert min(taken) <= len(data) / MEGABYTE


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_takes_three_times_its_size_and_20_megabytes(shape: str) -> None:
    data = SHAPES[shape](MEGABYTE // 2)
    tracemalloc.start()
    try:
        manifest = inspect(InMemory(data), max_bytes=MOST)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert manifest.issues.count or manifest.device_count
    assert peak <= 3 * len(data) + 20 * MEGABYTE
