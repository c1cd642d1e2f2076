"""The totals rows of a worksheet's tables, which Excel puts below the last device."""

import re
from collections import deque
from collections.abc import Mapping, Sequence

from shared.manifest.workbook_reader.archive import Archive
from shared.manifest.workbook_reader.held_rows import SheetRows
from shared.manifest.workbook_reader.markup import MAIN, Element, elements
from shared.manifest.workbook_reader.parts import relations
from shared.manifest.workbook_reader.sheet import columns_before

_MOST_BYTES = 1024 * 1024
_AREA = re.compile(r"([A-Z]{1,3})\d+:([A-Z]{1,3})(\d{1,7})")


type Totals = Mapping[int, Sequence[range]]
"""The columns from 0 of the totals in a row, by its number."""


def read_totals(archive: Archive, part: str) -> Totals:
    """Read the totals rows of the tables of a worksheet, of which each has a part of its own."""
    tables = {relation.target for relation in relations(archive, part).values() if relation.kind == "table"}
    found: dict[int, list[range]] = {}
    for table in sorted(tables & archive.entries.keys()):
        tags = elements(archive.read(table, _MOST_BYTES))
        name, attributes = next(tags, Element("", {}))
        # Whether it is damaged shows at its end.
        deque(tags, maxlen=0)
        area = _AREA.fullmatch(attributes.get("ref", ""))
        if name == f"{MAIN}table" and area and attributes.get("totalsRowCount", "0") != "0":
            columns = range(columns_before(area[1]), columns_before(area[2]) + 1)
            found.setdefault(int(area[3]), []).append(columns)
    return found


def without_totals(rows: SheetRows, totals: Totals) -> SheetRows:
    """Return rows without their totals; cells beside the table stay."""
    numbered = zip(rows.numbers, rows.cells, strict=True)
    return rows._replace(
        cells=[_without(cells, totals[number]) if number in totals else cells for number, cells in numbered]
    )


def _without(cells: list[str], totals: Sequence[range]) -> list[str]:
    return ["" if any(column in columns for columns in totals) else cell for column, cell in enumerate(cells)]
