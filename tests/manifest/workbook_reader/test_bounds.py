"""Whatever arrives, a workbook is refused before it takes much memory or long; bounds hold while it is unpacked."""

import gc
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from pathlib import Path
from struct import pack

import pytest

from shared.manifest import InMemory, UnreadableError, inspect
from shared.manifest.csv_reader.device_rows import DeviceRows
from shared.manifest.csv_reader.header import layout
from shared.manifest.csv_reader.records import Rows
from shared.manifest.findings import Report
from shared.manifest.workbook_reader.archive import PIECE
from shared.manifest.workbook_reader.strings import Strings
from shared.manifest.workbook_reader.workbook import open_workbook
from tests.manifest.files import MOST, devices_in, issues_in, made_up_hash, read
from tests.manifest.workbook_reader.workbooks import (
    MAIN,
    TUPLE,
    Parts,
    parts,
    row,
    sheet,
    strings,
    styles,
    table,
    workbook,
    zipped,
)

MEGABYTE = 1 << 20
MOST_MEMORY = 150 * MEGABYTE
ONE = ("S1", "Contoso", "M1")
PARTS = parts(table(('<c r="A2"><v>1</v></c>', *ONE[1:])))
"""With a number, as many styles are read for numbers alone."""

SHEET = "xl/worksheets/sheet1.xml"
OPEN_SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()


def bomb(part: str, pieces: Iterable[bytes], others: Parts = PARTS) -> bytes:
    """Put a part into an archive that need not be in memory unpacked. Its length and checksum are lies."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(deflate.compress(piece) for piece in pieces) + deflate.flush()
    rest = {name: text for name, text in others.items() if name != part}
    archive = zipped(rest)
    start = int.from_bytes(archive[-6:-2], "little")
    facts = pack("<HHHHHLLLHH", 20, 0, 8, 0, 0, 0, len(packed), 10, len(part), 0)
    entry = b"PK\3\4" + facts + part.encode() + packed
    central = b"PK\1\2" + b"\x14\0" + facts + pack("<HHHLL", 0, 0, 0, 0, start) + part.encode()
    directory = archive[start:-22] + central
    count = len(rest) + 1
    return (
        archive[:start] + entry + directory
        + pack("<4sHHHHLLH", b"PK\5\6", 0, 0, count, count, len(directory), start + len(entry), 0)
    )  # fmt: skip


def repeated(before: bytes, unit: bytes, megabytes: int) -> Iterator[bytes]:
    yield before
    block = unit * (MEGABYTE // len(unit))
    for _ in range(megabytes):
        yield block


def numbered(before: bytes, form: str, count: int) -> Iterator[bytes]:
    yield before
    for start in range(0, count, 10_000):
        yield "".join(form.format(number) for number in range(start, start + 10_000)).encode()


STYLES = f'<styleSheet xmlns="{MAIN}"><cellXfs>'.encode()
SHEETS = f'<workbook xmlns="{MAIN}"><sheets>'.encode()
STRINGS = f'<sst xmlns="{MAIN}">'.encode()
BOMBS: dict[str, Callable[[], tuple[str, Iterator[bytes]]]] = {
    "white space": lambda: (SHEET, repeated(OPEN_SHEET, b" ", 256)),
    "an attribute": lambda: (SHEET, repeated(OPEN_SHEET + b'<row r="', b"1", 64)),
    "a text": lambda: (SHEET, repeated(OPEN_SHEET + b'<row><c t="str"><v>', b"x", 64)),
    "a comment": lambda: (SHEET, repeated(OPEN_SHEET + b"<!--", b"x", 64)),
    "cells in a row": lambda: (SHEET, repeated(OPEN_SHEET + b"<row>", b"<c/>", 64)),
    "rows": lambda: (SHEET, repeated(OPEN_SHEET, b"<row/>", 64)),
    "open elements": lambda: (SHEET, repeated(OPEN_SHEET, b"<a>", 64)),
    "names of elements": lambda: (SHEET, numbered(OPEN_SHEET, "<a{}/>", 300_000)),
    "names of attributes": lambda: (SHEET, numbered(OPEN_SHEET, '<a a{}=""/>', 300_000)),
    "prefixes": lambda: (SHEET, numbered(OPEN_SHEET, '<a xmlns:a{0}="u{0}"/>', 300_000)),
    "names in a long namespace": lambda: (SHEET, numbered(b'<a xmlns="' + b"u" * 500_000 + b'">', "<a{}/>", 100_000)),
    "a shared string": lambda: ("xl/sharedStrings.xml", repeated(STRINGS + b"<si><t>", b"x", 64)),
    "empty shared strings": lambda: ("xl/sharedStrings.xml", repeated(STRINGS, b"<si/>", 32)),
    "runs of a shared string": lambda: ("xl/sharedStrings.xml", repeated(STRINGS + b"<si>", b"<r><t>x</t></r>", 32)),
    "styles": lambda: ("xl/styles.xml", repeated(STYLES, b'<xf numFmtId="0"/>', 64)),
    "sheets": lambda: ("xl/workbook.xml", repeated(SHEETS, b'<sheet name="x"/>', 64)),
    "relations": lambda: ("_rels/.rels", repeated(b"<Relationships>", b'<Relationship Id="x"/>', 64)),
}  # fmt: skip


PROBE = """
import re, sys
from collections import deque
from functools import cache
from itertools import repeat
from pathlib import Path
from shared.manifest import InMemory, UnreadableError, inspect
from shared.manifest.workbook_reader.strings import Strings
for file in sorted(Path(sys.argv[1]).iterdir()):
    issues = inspect(InMemory(file.read_bytes()), max_bytes=1 << 28).issues
    print(file.name, *(issue.code for issue in issues.kept), sep=": ")
print(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a process's own peak of memory is known on Linux alone")
def test_each_bomb_is_refused_and_none_takes_much_memory(tmp_path: Path) -> None:
    for name, made in BOMBS.items():
        (tmp_path / name).write_bytes(bomb(*made()))
    probe = [sys.executable, "-c", PROBE, str(tmp_path)]
    output = subprocess.run(probe, capture_output=True, text=True, check=True).stdout  # noqa: S603 - our own probe
    *lines, peak = output.splitlines()
    found = dict(line.split(": ") for line in lines)
    assert found.keys() == BOMBS.keys()
    assert {*found.values()} <= {"workbook_too_large", "workbook_damaged", "value_too_large"}, found
    assert int(peak) * 1024 < MOST_MEMORY


@pytest.mark.parametrize("name", ["a comment", "open elements", "names of elements", "cells in a row", "relations"])
def test_a_bomb_of_each_kind_is_refused_in_this_process(name: str) -> None:
    """Where its coverage is measured: one for each bound."""
    assert issues_in(bomb(*BOMBS[name]())) == [("manifest", "workbook_too_large")]


def test_a_large_workbook_is_not_held_in_memory() -> None:
    data = zipped(PARTS | {"xl/media/picture": bytes(40 * MEGABYTE)}, zipfile.ZIP_STORED)
    tracemalloc.start()
    pieces = (data[start : start + MEGABYTE] for start in range(0, len(data), MEGABYTE))
    with open_workbook(pieces, MOST, lambda: None) as [only]:
        assert sum(len(rows.numbers) for rows in only.rows()) == 2
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * MEGABYTE


LONG_TEXTS = 280  # of four bytes a character: more than are kept in memory


def of_long_texts(*, more: str = "") -> str:
    """Write rows, each of which is within the bounds of one."""
    last = LONG_TEXTS + len(ONE) - 1
    cells = "".join(f'<c t="s"><v>{last - place % 10}</v></c>' for place in range(33))
    return f"<row>{cells}{more}</row>" * 40


HEADER = row(1, *TUPLE, *map(str, range(30)))
LONG_ROWS = {
    "read together": lambda: {"Devices": sheet(HEADER, row(2, *map(str, range(33))), of_long_texts())},
    "left to the parser": lambda: {"Devices": sheet(HEADER, of_long_texts(more="<!-- -->"))},
    "without a header": lambda: {"Devices": sheet(of_long_texts())},
    "on another sheet": lambda: {"Devices": table(ONE), "Others": sheet(of_long_texts())},
}


@pytest.mark.parametrize("made", LONG_ROWS.values(), ids=LONG_ROWS)
def test_rows_of_long_texts_are_not_all_held_in_memory(made: Callable[[], dict[str, str]]) -> None:
    texts = (f"{number}{chr(0x1F4BB) * 31_000}" for number in range(LONG_TEXTS))
    data = zipped(parts(made(), shared=strings(*ONE, *texts)), zipfile.ZIP_STORED)
    tracemalloc.start()
    read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * MEGABYTE


LONG = "x" * MEGABYTE
KEPT: dict[str, Callable[[], bytes]] = {
    "a reference": lambda: zipped(parts(sheet(f'<row r="1"><c r="{LONG[:900_000]}1"><v>1</v></c></row>'))),
    "headings": lambda: zipped(parts(table(header=[f"{place}{LONG[:30_000]}" for place in range(30)]))),
    "names of members": lambda: json.dumps(
        [{"productKey": "K1", f"{LONG[:30_000]}{place}": 1} for place in range(30)]
    ).encode(),
}


@pytest.mark.parametrize("made", KEPT.values(), ids=KEPT)
def test_nothing_that_is_long_stays_in_memory(made: Callable[[], bytes]) -> None:
    data = made()
    read(zipped(PARTS))
    tracemalloc.start()
    read(data)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < MEGABYTE // 4


def test_long_values_that_are_repeated_are_not_remembered() -> None:
    report = Report(keep=1)
    device_rows = DeviceRows(layout(TUPLE, 1, report, ""), "", report)
    tracemalloc.start()
    for number in range(20):
        rows = [["S1", "Contoso", f"{number}{LONG[:100_000]}"]] * 8
        assert len(list(device_rows.entries(Rows(range(8), rows)))) == 8
    del rows
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < MEGABYTE // 2


def test_shared_strings_without_end_are_refused() -> None:
    texts = Strings(io.BytesIO())
    with pytest.raises(UnreadableError, match="workbook_too_large"):
        deque(map(texts.add, repeat([""])), maxlen=0)


def test_a_crowd_of_entries_is_refused() -> None:
    assert issues_in(zipped(PARTS | {f"x/{number}": "" for number in range(20_000)})) == [
        ("manifest", "workbook_too_large")
    ]


def test_shared_strings_that_do_not_fit_into_memory_are_read_all_the_same() -> None:
    hashes = [made_up_hash(number, 1_000) * 30 for number in range(1_300)]
    cells = (row(number + 2, f'<c r="A{number + 2}" t="s"><v>{number}</v></c>') for number in range(len(hashes)))
    data = zipped(parts(sheet(row(1, "Hardware Hash"), *cells), shared=strings(*hashes)))
    assert [device.hardware_hash for device in devices_in(data)] == hashes


def test_rows_of_long_texts_are_few_at_a_time() -> None:
    cells = (row(number, *['<c t="s"><v>0</v></c>'] * 3) for number in range(2, 202))
    data = workbook(sheet(row(1, *TUPLE), *cells), shared=strings("x" * 32_000))
    with open_workbook(iter([data]), MOST, lambda: None) as [only]:
        together = [rows.characters for rows in only.rows()]
    assert (sum(together) > 19_000_000, max(together) < 700_000) == (True, True)


def test_long_rows_are_read_a_few_at_a_time() -> None:
    texts = [f'<c t="str"><v>{"x" * 8_000}</v></c>'] * 3
    content = sheet(row(1, *TUPLE), *(row(number, *texts) for number in range(2, 402)))
    data = zipped(parts(content), zipfile.ZIP_STORED)
    with open_workbook(iter([data]), MOST, lambda: None) as [only]:
        tracemalloc.start()
        assert sum(len(rows.numbers) for rows in only.rows()) == 401
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5 * MEGABYTE


def test_numbers_that_cannot_be_sent_need_no_styles() -> None:
    cells = [(f'<c t="n" s="{number}"><v>-{number}</v></c>', *ONE[1:]) for number in range(1, 100)]
    data = workbook(table(*cells), formats=f"<styleSheet{' ' * MEGABYTE}")
    assert {code for _, code in issues_in(data)} == {"number_lost_digits"}


def test_damaged_styles_are_read_once_however_many_sheets_have_numbers() -> None:
    number = table(('<c r="A2" s="1"><v>1</v></c>', *ONE[1:]))
    sheets = {"Devices": table(ONE)} | {f"S{place}": number for place in range(20)}
    data = workbook(sheets, formats=f"<styleSheet{' ' * MEGABYTE}")
    pieces: list[None] = []
    manifest = inspect(InMemory(data), max_bytes=MOST, alive=lambda: pieces.append(None))
    # Once for its checksum, too.
    assert (manifest.device_count, len(pieces) * PIECE < 3 * MEGABYTE) == (1, True)


def test_a_style_for_each_cell_is_read_though_it_packs_like_a_bomb() -> None:
    looks = "<border><left/><right/><top/><bottom/><diagonal/></border>" * 50_000
    formats = styles("0000").replace("<cellStyleXfs>", f"<borders>{looks}</borders><cellStyleXfs>")
    rows = row(1, *TUPLE), row(2, '<c r="A2" s="1"><v>7</v></c>', *ONE[1:])
    data = workbook(sheet(*rows), formats=formats)
    assert len(formats) > 2 * MEGABYTE > 200 * len(data)
    assert [device.serial_number for device in devices_in(data)] == ["0007"]


def test_more_is_not_unpacked_than_a_manifest_may_have() -> None:
    data = zipped(parts(table(*((f"S{number}", "Contoso", "M") for number in range(1_000)))))
    assert inspect(InMemory(data), max_bytes=MOST).issues.count == 0
    [issue] = inspect(InMemory(data), max_bytes=50_000).issues.kept
    assert issue.code == "workbook_too_large"


def test_a_directory_of_many_bytes_is_not_read() -> None:
    data = zipped(PARTS | {f"x/{'y' * 60_000}{number}": "" for number in range(80)})
    assert issues_in(data) == [("manifest", "workbook_too_large")]
