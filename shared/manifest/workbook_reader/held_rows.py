"""Rows of a worksheet in order, as far as they are in memory at once: some programs write them out of order."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import compress
from operator import ge, itemgetter
from typing import NamedTuple

from shared.manifest.workbook_reader.unreadable import damaged

_ROWS_TOGETHER = 1_024

CHARACTERS_TOGETHER = 524_288
"""So many characters of rows in memory are enough."""


class SheetRows(NamedTuple):
    """Some rows that are not empty, in their order.

    Attributes:
        numbers: The number of each row, from 1.
        cells: The cells of each row from column A on, without empty ones at the end; each is a ``str``, or a ``Cell``
            if it is not plain text.
        hidden: The numbers of rows that are hidden, of these and perhaps of others.
        characters: Of all cells, or more.
    """

    numbers: list[int]
    cells: list[list[str]]
    hidden: frozenset[int]
    characters: int

    def with_more(self, more: "SheetRows") -> "SheetRows":
        """Return these rows and those that follow them."""
        return SheetRows(
            self.numbers + more.numbers,
            self.cells + more.cells,
            self.hidden | more.hidden,
            self.characters + more.characters,
        )

    def part(self, start: int, end: int) -> "SheetRows":
        """Return the rows from index ``start`` up to ``end``."""
        cells = self.cells[start:end]
        return SheetRows(self.numbers[start:end], cells, self.hidden, sum(map(characters_of, cells)))


def characters_of(cells: Iterable[str]) -> int:
    """Return how many characters some cells have together."""
    return sum(map(len, cells))


class HeldRows:
    """Holds rows until they are enough to be put in order."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._cells: list[list[str]] = []
        self._hidden: set[int] = set()
        self._characters = 0
        self._last = 0

    def add(self, numbers: Sequence[int], cells: Sequence[list[str]], hidden: Iterable[int], characters: int) -> None:
        """Add rows: the number and the cells of each, the numbers of hidden ones, and the characters of all cells."""
        self._numbers += numbers
        self._cells += cells
        self._hidden.update(hidden)
        self._characters += characters

    def enough(self) -> Iterable[SheetRows]:
        """Yield rows in order, if enough are held."""
        is_enough = len(self._numbers) >= _ROWS_TOGETHER or self._characters >= CHARACTERS_TOGETHER
        return self.in_order() if is_enough else ()

    def in_order(self) -> Generator[SheetRows]:
        """Yield the rows that are held, in the order of their numbers, without empty ones.

        Raises:
            UnreadableError: A row occurs twice, or belongs to those that have been yielded; those before it come first.
        """
        numbers, cells, hidden, characters = self._numbers, self._cells, frozenset(self._hidden), self._characters
        self._numbers, self._cells, self._hidden, self._characters = [], [], set(), 0
        wrong = None
        if any(map(ge, [self._last, *numbers], numbers)):
            numbers, cells, wrong = _in_order(self._last, numbers, cells)
        if numbers:
            self._last = numbers[-1]
        if not all(cells):
            numbers, cells = list(compress(numbers, cells)), list(filter(None, cells))
        yield from _together(SheetRows(numbers, cells, hidden, characters))
        if wrong:
            raise damaged("a row occurs twice or out of order", wrong)


def _in_order(
    last: int, numbers: Sequence[int], cells: Sequence[list[str]]
) -> tuple[list[int], list[list[str]], int | None]:
    """Return rows in order, up to the first that is not after the one before it, and the number of that one."""
    found: dict[int, list[str]] = {}
    for number, each in sorted(zip(numbers, cells, strict=True), key=itemgetter(0)):
        if number <= last:
            return [*found], [*found.values()], number
        found[number], last = each, number
    return [*found], [*found.values()], None


def _together(rows: SheetRows) -> Iterator[SheetRows]:
    """Yield rows, as many together as have not too many characters."""
    if rows.numbers and rows.characters < CHARACTERS_TOGETHER:
        yield rows
        return
    start = characters = 0
    for end, cells in enumerate(rows.cells, 1):
        characters += characters_of(cells)
        if characters >= CHARACTERS_TOGETHER or end == len(rows.cells):
            yield rows.part(start, end)
            start, characters = end, 0
