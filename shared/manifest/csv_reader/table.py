"""A CSV manifest: a header, and a device on each line below it."""

import json
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain, islice

from shared.manifest.csv_reader.device_rows import DeviceRows
from shared.manifest.csv_reader.header import delimiter_of, known_columns, layout
from shared.manifest.csv_reader.records import Records, blocks, cells_of
from shared.manifest.device import Entry
from shared.manifest.field_names import DELIMITERS, field_of
from shared.manifest.findings import Place, Report, UnreadableError

_LOOKED_AT, _MOST_LOOKED_AT = 100, 1_048_576  # lines, and characters, in which a header is looked for
_ON_SCREEN = (
    " This is what PowerShell shows on the screen, where long values are cut off: write the file with Export-Csv, not "
    "with > or Out-File."
)
_BROKEN = " Here a name between quotes has a line break: put the whole header on one line."
_LATER = " The header is only on line {}: delete what is above it."


def table(pieces: Iterator[str], report: Report) -> Iterator[Iterable[Entry]]:
    """Read a manifest that is not JSON, some devices at a time.

    Raises:
        UnreadableError: The manifest cannot be read further.
    """
    number, header, rest = _header(blocks(pieces), report)
    delimiter = delimiter_of(header)
    try:
        columns = layout(cells_of(header, delimiter), number, report, delimiter)
    except UnreadableError as error:
        # Excel keeps the line breaks of its cells.
        if header.count('"') % 2 and error.finding.code in ("missing_header", "incomplete_header"):
            raise UnreadableError("missing_header", _BROKEN, at=Place(line=number)) from error
        if error.finding.code == "missing_header":
            _look_for_json(header, rest)
            _look_for_screen(header, next(rest, ""), number)
        raise
    device_rows = DeviceRows(columns, delimiter, report)
    for rows in Records(rest, delimiter, number + 1):
        yield device_rows.entries(rows)


def _header(text: Iterator[str], report: Report) -> tuple[int, str, Iterator[str]]:
    """Find the header; return its line number, the header, and the text after it."""
    number = 0
    try:
        for block in text:
            lines = StringIO(block, newline="")
            for line in lines:
                number += 1
                if not _is_preamble(line):
                    if not known_columns(line):
                        lines = _with_more(lines.read(), text)
                    skipped, header = _below_title(line, number, lines, report)
                    return number + skipped, header, filter(None, chain((lines.read(),), text))
    except UnreadableError as error:
        raise error.on_line(number + 1) from error
    raise UnreadableError("no_devices", "the manifest")


def _with_more(rest: str, text: Iterator[str]) -> StringIO:
    """Return the lines below another one, as many as are looked at, whatever pieces the text came in."""
    while len(rest) < _MOST_LOOKED_AT and max(map(rest.count, "\r\n")) < _LOOKED_AT and (more := next(text, "")):
        rest += more
    return StringIO(rest, newline="")


def _is_preamble(line: str) -> bool:
    """Return whether a line is empty, or what PowerShell's Export-Csv and Excel write before the header."""
    return not line.strip(' ,;\t\r\n"\ufeff') or line.lower().startswith(("#type ", "sep="))


def _below_title(line: str, number: int, lines: StringIO, report: Report) -> tuple[int, str]:
    """Return how many lines below ``line`` the header is, and the header: a title may be above it.

    Raises:
        UnreadableError: What is above it may be devices.
    """
    if known_columns(line) or line.count('"') % 2:
        return 0, line
    begin = lines.tell()
    above = [line]
    for later, other in enumerate(islice(lines, _LOOKED_AT), number + 1):
        if known_columns(other) > 1:
            # Only what cannot be a device is left out: every cell has several words.
            if not all(map(_is_title, above)):
                raise UnreadableError("missing_header", _LATER.format(later), at=Place(line=number))
            report.warning(Place(line=number), None, "skipped_top", later)
            return later - number, other
        above.append(other)
    lines.seek(begin)
    return 0, line


def _is_title(line: str) -> bool:
    if line.lower().startswith("reporttitle,"):  # Configuration Manager's
        return True
    for delimiter in DELIMITERS:
        line = line.replace(delimiter, "\n")
    return all(" " in cell.strip() or not cell.strip() for cell in line.replace('"', "").splitlines())


def _look_for_json(line: str, rest: Iterator[str]) -> None:
    """Refuse a file that is a single JSON value.

    Raises:
        UnreadableError: It is.
    """
    try:
        json.loads(line, parse_int=float)
    except (ValueError, RecursionError):
        return
    if not any(map(str.strip, rest)):
        raise UnreadableError("wrong_top_level")


def _look_for_screen(line: str, below: str, number: int) -> None:
    """Refuse what PowerShell's Format-List and Format-Table write: ``Serial Number : S1``, or dashes under the names.

    Raises:
        UnreadableError: It is such a list or table.
    """
    name, colon, _ = line.partition(" :")
    rule = below.lstrip("\r\n").partition("\n")[0].strip()
    if (colon and field_of(name)) or (rule and not rule.strip("- ")):
        raise UnreadableError("missing_header", _ON_SCREEN, at=Place(line=number))
