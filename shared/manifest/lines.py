"""Pieces of text into the lines and the records of a CSV file."""

import csv
from collections.abc import Iterator
from itertools import chain

from shared.manifest.finding import UnreadableError

LARGEST = 262_144
"""Characters that a line, or a record of several lines, may have: more than 60 times a real one."""


def lines(pieces: Iterator[str]) -> Iterator[str]:
    """Give the physical lines with their ends: LF, CRLF or CR.

    Raises:
        UnreadableError: One is too long.
    """
    carried, number = "", 1
    for piece in chain(pieces, [""]):
        # splitlines() knows more ends than CSV does; a part with another end belongs to the next one.
        *parts, carried = (carried + piece).splitlines(keepends=True) or [""]
        line = ""
        for part in parts:
            line += part
            if line.endswith(("\n", "\r")):
                yield line
                line, number = "", number + 1
        carried = line + carried  # it may go on, or be the CR of a CRLF
        if len(carried) > LARGEST:
            raise UnreadableError("value_too_large", where=f"line {number}")
    if carried:
        yield carried


def records(lines: Iterator[str], delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of each record with its first physical line, the lines being counted from ``first``.

    Raises:
        UnreadableError: A quote is not closed, or a value is too large.
    """
    at = first
    for line in lines:
        if '"' not in line:
            cells = line.split(delimiter)  # what csv makes of it, at six times the speed
            cells[-1] = cells[-1].rstrip("\r\n")
            yield at, cells
            at += 1
        else:
            cells, count = _quoted(chain((line,), lines), delimiter, at)
            yield at, cells
            at += count


def _quoted(lines: Iterator[str], delimiter: str, at: int) -> tuple[list[str], int]:
    """Read one record; gives its cells, and how many lines it has."""
    reader = csv.reader(_until_too_long(lines, at), delimiter=delimiter)
    try:
        return next(reader), reader.line_num
    except csv.Error as error:  # larger than csv.field_size_limit()
        code = "value_too_large" if reader.line_num == 1 else "unclosed_quote"
        raise UnreadableError(code, where=f"line {at}") from error


def _until_too_long(lines: Iterator[str], at: int) -> Iterator[str]:
    size = 0
    for line in lines:
        size += len(line)
        if size > LARGEST:
            break
        yield line
    raise UnreadableError("unclosed_quote", where=f"line {at}")
