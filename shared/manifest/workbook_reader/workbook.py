"""An Excel workbook, from its bytes to its visible worksheets."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile, TemporaryFile

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.archive import Archive
from shared.manifest.workbook_reader.cells import Contents, Format
from shared.manifest.workbook_reader.faults import damaged
from shared.manifest.workbook_reader.formats import cell_formats
from shared.manifest.workbook_reader.markup import elements
from shared.manifest.workbook_reader.parts import SheetEntry, WorkbookPart, main_part, read_workbook_part
from shared.manifest.workbook_reader.sheet import Row, read_rows
from shared.manifest.workbook_reader.strings import Strings, read_strings
from shared.manifest.workbook_reader.totals_rows import read_totals, without_totals

_IN_MEMORY = 8 * 1024 * 1024
_BUFFER = 65_536
_MOST_BYTES_OF_STYLES = 32 * 1024 * 1024


class Sheet:
    """A visible worksheet."""

    def __init__(self, entry: SheetEntry, archive: Archive, contents: Contents) -> None:
        self.name = entry.name
        self._part = entry.part
        self._archive = archive
        self._contents = contents

    def rows(self) -> Iterator[Row]:
        """Read the rows that hold something, in their order, without the totals below a table.

        Raises:
            UnreadableError: The sheet is damaged or exceeds a bound, which may show only behind the last row.
        """
        rows = read_rows(self._archive.read(self._part), self._contents)
        totals = read_totals(self._archive, self._part)
        return (without_totals(row, totals) for row in rows) if totals else rows


@contextmanager
def open_workbook(chunks: Iterator[bytes], max_bytes: int) -> Iterator[list[Sheet]]:
    """Read all of a workbook but its sheets, and provide the visible ones in the order of their tabs, at least one.

    Args:
        chunks: The bytes of the file. What does not fit into a little memory goes into a temporary file.
        max_bytes: What all that is read of it may have, unpacked.

    Raises:
        UnreadableError: It is no workbook that can be read.
    """
    with SpooledTemporaryFile(_IN_MEMORY) as file, TemporaryFile(buffering=_BUFFER) as more_strings:
        file.writelines(chunks)
        archive = Archive(file, max_bytes)
        workbook = read_workbook_part(archive, _main_part(archive))
        if not workbook.sheets:
            raise UnreadableError("no_visible_sheet")
        contents = _contents(archive, workbook, Strings(more_strings))
        yield [Sheet(entry, archive, contents) for entry in workbook.sheets]


def _contents(archive: Archive, workbook: WorkbookPart, strings: Strings) -> Contents:
    """Read what the cells refer to. Programs may name parts that they have not written, having nothing for them."""
    if workbook.strings and workbook.strings in archive:
        read_strings(archive.read(workbook.strings), strings)
    formats: list[Format] = []
    if workbook.styles and workbook.styles in archive:
        formats = cell_formats(elements(archive.read(workbook.styles, _MOST_BYTES_OF_STYLES)))
    return Contents(strings, formats, recalculates=workbook.recalculates)


def _main_part(archive: Archive) -> str:
    part = main_part(archive)
    if part is None:
        raise _another_kind(archive)
    if part.endswith(".bin"):
        raise UnreadableError("binary_workbook")
    return part


def _another_kind(archive: Archive) -> UnreadableError:
    if "mimetype" in archive and "content.xml" in archive:
        return UnreadableError("opendocument_file")
    if "xl/workbook.xml" in archive:
        return damaged("nothing says where it begins")
    return UnreadableError("office_document" if "[Content_Types].xml" in archive else "zip_archive")
