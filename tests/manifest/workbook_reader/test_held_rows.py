"""Rows are put in order, as far as they are held at once."""

from collections.abc import Sequence
from contextlib import suppress

import pytest

from shared.manifest import UnreadableError
from shared.manifest.workbook_reader.held_rows import HeldRows


def in_order(*pieces: Sequence[int]) -> list[int]:
    """Hold rows, piece by piece, each by its number, negative if it is empty; return those before what is wrong."""
    held, found = HeldRows(), list[int]()
    with suppress(UnreadableError):
        for numbers in pieces:
            held.add(list(map(abs, numbers)), [["x"] if number > 0 else [] for number in numbers], (), 0)
            for rows in held.in_order():
                found += rows.numbers
        return found
    return [*found, 0]


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        (([1, 2, 3], [4]), [1, 2, 3, 4]),
        (([3, 1, 2], [5, 4]), [1, 2, 3, 4, 5]),
        (([1, -2, 3], [-4]), [1, 3]),
        (([1, 2, 2, 3],), [1, 2, 0]),
        (([1, -2, 2, 3],), [1, 0]),
        (([1, 3], [2, 4]), [1, 3, 0]),
        (([1, -3], [3, 4]), [1, 0]),
        (([1, -3], [], [2]), [1, 0]),
        (([4, 1, 3], [3]), [1, 3, 4, 0]),
    ],
)
def test_rows_are_in_order_up_to_one_that_belongs_before_others(pieces: Sequence[list[int]], found: list[int]) -> None:
    assert in_order(*pieces) == found
