"""A CSV manifest: a header line, and a device on each line after it."""

from collections.abc import Iterator
from io import StringIO
from itertools import chain

from shared.device import Device
from shared.manifest.blocks import blocks
from shared.manifest.codes import WARNINGS
from shared.manifest.cursor import DECODER
from shared.manifest.entry import Entry
from shared.manifest.finding import UnreadableError
from shared.manifest.header import Layout, delimiter_of, layout
from shared.manifest.records import Records, Rows, cells_of
from shared.manifest.report import Report

_NOBODY = Device()
_EMPTY_LINE = [""]
_MARK = "\ufeff"  # stands before the second header where two files were put together
_TOO_MANY = (
    "The line has {} cells, the last ones not empty, for {} columns. The usual reason is a comma in the manufacturer's "
    'name: put the name between quotes, as in "Micro-Star International Co., Ltd.".'
)


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
    except UnreadableError:
        _blame_json(header, rest)
        raise
    heading = header.rstrip("\r\n")
    unmarked = (block.replace(_MARK + heading, heading) for block in rest)
    for rows in Records(unmarked, delimiter, number + 1):
        if rows.cells:
            yield from _entries(rows, columns, report)


def _header(text: Iterator[str]) -> tuple[int, str, Iterator[str]]:
    """Find the header; gives its number, itself, and the text after it."""
    number = 0
    for block in text:
        lines = StringIO(block, newline="")
        for line in lines:
            number += 1
            if not _is_preamble(line):
                return number, line, filter(None, chain((lines.read(),), text))
    raise UnreadableError("no_devices")


def _is_preamble(line: str) -> bool:
    """Tell an empty line, and what PowerShell's Export-Csv and Excel write before the header."""
    return not line.strip(' ,;\t\r\n"') or line.lower().startswith(("#type ", "sep="))


def _blame_json(line: str, rest: Iterator[str]) -> None:
    """Say it if a file without a header is a single JSON value instead."""
    try:
        DECODER.decode(line)
    except (ValueError, RecursionError):
        return
    if not any(map(str.strip, rest)):
        raise UnreadableError("wrong_top_level")


def _entries(rows: Rows, columns: Layout, report: Report) -> Iterator[Entry]:
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
            report.issue(line, None, "too_many_cells", _TOO_MANY, len(cells), columns.width)
            yield Entry(_NOBODY, line, sound=False)
        elif device != _NOBODY or any(map(str.strip, cells)):
            yield Entry(device, line)
