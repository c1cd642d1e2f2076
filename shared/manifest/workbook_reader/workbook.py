"""An Excel workbook, from its bytes to its visible worksheets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.archive import Archive
from shared.manifest.workbook_reader.cell_values import Contents, Format
from shared.manifest.workbook_reader.held_rows import SheetRows
from shared.manifest.workbook_reader.looks import without_looks
from shared.manifest.workbook_reader.parts import SheetEntry, WorkbookPart, read_workbook_part
from shared.manifest.workbook_reader.sheet import read_rows
from shared.manifest.workbook_reader.string_items import read_strings
from shared.manifest.workbook_reader.strings import Strings
from shared.manifest.workbook_reader.styles import cell_formats
from shared.manifest.workbook_reader.totals_rows import read_totals, without_totals

_IN_MEMORY = 8 * 1024 * 1024
_BUFFER = 65_536
_MOST_BYTES_OF_STYLES = 32 * 1024 * 1024
_FEW_BYTES_OF_STYLES = 256 * 1024


class Sheet:
    """A visible worksheet."""

    def __init__(self, entry: SheetEntry, archive: Archive, contents: Contents) -> None:
        self.name = entry.name
        self._part = entry.part
        self._archive = archive
        self._contents = contents

    def rows(self) -> Iterator[SheetRows]:
        """Read the rows that are not empty, many at a time, in their order, without the totals below a table.

        Raises:
            UnreadableError: The sheet is damaged or exceeds a bound; this may show only after the last row.
        """
        rows = read_rows(self._archive.read(self._part), self._contents)
        totals = read_totals(self._archive, self._part)
        return (without_totals(some, totals) for some in rows) if totals else rows


@contextmanager
def open_workbook(chunks: Iterator[bytes], max_bytes: int, alive: Callable[[], None]) -> Iterator[list[Sheet]]:
    """Provide the visible sheets of a workbook, at least one, in the order of their tabs.

    Args:
        chunks: The bytes of the file; a large one goes into a temporary file.
        max_bytes: Bytes that all parts that are read may have together, unpacked.
        alive: Called at short intervals while they are read.

    Raises:
        UnreadableError: It is not a workbook that can be read.
    """
    with SpooledTemporaryFile(_IN_MEMORY) as file, TemporaryFile(buffering=_BUFFER) as more_strings:
        _copy(chunks, file)
        archive = Archive(file, max_bytes, alive)
        workbook = read_workbook_part(archive)
        if not workbook.sheets:
            raise UnreadableError("no_visible_sheet")
        contents = _contents(archive, workbook, Strings(more_strings))
        yield [Sheet(entry, archive, contents) for entry in workbook.sheets]


def _copy(chunks: Iterator[bytes], file: IO[bytes]) -> None:
    # writelines() would have all of them in memory before the file leaves it.
    for chunk in chunks:
        file.write(chunk)


def _contents(archive: Archive, workbook: WorkbookPart, strings: Strings) -> Contents:
    """Read what the cells refer to. Programs may list a part that they have not written, as it would be empty."""
    if workbook.strings and workbook.strings in archive:
        read_strings(archive.read(workbook.strings), strings)
    return Contents(strings, _formats(archive, workbook.styles), recalculates=workbook.recalculates)


def _formats(archive: Archive, styles: str | None) -> Callable[[], list[Format]]:
    """Return what reads the formats of numbers; a part that has been changed behind its checksum is refused at once."""
    if not styles or styles not in archive:
        return list
    part = without_looks(archive.read(styles, _MOST_BYTES_OF_STYLES))
    # Some programs write a style for each cell, ten times as much as the cells, and text does not need them.
    return partial(list, cell_formats(part)) if len(part) <= _FEW_BYTES_OF_STYLES else partial(cell_formats, part)
