"""The rows of a worksheet."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import batched, compress, zip_longest
from string import ascii_uppercase

from shared.manifest.findings import Place, UnreadableError
from shared.manifest.workbook_reader.cell_values import Contents
from shared.manifest.workbook_reader.columns import read_column
from shared.manifest.workbook_reader.held_rows import HeldRows, SheetRows, characters_of
from shared.manifest.workbook_reader.markup import parse
from shared.manifest.workbook_reader.plain_rows import PARTS_OF_CELL, PlainRow, PlainRows, is_hidden
from shared.manifest.workbook_reader.raw_rows import RawRow, RawRows
from shared.manifest.workbook_reader.skimming import skimmed
from shared.manifest.workbook_reader.unreadable import damaged

_LAST_ROW = 1_048_576  # Excel's
_MOST_DIGITS = 7
_MOST_COLUMNS = 1_000
_MOST_LETTERS = 3  # of a column
_MOST_REMEMBERED = 1_024
_MOST_CHARACTERS = 1_048_576  # of a row: many cells may refer to the same long text
_MISSING = "a cell refers to a text or a format that is missing"
_READ_TOGETHER, _PIECES_TOGETHER = 512, 32  # plain rows, and pieces of the part in which they are
_MOST_PADDED = 2
_PARTS_TOGETHER = 512  # of plain rows, whose texts are read from a file


def read_rows(pieces: Iterator[bytes], contents: Contents) -> Iterator[SheetRows]:
    """Read the rows of a worksheet, many at a time, fewer where they are so long that they would fill the memory.

    Raises:
        UnreadableError: It is damaged, or exceeds a bound; rows before that place may have been yielded.
    """
    plain_rows, raw_rows = PlainRows(), RawRows()
    rows = _Rows(contents)
    for count, _ in enumerate(parse(skimmed(pieces, plain_rows), raw_rows), 1):
        raw = raw_rows.take()
        if raw or len(plain_rows.found) >= _READ_TOGETHER or count % _PIECES_TOGETHER == 0:
            yield from rows.read(plain_rows.give(), raw)
    yield from rows.read(plain_rows.give(), [])
    yield from rows.rest()


class _Rows:
    """Reads what the rows hold."""

    def __init__(self, contents: Contents) -> None:
        self._held = HeldRows()
        self._contents = contents
        self._number = 0

    def read(self, plain_rows: Sequence[PlainRow], raw_rows: Sequence[RawRow]) -> Iterator[SheetRows]:
        """Read more rows, and yield some whenever enough are held: one piece may have thousands with long texts."""
        # Several plain rows at a time are quicker, but their texts are all in memory then.
        in_memory = self._contents.texts.are_in_memory
        most = _READ_TOGETHER if in_memory else max(_PARTS_TOGETHER // max(map(len, plain_rows), default=1), 1)
        for some in batched(plain_rows, most, strict=False):
            self._add_plain(some)
            yield from self._held.enough()
        for raw in raw_rows:
            number = self._next(raw.number)
            cells, characters = _cells(raw, raw.number or str(number), self._contents)
            self._held.add([number], [cells], [number] if raw.is_hidden else [], characters)
            yield from self._held.enough()

    def rest(self) -> Iterator[SheetRows]:
        """Yield the rows that are still held."""
        return self._held.in_order()

    def _add_plain(self, rows: Sequence[PlainRow]) -> None:
        """Add rows by their columns; there is at least one."""
        # One wide row would make all others as wide.
        if len(rows) * max(map(len, rows)) > _MOST_PADDED * sum(map(len, rows)):
            self._add_halves(rows)
            return
        numbers, attributes, *parts = zip_longest(*rows, fillvalue="")
        try:
            columns = [read_column(self._contents, *cells) for cells in batched(parts, PARTS_OF_CELL, strict=True)]
        except (IndexError, ValueError) as error:
            if len(rows) == 1:
                raise damaged(_MISSING, self._next(numbers[0])) from error
            # Which row it is shows when fewer are read at a time.
            self._add_halves(rows)
        else:
            self._hold(numbers, attributes, columns)

    def _add_halves(self, rows: Sequence[PlainRow]) -> None:
        half = len(rows) // 2
        self._add_plain(rows[:half])
        self._add_plain(rows[half:])

    def _hold(self, digits: Sequence[str], attributes: Sequence[str], columns: Sequence[Sequence[str]]) -> None:
        numbers = self._numbers(digits)
        rows = list(map(list, zip(*columns, strict=True)))
        characters = sum(map(characters_of, columns))
        if characters > _MOST_CHARACTERS:
            _check_sizes(numbers, rows)
        if "" in columns[-1]:
            for cells in rows:
                _cut(cells)
        looks_hidden = set(filter(is_hidden, {*attributes}))
        hidden = compress(numbers, map(looks_hidden.__contains__, attributes)) if looks_hidden else ()
        self._held.add(numbers, rows, hidden, characters)

    def _numbers(self, digits: Sequence[str]) -> Sequence[int]:
        """Return the numbers of plain rows."""
        if "" not in digits:
            numbers = list(map(int, digits))
            if min(numbers) > 0 and max(numbers) <= _LAST_ROW:
                self._number = numbers[-1]
                return numbers
        return list(map(self._next, digits))

    def _next(self, digits: str | None) -> int:
        """Take the number of a row, and return it; one without any follows the one before it."""
        number = self._number + 1
        if digits:
            number = int(digits) if digits.isdecimal() and len(digits) <= _MOST_DIGITS else 0
        if not 0 < number <= _LAST_ROW:
            raise damaged("a row has an impossible number")
        self._number = number
        return number


def _check_sizes(numbers: Sequence[int], rows: Sequence[list[str]]) -> None:
    for number, cells in zip(numbers, rows, strict=True):
        if characters_of(cells) > _MOST_CHARACTERS:
            raise _too_large(_MOST_CHARACTERS, "characters", str(number))


def _cut(cells: list[str]) -> None:
    """Cut off the empty cells at the end of a row."""
    while cells and not cells[-1]:
        del cells[-1]


def _cells(raw: RawRow, digits: str, contents: Contents) -> tuple[list[str], int]:
    """Return the texts of the cells of a row, and the number of their characters."""
    cells = list[str]()
    following = characters = 0
    for reference, style, kind, held, formula in raw.cells:
        column = _column(reference, digits) if reference else following
        following = column + 1
        try:
            text = contents.text(kind, held, style, has_formula=bool(formula))
        except (IndexError, ValueError) as error:
            raise damaged(_MISSING, int(digits)) from error
        gap = column - len(cells)
        if gap < 0:
            if cells[column]:
                raise damaged("a cell occurs twice", int(digits))
            cells[column] = text
        elif text:
            cells += [""] * gap
            cells.append(text)
        characters += len(text)
        if characters > _MOST_CHARACTERS:
            raise _too_large(_MOST_CHARACTERS, "characters", digits)
        if len(cells) > _MOST_COLUMNS:
            raise _too_large(_MOST_COLUMNS, "columns", digits)
    return cells, characters


def _too_large(most: int, what: str, digits: str) -> UnreadableError:
    return UnreadableError("value_too_large", "The row", most, what, at=Place(line=int(digits)))


def _column(reference: str, digits: str) -> int:
    """Return the column of a cell, from 0."""
    letters = reference[: -len(digits)]
    # The cache keeps what it is asked for.
    column = columns_before(letters) if len(letters) <= _MOST_LETTERS else -1
    if column < 0 or not reference.endswith(digits):
        raise damaged("a cell names a place that is not in its row", int(digits))
    return column


@lru_cache(_MOST_REMEMBERED)
def columns_before(letters: str) -> int:
    """Return the number of columns before a column from A to ZZZ; -1 for any other text."""
    if not re.fullmatch("[A-Z]{1,3}", letters):
        return -1
    number = 0
    for letter in letters:
        number = number * len(ascii_uppercase) + ascii_uppercase.index(letter) + 1
    return number - 1
