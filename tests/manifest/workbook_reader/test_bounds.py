"""Whatever arrives, a workbook is refused before it takes much memory or long; bounds hold while it is unpacked."""

import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from struct import pack

from shared.manifest import InMemory, inspect
from tests.manifest.files import MOST, devices_in, issues_in, made_up_hash
from tests.manifest.workbook_reader.workbooks import MAIN, TUPLE, Parts, parts, row, sheet, strings, table, zipped

MEGABYTE = 1 << 20
MOST_MEMORY = 150 * MEGABYTE
ONE = ("S1", "Contoso", "M1")
PARTS = parts(table(ONE))
SHEET = "xl/worksheets/sheet1.xml"
OPEN_SHEET = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()


def bomb(part: str, pieces: Iterable[bytes], others: Parts = PARTS) -> bytes:
    """Put a part into an archive that need not be in memory unpacked. Its length and checksum are lies."""
    deflate = zlib.compressobj(1, zlib.DEFLATED, -15)
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
STRINGS = f'<sst xmlns="{MAIN}">'.encode()
BOMBS: dict[str, tuple[str, Iterator[bytes]]] = {
    "a gigabyte of white space": (SHEET, repeated(OPEN_SHEET, b" ", 1_024)),
    "an attribute": (SHEET, repeated(OPEN_SHEET + b'<row r="', b"1", 64)),
    "a text": (SHEET, repeated(OPEN_SHEET + b'<row><c t="str"><v>', b"x", 64)),
    "a comment": (SHEET, repeated(OPEN_SHEET + b"<!--", b"x", 64)),
    "cells in a row": (SHEET, repeated(OPEN_SHEET + b"<row>", b"<c/>", 64)),
    "rows": (SHEET, repeated(OPEN_SHEET, b"<row/>", 64)),
    "open elements": (SHEET, repeated(OPEN_SHEET, b"<a>", 64)),
    "names of elements": (SHEET, numbered(OPEN_SHEET, "<a{}/>", 300_000)),
    "names of attributes": (SHEET, numbered(OPEN_SHEET, '<a a{}=""/>', 300_000)),
    "prefixes": (SHEET, numbered(OPEN_SHEET, '<a xmlns:a{0}="u{0}"/>', 300_000)),
    "names in a long namespace": (SHEET, numbered(b'<a xmlns="' + b"u" * 500_000 + b'">', "<a{}/>", 100_000)),
    "a shared string": ("xl/sharedStrings.xml", repeated(STRINGS + b"<si><t>", b"x", 64)),
    "empty shared strings": ("xl/sharedStrings.xml", repeated(STRINGS, b"<si/>", 32)),
    "runs of a shared string": ("xl/sharedStrings.xml", repeated(STRINGS + b"<si>", b"<r><t>x</t></r>", 32)),
    "styles": ("xl/styles.xml", repeated(STYLES, b'<xf numFmtId="0"/>', 64)),
    "sheets": ("xl/workbook.xml", repeated(f'<workbook xmlns="{MAIN}"><sheets>'.encode(), b'<sheet name="x"/>', 64)),
    "relations": ("_rels/.rels", repeated(b"<Relationships>", b'<Relationship Id="x"/>', 64)),
}  # fmt: skip


def write_bombs(folder: Path) -> None:
    for number, (part, pieces) in enumerate(BOMBS.values()):
        (folder / str(number)).write_bytes(bomb(part, pieces))
    (folder / "entries").write_bytes(zipped(PARTS | {f"x/{number}": "" for number in range(20_000)}))


def test_shared_strings_that_do_not_fit_into_memory_are_read_all_the_same() -> None:
    hashes = [made_up_hash(number, 1_000) * 30 for number in range(1_300)]
    cells = (row(number + 2, f'<c r="A{number + 2}" t="s"><v>{number}</v></c>') for number in range(len(hashes)))
    data = zipped(parts(sheet(row(1, "Hardware Hash"), *cells), shared=strings(*hashes)))
    assert [device.hardware_hash for device in devices_in(data)] == hashes


def test_more_is_not_unpacked_than_a_manifest_may_have() -> None:
    data = zipped(parts(table(*((f"S{number}", "Contoso", "M") for number in range(1_000)))))
    assert inspect(InMemory(data), max_bytes=MOST).issues.count == 0
    [issue] = inspect(InMemory(data), max_bytes=50_000).issues.kept
    assert issue.code == "workbook_too_large"


def test_a_directory_of_many_bytes_is_not_read() -> None:
    data = zipped(PARTS | {f"x/{'y' * 60_000}{number}": "" for number in range(80)})
    assert issues_in(data) == [("manifest", "workbook_too_large")]


PROBE = """
import resource, sys, time
from pathlib import Path
from shared.manifest import InMemory, inspect
for file in sorted(Path(sys.argv[1]).iterdir()):
    data = file.read_bytes()
    start = time.process_time()
    codes = [issue.code for issue in inspect(InMemory(data), max_bytes=1 << 28).issues.kept]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(file.name, codes[0], peak, time.process_time() - start)
"""


def test_no_bomb_takes_much_memory_or_long(tmp_path: Path) -> None:
    write_bombs(tmp_path)
    told = subprocess.run([sys.executable, "-c", PROBE, tmp_path], capture_output=True, text=True, check=True).stdout
    lines = [line.split() for line in told.splitlines()]
    assert len(lines) == len(BOMBS) + 1
    assert {code for _, code, *_ in lines} <= {"workbook_too_large", "workbook_damaged", "value_too_large"}
    assert max(int(peak) for _, _, peak, _ in lines) * 1024 < MOST_MEMORY
    assert max(float(seconds) for *_, seconds in lines) < 5
