"""A large manifest is read in little memory, whatever its size, and can be sent from any part on."""

import gzip
import tracemalloc
from collections.abc import Iterator
from itertools import islice

import pytest

from shared.manifest import InMemory, inspect
from shared.manifest.device import Device, encode
from tests.manifest.files import MOST, TEMPLATE, made_up_hash
from tests.manifest.shapes import measure

MEGABYTE = 1 << 20
PART = 500
HASHES = [made_up_hash(seed, 4096) for seed in range(20)]


def device(number: int) -> Device:
    return Device(f"S{number:07}", None, f"{number:08}{HASHES[number % 20][8:]}", "LENOVO", "20L7001LMH")


FORMS = {
    "json": '{{"serialNumber":"{}","hardwareHash":"{}","oemManufacturerName":"{}","modelName":"{}"}}',
    "csv": "{},,{},{},{}",
    "csv with quotes": '"{}","","{}","{}","{}"',
}
ENDS = {
    "json": ("[", ",", "]"),
    "envelope": ('{"customerId": "c", "devices": [', ",", '], "batchId": "b"}'),
    "csv": (",".join(TEMPLATE) + "\r\n", "\r\n", ""),
}


class Written:
    """A manifest that is made up while it is read: nobody ever holds it."""

    def __init__(self, layout: str, devices: int) -> None:
        self._form = FORMS.get(layout, FORMS["json"])
        self._begin, self._between, self._end = ENDS[layout.split(" ", 1)[0]]
        self._devices = devices
        self.size = sum(map(len, self.chunks()))

    def chunks(self) -> Iterator[bytes]:
        yield self._begin.encode()
        for start in range(0, self._devices, 256):
            some = map(device, range(start, min(start + 256, self._devices)))
            texts = [
                self._form.format(each.serial_number, each.hardware_hash, each.oem_manufacturer_name, each.model_name)
                for each in some
            ]
            yield (self._between * (start > 0) + self._between.join(texts)).encode()
        yield self._end.encode()


LAYOUTS = [*FORMS, "envelope"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_large_manifest_is_checked_and_sent_in_little_memory(layout: str) -> None:
    check_and_send(layout, 5_000)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_very_large_manifest_takes_no_more_memory(layout: str) -> None:
    check_and_send(layout, 100_000)


def check_and_send(layout: str, count: int) -> None:
    content = Written(layout, count)
    assert content.size > 19 * MEGABYTE
    tracemalloc.start()
    try:
        manifest = inspect(content, max_bytes=2 * MOST)
        assert (manifest.device_count, manifest.issues.count, manifest.warnings.count) == (count, 0, 0)
        first = count // 2 + 1
        devices, sent = manifest.devices(first), 0
        while part := list(islice(devices, PART)):
            assert encode(part).startswith(encode([device(first + sent - 1)])[:-1])
            sent += len(part)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sent == count - first + 1
    allowed = 20 + count // 5_000  # what is remembered of each device, to find those that come again
    assert peak < allowed * MEGABYTE


HOSTILE = {
    "line breaks between quotes": b"Windows Product ID\n" + (b'"' + b"\n" * 900_000 + b'"\n') * 4,
    "members of gzip that are empty": gzip.compress(b"Windows Product ID\nAAAAA-BBBBB\n")
    + gzip.compress(b"") * 400_000,
}


@pytest.mark.untraced
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_what_is_made_to_fill_the_memory_does_not(data: bytes) -> None:
    check_memory(data)


def test_neither_do_blanks_before_anything() -> None:
    check_memory(gzip.compress(b" " * 40 * MEGABYTE))


def check_memory(data: bytes) -> None:
    content = InMemory(data)
    tracemalloc.start()
    try:
        inspect(content, max_bytes=100 * MEGABYTE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32 * MEGABYTE


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0"])
def test_a_hash_that_is_mostly_blank_is_read_in_no_time(blank: str) -> None:
    hash_ = f"A{blank * 60_000}B"
    manifest = inspect(InMemory(encode([Device("S1", None, hash_, "LENOVO", "20L7001LMH")])), max_bytes=MOST)
    assert [issue.code for issue in manifest.issues.kept] == ["not_base64"]


@pytest.mark.untraced
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_name_with_an_umlaut_in_each_row_takes_no_time(encoding: str) -> None:
    rows = (f"S{number:07},,{HASHES[number % 20]},M\u00fcller,20L7\n" for number in range(500))
    measured = measure((",".join(TEMPLATE) + "\n" + "".join(rows)).encode(encoding))
    # A quarter of that; more than it where each character is compared with every form of another encoding.
    assert measured.seconds < 0.06 * measured.slowness


@pytest.mark.untraced
def test_rows_of_hundreds_of_columns_are_read_many_at_once() -> None:
    header = [*TEMPLATE, *(f"Extra {number}" for number in range(200))]
    rows = (f"S{number:07},,{HASHES[number % 20]},LENOVO,20L7{',extra' * 200}\n" for number in range(500))
    measured = measure((",".join(header) + "\n" + "".join(rows)).encode())
    # A quarter of that; three times as much as it where each row is looked at alone.
    assert measured.seconds < 0.1 * measured.slowness
