"""The totals rows of a worksheet's tables, which Excel puts below the last device."""

import re
from typing import NamedTuple

from shared.manifest.workbook_reader.archive import Archive
from shared.manifest.workbook_reader.markup import MAIN, elements
from shared.manifest.workbook_reader.parts import relations
from shared.manifest.workbook_reader.sheet import Row, columns_before

_MOST_BYTES = 1024 * 1024
_AREA = re.compile(r"([A-Z]{1,3})\d+:([A-Z]{1,3})(\d{1,7})")


class Totals(NamedTuple):
    """A totals row: its number, and its columns from 0."""

    row: int
    columns: range


def read_totals(archive: Archive, part: str) -> list[Totals]:
    """Read the totals rows of the tables of a worksheet."""
    tables = {relation.target for relation in relations(archive, part).values() if relation.kind == "table"}
    found = []
    for table in sorted(tables & archive.entries.keys()):
        for name, attributes in elements(archive.read(table, _MOST_BYTES)):
            area = _AREA.fullmatch(attributes.get("ref", ""))
            if name == f"{MAIN}table" and area and attributes.get("totalsRowCount", "0") != "0":
                columns = range(columns_before(area[1]), columns_before(area[2]) + 1)
                found.append(Totals(int(area[3]), columns))
    return found


def without_totals(rows: list[Row], totals: list[Totals]) -> list[Row]:
    """Return rows without their totals; cells beside the table stay."""
    numbers = {each.row for each in totals}
    return [_without(row, totals) if row.number in numbers else row for row in rows]


def _without(row: Row, totals: list[Totals]) -> Row:
    ours = [each.columns for each in totals if each.row == row.number]
    cells = ["" if any(column in columns for columns in ours) else cell for column, cell in enumerate(row.cells)]
    return row._replace(cells=cells)
