"""Columns that have ids of customers or batches, which must be the manifest's own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from shared.manifest.csv_reader.header import IdColumn, Layout
from shared.manifest.csv_reader.records import Rows
from shared.manifest.device import Entry
from shared.manifest.findings import Report
from shared.manifest.ids_beside_devices import check_id, may_be_id, warn_of_no_id

_MOST_KNOWN = 100


class IdColumns:
    """Checks these columns of a file."""

    def __init__(self, layout: Layout, report: Report) -> None:
        self._report = report
        self._fine: dict[IdColumn, set[str]] = {column: {""} for column in layout.ids}
        self._warned: set[IdColumn] = set()

    def checked(self, entries: Iterable[Entry], rows: Rows) -> Iterable[Entry]:
        """Return the entries of some rows; one that is meant for another customer or batch is reported as it is taken.

        Where all cells are known to be fine, a list stays a list.
        """
        if all(fine.issuperset(map(column.cell, rows.cells)) for column, fine in self._fine.items()):
            return entries
        return self._one_by_one(entries, dict(zip(rows.lines, rows.cells, strict=True)))

    def _one_by_one(self, entries: Iterable[Entry], cells: Mapping[int, Sequence[str]]) -> Iterator[Entry]:
        for entry in entries:
            for column, fine in self._fine.items():
                value = column.cell(cells[entry.number])
                if entry.sound and value not in fine:
                    self._check(column, value, entry)
            yield entry

    def _check(self, column: IdColumn, value: str, entry: Entry) -> None:
        if not may_be_id(column.field, value):
            if column not in self._warned:
                warn_of_no_id(column.field, f"The column {column.shown}", entry, self._report)
            self._warned.add(column)
        elif not check_id(column.field, value, f"The column {column.shown}", entry, self._report):
            entry.reject()
            return
        if len(self._fine[column]) < _MOST_KNOWN:
            self._fine[column].add(value)
