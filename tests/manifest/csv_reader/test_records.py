"""The quick ways through a CSV file are held against csv itself."""

import csv
from io import StringIO

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.manifest.csv_reader.records import Records, enclosed
from shared.manifest.findings import UnreadableError

LINES = st.text(alphabet='"",;ab \t', max_size=12)
ENDS = st.sampled_from(["", "\n", "\r\n", "\r"])


@given(line=LINES, end=ENDS, delimiter=st.sampled_from(",;\t"))
@example(line='""""', end="\n", delimiter=",")
@example(line='"",""', end="\n", delimiter=",")
@example(line='a,"b""c",d', end="\n", delimiter=",")
def test_a_line_is_taken_apart_as_csv_does_it(line: str, end: str, delimiter: str) -> None:
    cells = enclosed(line, delimiter)
    if cells is not None and line:
        assert cells == next(csv.reader([line + end], delimiter=delimiter, strict=True))


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a,b", ["a", "b"]),
        ('1,"Co., Ltd.",x', ["1", "Co., Ltd.", "x"]),
        ('"1","2"', ["1", "2"]),
        ('"1",,"",', ["1", "", "", ""]),
    ],
)
def test_whole_cells_in_quotes_go_the_quick_way(line: str, cells: list[str]) -> None:
    assert enclosed(line, ",") == cells


@pytest.mark.parametrize("line", ['a"b",c', '"a"b,c', '"a""b"', '"open', ' "a"'])
def test_all_else_is_left_to_csv(line: str) -> None:
    assert enclosed(line, ",") is None


@given(text=st.text(alphabet='"",\r\nab', min_size=1, max_size=20))
@example(text='"a\rb",c\r\nd\r"e"\n')
@example(text='"a"\rb\n"c')
def test_records_are_those_of_csv(text: str) -> None:
    try:
        found = [cells for rows in Records(iter([text]), ",", 1) for cells in rows.cells]
    except UnreadableError:  # a quote is left open, which only a strict csv minds
        with pytest.raises(csv.Error):
            list(csv.reader(StringIO(text, newline=""), strict=True))
        return
    wanted = list(csv.reader(StringIO(text, newline="")))
    assert [cells for cells in found if cells not in ([], [""])] == [
        cells for cells in wanted if cells not in ([], [""])
    ]


def test_hundreds_of_records_over_several_lines_keep_their_lines() -> None:
    block = "".join(f'a{number},"b\n{number}"\n' for number in range(600))
    rows = list(Records(iter([block]), ",", 1))
    assert [line for some in rows for line in some.lines] == list(range(1, 1200, 2))
    assert [cells for some in rows for cells in some.cells] == [[f"a{number}", f"b\n{number}"] for number in range(600)]
