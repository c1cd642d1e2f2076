"""A CSV manifest: a header line, and a device on each line after it."""

from collections.abc import Iterator
from io import StringIO
from itertools import chain, islice

from shared.manifest.csv_reader.header import Layout, delimiter_of, known_columns, layout
from shared.manifest.csv_reader.records import Records, Rows, blocks, cells_of
from shared.manifest.device import Device, Entry
from shared.manifest.findings import Report, UnreadableError
from shared.manifest.json_reader.cursor import DECODER
from shared.manifest.messages import WARNINGS

_NOBODY = Device()
_EMPTY_LINE = [""]
_LOOKED_AT = 100  # lines in which a header is looked for that is not the first
_MARK = "\ufeff"  # stands before the second header where two files were put together
_TOO_MANY = "The line has {} cells, the last ones not empty, for {} columns. {}"
_REASONS = {
    ",": "The usual reason is a comma in the manufacturer's name: put the name between quotes, as in "
    '"Micro-Star International Co., Ltd.".',
    ";": "The usual reason is a semicolon in a value: put that value between quotes.",
    "\t": "The usual reason is a tab in a value: put that value between quotes.",
}
_LATER = "The header stands only on line {}. Delete what stands above it."


def table(pieces: Iterator[str], report: Report) -> Iterator[Entry]:
    """Read a manifest that is no JSON.

    Raises:
        UnreadableError: What is wrong stops the reading.
    """
    report.unit = "line"
    number, header, rest = _header(blocks(pieces))
    delimiter = delimiter_of(header)
    try:
        columns = layout(cells_of(header, delimiter), number, report)
    except UnreadableError as error:
        if error.finding.code == "missing_header":
            _look_for_reasons(header, number, rest)
        raise
    heading = header.rstrip("\r\n")
    unmarked = (block.replace(_MARK + heading, heading) for block in rest)
    for rows in Records(unmarked, delimiter, number + 1):
        if rows.cells:
            yield from devices_of(rows, columns, _REASONS[delimiter], report)


def _header(text: Iterator[str]) -> tuple[int, str, Iterator[str]]:
    """Find the header; gives its number, itself, and the text after it."""
    number = 0
    try:
        for block in text:
            lines = StringIO(block, newline="")
            for line in lines:
                number += 1
                if not _is_preamble(line):
                    return number, line, filter(None, chain((lines.read(),), text))
    except UnreadableError as error:
        raise error.on_line(number + 1) from error
    raise UnreadableError("no_devices")


def _is_preamble(line: str) -> bool:
    """Tell an empty line, and what PowerShell's Export-Csv and Excel write before the header."""
    return not line.strip(' ,;\t\r\n"') or line.lower().startswith(("#type ", "sep="))


def _look_for_reasons(line: str, number: int, rest: Iterator[str]) -> None:
    """Say it if the header stands further down, or the file is a single JSON value."""
    block = next(rest, "")
    lines = [] if line.count('"') % 2 else islice(StringIO(block, newline=""), _LOOKED_AT)
    for later, other in enumerate(lines, number + 1):
        if known_columns(other) > 1:
            raise UnreadableError("missing_header", _LATER.format(later), f"line {number}")
    try:
        DECODER.decode(line)
    except (ValueError, RecursionError):
        return
    if not any(map(str.strip, chain((block,), rest))):
        raise UnreadableError("wrong_top_level")


def devices_of(rows: Rows, columns: Layout, reason: str, report: Report) -> Iterator[Entry]:
    """Make devices of rows; ``reason`` is why one may have too many cells."""
    devices = columns.devices(rows.cells)
    is_plain = len(max(rows.cells, key=len)) <= columns.width
    if is_plain and _NOBODY not in devices and columns.heading not in devices:
        yield from map(Entry, devices, rows.lines)
        return
    for device, line, cells in zip(devices, rows.lines, rows.cells, strict=True):
        if cells == _EMPTY_LINE:
            continue
        if device == columns.heading:
            report.warning(line, None, "repeated_header", WARNINGS["repeated_header"])
        elif any(map(str.strip, cells[columns.width :])):
            report.issue(line, None, "too_many_cells", _TOO_MANY, len(cells), columns.width, reason)
            yield Entry(_NOBODY, line, sound=False)
        elif device != _NOBODY or any(map(str.strip, cells)):
            yield Entry(device, line)
