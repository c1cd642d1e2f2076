"""A CSV manifest: a header line, and a device on each line after it."""

from collections.abc import Iterator
from itertools import chain

from shared.device import Device, from_values
from shared.manifest.cursor import DECODER
from shared.manifest.entry import Entry
from shared.manifest.finding import UnreadableError
from shared.manifest.header import Layout, delimiter_of, layout
from shared.manifest.lines import lines, records
from shared.manifest.report import Report

_NOBODY = Device()


def table(pieces: Iterator[str], report: Report) -> Iterator[Entry]:
    """Read a manifest that is no JSON.

    Raises:
        UnreadableError: What is wrong stops the reading.
    """
    report.unit = "line"
    rest = lines(pieces)
    for number, line in enumerate(rest, 1):
        if not _is_preamble(line):
            rows = records(chain((line,), rest), delimiter_of(line), number)
            at, cells = next(rows)
            try:
                columns = layout(cells, at, report)
            except UnreadableError:
                _blame_json(line, rest)
                raise
            yield from _devices(rows, columns, report)


def _is_preamble(line: str) -> bool:
    """Tell an empty line, and what PowerShell's Export-Csv and Excel write before the header."""
    return not line.strip(' ,;\t\r\n"') or line.lower().startswith(("#type ", "sep="))


def _blame_json(line: str, rest: Iterator[str]) -> None:
    """Say it if a file without a header is a single JSON value instead."""
    if next(rest, None) is None:
        try:
            DECODER.decode(line)
        except (ValueError, RecursionError):
            return
        raise UnreadableError("wrong_top_level")


def _devices(rows: Iterator[tuple[int, list[str]]], columns: Layout, report: Report) -> Iterator[Entry]:
    for at, cells in rows:
        spare = cells[columns.width :]
        if any(map(str.strip, spare)):
            _report_spare(cells, columns, at, report)
            yield Entry(_NOBODY, at, sound=False)
            continue
        cells.extend([""] * (columns.width + 1 - len(cells)))
        device = from_values(*columns.pick(cells))
        if device != _NOBODY or any(map(str.strip, cells)):
            yield Entry(device, at)


def _report_spare(cells: list[str], columns: Layout, at: int, report: Report) -> None:
    message = (
        f"The line has {len(cells)} cells, the last ones not empty, for {columns.width} columns. The usual reason is a "
        'comma in the manufacturer\'s name: put the name between quotes, as in "Micro-Star International Co., Ltd.".'
    )
    report.issue(at, None, "too_many_cells", message)
