"""A manifest in a workbook: a header in some row of the first visible sheet, and a device in each row after it."""

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from shared.manifest.csv_reader.device_rows import DeviceRows
from shared.manifest.csv_reader.header import Layout, known_columns, known_names, layout
from shared.manifest.csv_reader.records import Rows
from shared.manifest.device import FIELDS, Entry
from shared.manifest.field_names import field_of, mixed
from shared.manifest.field_rules import IDENTIFIERS
from shared.manifest.findings import MANIFEST, MOST_KEPT, Place, Report, UnreadableError
from shared.manifest.messages import ISSUES
from shared.manifest.workbook_reader.cell_values import Cell, Mark
from shared.manifest.workbook_reader.held_rows import CHARACTERS_TOGETHER, SheetRows
from shared.manifest.workbook_reader.workbook import Sheet, open_workbook

_LOOKED_AT = 100  # rows in which the header is looked for
_SHORTEST_DEVICE = 2  # cells
_LONGEST_TITLE = 100  # characters without a blank
_PRODUCT_KEY = re.compile(r"\w{5}(-\w{5}){4}")

_NO_HEADER = " No row of the sheet {} has any."
_IN_ONE_CELL = " All columns are in one cell: split them (Data, Text to Columns), each as text."
_ABOVE = " Row {} looks like a device, but the header is only in row {}: put it below the header, or delete it."


def workbook_table(
    chunks: Iterator[bytes], max_bytes: int, report: Report, alive: Callable[[], None]
) -> Iterator[Iterable[Entry]]:
    """Read the devices of a workbook, some at a time; ``alive`` is called at short intervals meanwhile.

    Raises:
        UnreadableError: It is not a workbook, or cannot be read further.
    """
    with open_workbook(chunks, max_bytes, alive) as sheets:
        yield from _first_sheet(sheets, report)


def _first_sheet(sheets: list[Sheet], report: Report) -> Iterator[Iterable[Entry]]:
    first, *others = sheets
    with_devices = next(filter(_has_devices, others), None)
    count = 0
    try:
        count = yield from _entries(first, report)
    except UnreadableError as error:
        # Where another sheet has the devices, that explains why this one has none.
        if with_devices is None or error.finding.code not in ("missing_header", "incomplete_header", "no_devices"):
            raise
    if with_devices and not count:
        raise UnreadableError("devices_on_other_sheet", _quoted(first), _quoted(with_devices))
    if with_devices:
        report.warning(MANIFEST, None, "sheet_ignored", _quoted(with_devices), _quoted(first))


def _quoted(sheet: Sheet) -> str:
    return "(name not shown)" if _PRODUCT_KEY.search(sheet.name) else repr(sheet.name)


def _has_devices(sheet: Sheet) -> bool:
    """Return whether a sheet has a header, and anything below it."""
    with suppress(UnreadableError):
        rows = _first(sheet.rows()).cells[: _LOOKED_AT + 1]
        return _header_index(rows, 2) < len(rows) - 1
    return False


def _first(rows: Iterator[SheetRows]) -> SheetRows:
    """Take as many rows as the header is looked for in, and one after it, fewer where they are long."""
    first = SheetRows([], [], frozenset(), 0)
    while len(first.numbers) <= _LOOKED_AT and first.characters < CHARACTERS_TOGETHER:
        if not (more := next(rows, None)):
            break
        first = first.with_more(more)
    return first


def _header_index(rows: Sequence[Sequence[str]], least: int) -> int:
    """Return the index of the first row that has at least ``least`` known names, ``len(rows)`` if none has."""
    return next((index for index, cells in enumerate(rows) if known_names(cells) >= least), len(rows))


def _best_header(rows: Sequence[Sequence[str]]) -> int:
    """Return the index of the header: a row with a single name that identifies no device may be a remark above it."""
    first, fuller = (_header_index(rows, least) for least in (1, 2))
    return first if fuller == len(rows) or _identifies(rows[first]) else fuller


def _identifies(cells: Sequence[str]) -> bool:
    """Return whether a row would do as a header, or has a single cell, below which may be devices."""
    filled = list(filter(str.strip, cells))
    return len(filled) == 1 or any(field_of(cell) in ("hardwareHash", "productKey") for cell in filled)


def _is_in_one_cell(cells: Sequence[str]) -> bool:
    filled = list(filter(None, cells))
    return len(filled) == 1 and known_columns(filled[0]) > 1


def _entries(sheet: Sheet, report: Report) -> Generator[Iterable[Entry], None, int]:
    """Yield the devices of a sheet; return their number."""
    rows = sheet.rows()
    first = _first(rows)
    index = _header_of(sheet, first.part(0, _LOOKED_AT))
    columns = layout(first.cells[index], first.numbers[index], report, "")
    device_rows = DeviceRows(columns, "", report)
    hidden: list[int] = []
    start = index + 1
    # Where each device has a warning, only as many as are kept are looked at one by one.
    parts = first.part(start, start + MOST_KEPT), first.part(start + MOST_KEPT, len(first.cells))
    for some in chain(parts, rows):
        if some.hidden:
            numbered = zip(some.numbers, some.cells, strict=True)
            hidden += [number for number, cells in numbered if number in some.hidden and any(cells)]
        yield _devices(some, columns, device_rows, report)
    if hidden:
        report.warning(Place(line=hidden[0]), None, "hidden_rows", len(hidden))
    return device_rows.count


def _header_of(sheet: Sheet, rows: SheetRows) -> int:
    """Return the index of the header.

    Raises:
        UnreadableError: There is none, or what is above it looks like a device.
    """
    if not rows.cells:
        raise UnreadableError("no_devices", f"any sheet; the first visible one, {_quoted(sheet)}, is empty")
    index = _best_header(rows.cells)
    if index == len(rows.cells):
        hint = _NO_HEADER.format(_quoted(sheet)) + (_IN_ONE_CELL if any(map(_is_in_one_cell, rows.cells)) else "")
        raise UnreadableError("missing_header", hint, at=Place(line=rows.numbers[0]))
    _check_above(rows, index)
    return index


def _check_above(rows: SheetRows, header: int) -> None:
    """Refuse rows above the header that may be devices, as they would be left out.

    Raises:
        UnreadableError: A row has as many cells as the header has known names, one as long as a hash, or several names
            in a cell: it may be the header of the devices, in another order.
    """
    most = max(known_names(rows.cells[header]), _SHORTEST_DEVICE)
    for number, cells in zip(rows.numbers[:header], rows.cells, strict=False):
        filled = list(filter(None, map(str.strip, cells)))
        is_title = not any(mixed(cell) or (len(cell) > _LONGEST_TITLE and " " not in cell) for cell in filled)
        if len(filled) >= most or not is_title:
            hint = _ABOVE.format(number, rows.numbers[header])
            raise UnreadableError("missing_header", hint, at=Place(line=number))


def _devices(rows: SheetRows, columns: Layout, device_rows: DeviceRows, report: Report) -> Iterable[Entry]:
    report.add_characters(rows.characters)
    has_marks = not {str}.issuperset(map(type, chain.from_iterable(rows.cells)))
    marked = list(_marked(rows, columns)) if has_marks else []
    found = device_rows.entries(Rows(rows.numbers, rows.cells))
    if not marked:
        return found
    is_sound = ISSUES.keys().isdisjoint(each.code for each in marked)
    # A file may have a warning for each device, which are then only counted.
    if isinstance(found, list) and report.keeps_no_more_warnings and is_sound:
        report.count_warnings(sum(len(each.lines) for each in marked))
        return found
    return _with_marks(found, marked, report)


class _Marked(NamedTuple):
    """The lines in which the cell of a field has a mark that matters."""

    field: str
    code: str
    lines: Sequence[int]


def _marked(rows: SheetRows, columns: Layout) -> Iterator[_Marked]:
    """Yield where cells are marked that hold a field, after plain text has been put in the place of each."""
    for field, index in zip(FIELDS, columns.indices, strict=True):
        if index is None:
            continue
        lines: dict[Mark, list[int]] = {}
        for number, cells in zip(rows.numbers, rows.cells, strict=True):
            if len(cells) > index and isinstance(cell := cells[index], Cell):
                cells[index] = str(cell)
                lines.setdefault(cell.mark, []).append(number)
        yield from (_Marked(field, code, lines[mark]) for mark in lines if (code := _code(mark, field)))


def _code(mark: Mark, field: str) -> str | None:
    """Return the code of a field's cell that has a mark, unless this does not matter."""
    if mark.is_fault:
        return mark.value
    # A serial number may be a number, a hash never.
    if field == "hardwareHash":
        return "number_for_hash"
    return mark.value if field in IDENTIFIERS else None


def _with_marks(entries: Iterable[Entry], marked: Sequence[_Marked], report: Report) -> Iterator[Entry]:
    by_line: dict[int | None, list[_Marked]] = {}
    for each in marked:
        for line in each.lines:
            by_line.setdefault(line, []).append(each)
    for entry in entries:
        for field, code, _ in by_line.get(entry.line, ()):
            if code in ISSUES:
                report.issue(entry, field, code)
                entry.reject()
            else:
                report.warning(entry, field, code)
        yield entry
