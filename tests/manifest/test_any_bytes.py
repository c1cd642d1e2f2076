"""Any bytes whatever give devices or issues: never an exception, never too much memory, never too long."""

import gzip
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from shared.manifest import CODES, MAX_DEVICES, InMemory, Manifest, inspect
from shared.manifest.decoding.file_type import GZIP, kind_of
from shared.manifest.device import Device, encode
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
from tests.manifest.shapes import MEGABYTE, MOST, SHAPES, Measured

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
    b"\x1a", b'="1"', csv_text([], TEMPLATE).encode(), "\ufeff".encode(),
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
    # How much behind a fault is still seen, such as bytes of another encoding, depends on the pieces.
    warnings = None if manifest.device_count is None else manifest.warnings
    # So do the ids before such a byte: it may stand in the same piece or in the next.
    is_broken = any(issue.code == "broken_encoding" for issue in manifest.issues.kept)
    ids = None if is_broken else (manifest.customer_id, manifest.batch_id)
    reported = (manifest.issues, warnings, manifest.device_count, ids)
    if manifest.issues.count:
        return msgspec.json.encode(reported)
    devices = [*manifest.devices()]
    assert devices
    assert len(devices) == manifest.device_count
    assert len({*devices}) == len(devices)
    return msgspec.json.encode(reported) + encode(devices)


def go_through(count: int, seed: int) -> int:
    """Inspect mutated manifests; gives how many of them were still fine."""
    dice = random.Random(seed)
    fine = 0
    for number in range(count):
        data = mutated(dice)
        try:
            manifest = inspect(InMemory(data), max_bytes=MOST)
            reported = outcome(manifest)
            if kind_of(data) != GZIP:  # zlib drops what it had unpacked of a piece in which it finds a fault
                assert reported == outcome(inspect(InPieces(data, dice.choice((1, 13, 1000))), max_bytes=MOST))
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


def measured_apart(size: int, *shapes: str) -> dict[str, Measured]:
    """Measure these shapes, or all, in a process of its own: no tracer of coverage is to slow it."""
    command = [sys.executable, "-m", "tests.manifest.shapes", str(size), *shapes]
    root = Path(__file__).parents[2]
    answer = subprocess.run(command, capture_output=True, check=True, cwd=root, timeout=300)  # noqa: S603 - our own
    return msgspec.json.decode(answer.stdout, type=dict[str, Measured])


def is_quick(found: Measured) -> bool:
    """Allow half a second for a megabyte, and eight microseconds for each of the rows that a manifest may have."""
    rows = min(found.size // 2, MAX_DEVICES)
    return found.seconds <= (found.size / MEGABYTE / 2 + rows * 8e-6) * found.slowness + 0.001


def is_small(found: Measured) -> bool:
    """Allow three times the size, 20 megabytes, and what is remembered of each row to find those that come again."""
    rows = min(found.size // 2, MAX_DEVICES)
    return found.peak <= 3 * found.size + (20 + rows // 5_000) * MEGABYTE


def test_no_shape_takes_half_a_second_for_a_megabyte_nor_three_times_its_size_and_a_little_for_each_row() -> None:
    measured = measured_apart(MEGABYTE // 64)
    assert measured.keys() == SHAPES.keys()
    assert {shape: found for shape, found in measured.items() if not is_quick(found)} == {}
    assert {shape: found for shape, found in measured.items() if not is_small(found)} == {}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_large_shape_takes_more_time_or_memory_either(shape: str) -> None:
    found = measured_apart(2 * MEGABYTE, shape)[shape]
    assert is_quick(found)
    assert is_small(found)
