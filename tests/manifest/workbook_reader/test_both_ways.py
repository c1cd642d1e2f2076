"""Made-up parts are read the same whether a parser sees all of them or not: single quotes leave all to it."""

from collections.abc import Callable

import pytest

from tests.manifest.workbook_reader import test_plain_rows, test_string_items, test_styles

SEEDS = 150
READ: dict[str, Callable[[int, str], object]] = {
    "rows": lambda seed, quote: test_plain_rows.read(test_plain_rows.written(seed, quote)),
    "shared strings": lambda seed, quote: test_string_items.read(test_string_items.written(seed, quote)),
    "styles": lambda seed, quote: test_styles.read(test_styles.written(seed, quote)),
}


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("part", READ)
def test_what_the_parser_does_not_see_is_read_as_by_the_parser(part: str, seed: int) -> None:
    assert READ[part](seed, '"') == READ[part](seed, "'")


@pytest.mark.soak
@pytest.mark.parametrize("start", range(SEEDS, SEEDS + 2_000, 500))
@pytest.mark.parametrize("part", READ)
def test_thousands_of_parts_are_read_as_by_the_parser(part: str, start: int) -> None:
    for seed in range(start, start + 500):
        assert READ[part](seed, '"') == READ[part](seed, "'"), seed
