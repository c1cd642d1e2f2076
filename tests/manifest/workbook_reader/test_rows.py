"""Rows in the usual form, which no XML parser sees, and all others are read alike."""

from collections.abc import Callable

import pytest

from tests.manifest.files import devices_in, read
from tests.manifest.workbook_reader.workbooks import TUPLE, name, row, sheet, strings, workbook

ITEMS = [*TUPLE, "LENOVO", "20L7", *(f"S{number}" for number in range(1500))]
FIRST = len(TUPLE)


def shared(number: int, *indices: int, more: str = "", style: str = "") -> str:
    cells = "".join(
        f'<c r="{letter}{number}"{style} t="s"><v>{index}</v></c>' for letter, index in zip("ABC", indices, strict=True)
    )
    return f'<row r="{number}"{more}>{cells}</row>'


def usual(number: int) -> str:
    return shared(number, FIRST + 2 + number, FIRST, FIRST + 1)


FORMS: dict[str, Callable[[int], str]] = {
    "usual": usual,
    "styled": lambda number: shared(number, FIRST + 2 + number, FIRST, FIRST + 1, more=' spans="1:3"', style=' s="0"'),
    "with an empty cell": lambda number: usual(number).replace("</row>", f'<c r="D{number}" s="0"/></row>'),
    "without references": lambda number: usual(number).replace(f'r="A{number}" ', "").replace(f'r="B{number}" ', ""),
    "with line ends": lambda number: usual(number).replace("<c", "\n<c"),
    "with a comment": lambda number: usual(number).replace("<c", '<!-- <row r="9"></row> --><c', 1),
    "in an instruction": lambda number: f"<?x {usual(number)} ?>{usual(number)}",
    "in a comment": lambda number: f"<!-- {usual(number)} -->{usual(number)}",
    "without a number": lambda number: usual(number).replace(f'<row r="{number}"', "<row"),
    "wide now and then": lambda number: usual(number).replace(
        "</row>", "</row>" if number % 200 else f'<c r="BH{number}" t="str"><v></v></c></row>'
    ),
    "inline": lambda number: row(number, f"S{number}", "LENOVO", "20L7"),
    "inline in runs": lambda number: row(
        number, f'<c t="inlineStr"><is><r><t>S</t></r><r><t>{number}</t></r></is></c>', "LENOVO", "20L7"
    ),
    "inline with a reference": lambda number: row(
        number, f'<c t="inlineStr"><is><t>&#83;{number}</t></is></c>', "L", "2"
    ),
    "inline beside shared": lambda number: usual(number).replace(
        f't="s"><v>{FIRST + 2 + number}</v>', f't="inlineStr"><is><t>S{number}</t></is>'
    ),
    "a long one": lambda number: row(number, f"S{number}", "L" * 900 if number % 50 else "L>", "20L7"),
    "mixed": lambda number: usual(number) if number % 7 else row(number, f"S{number}", "LENOVO", "20L7"),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_rows_are_read_alike(form: str) -> None:
    rows = [row(1, *TUPLE), *(FORMS[form](number) for number in range(2, 1402))]
    data = workbook(sheet(*rows), shared=strings(*ITEMS))
    assert [device.serial_number for device in devices_in(data)] == [f"S{number}" for number in range(2, 1402)]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ('<c r="A302" t="s"><v>9999</v></c>', "refers to a text or a format that is missing"),
        ('<c r="A302" t="s"><v>-1</v></c>', "refers to a text or a format that is missing"),
        ('<c r="B303" t="s"><v>5</v></c>', "names a place that is not in its row"),
        ('<c r="A302" s="7"><v>1</v></c>', "refers to a text or a format that is missing"),
        (
            "".join(f'<c r="{name(column)}302" t="s"><v>0</v></c>' for column in range(40)),
            "The row has more than 1,048,576 characters",
        ),
    ],
)
def test_what_is_wrong_in_a_usual_row_is_found(cells: str, reason: str) -> None:
    header = row(1, *TUPLE, *map(str, range(40)))
    wide = row(250, *(f'<c r="{name(column)}250" t="s"><v>5</v></c>' for column in range(40)))
    before = [*map(usual, range(2, 250)), wide, *map(usual, range(251, 302))]
    wrong = f'<row r="302">{cells}</row>'
    data = workbook(sheet(header, *before, wrong, usual(303)), shared=strings("x" * 32_000, *ITEMS[1:]))
    (issue,) = read(data).issues.kept
    assert issue.line == 302
    assert reason in issue.message


@pytest.mark.parametrize(
    ("more", "again"), [(0, "A"), (0, "C"), (10, "M"), (23, "Z"), (36, "M"), (36, "Z"), (36, "AB"), (36, "AM")]
)
def test_an_empty_cell_that_is_there_twice_is_found_behind_others(more: int, again: str) -> None:
    # The first one shows how wide rows may be.
    rows = [row(number, *TUPLE, *map(str, range(more if number > 2 else 60))) for number in range(2, 32)]
    wrong = rows.pop().replace("</row>", f'<c r="{again}31" s="0"/></row>')
    [issue] = read(workbook(sheet(row(1, *TUPLE, *map(str, range(60))), *rows, wrong))).issues.kept
    assert (issue.code, issue.line) == ("workbook_damaged", 31)
    assert "a cell occurs twice" in issue.message


@pytest.mark.parametrize("number", [0, 1_048_577])
def test_an_impossible_number_is_found_before_what_is_wrong_in_the_row(number: int) -> None:
    wrong = f'<row r="{number}"><c r="A{number}" t="s"><v>9999</v></c></row>'
    data = workbook(sheet(row(1, *TUPLE), *map(usual, range(2, 302)), wrong), shared=strings(*ITEMS))
    [issue] = read(data).issues.kept
    assert (issue.code, issue.line) == ("workbook_damaged", None)
    assert "impossible number" in issue.message


@pytest.mark.parametrize(
    "markup",
    [
        '<c r="A2" t="inlineStr"><v>S1</t></is></c><c r="B2" t="inlineStr"><is><t>LENOVO</v></c>',
        '<c r="A2" t="inlineStr"><is><t>S1</t></is></c><c r="B2" t="inlineStr"><is>',
    ],
)
def test_tags_that_cross_or_never_close_are_refused(markup: str) -> None:
    data = workbook(sheet(row(1, *TUPLE), f'<row r="2">{markup}</row>'))
    assert [issue.code for issue in read(data).issues.kept] == ["workbook_damaged"]


def test_a_row_within_a_row_is_refused() -> None:
    data = workbook(sheet(row(1, *TUPLE), f'<row r="2"><x/>{usual(3)}</row>'), shared=strings(*ITEMS))
    assert [issue.code for issue in read(data).issues.kept] == ["workbook_damaged"]


@pytest.mark.parametrize("value", ["1", "true"])
@pytest.mark.parametrize("write", [usual, FORMS["inline"]])
def test_hidden_rows_are_read_and_said(write: Callable[[int], str], value: str) -> None:
    hidden = [
        write(number)
        .replace("<row ", f'<row hidden="{value}" ')
        .replace(f'hidden="{value}" r="{number}"', f'r="{number}" hidden="{value}"')
        for number in (3, 4)
    ]
    manifest = read(workbook(sheet(row(1, *TUPLE), write(2), *hidden), shared=strings(*ITEMS)))
    assert (manifest.issues.count, manifest.device_count) == (0, 3)
    (warning,) = manifest.warnings.kept
    assert (warning.code, warning.line) == ("hidden_rows", 3)
    assert "(2 in all, the first one here)" in warning.message


def test_a_remark_that_names_one_column_is_no_header() -> None:
    data = workbook(sheet(row(1, "Model", "as of today"), row(2, *TUPLE), row(3, "S1", "LENOVO", "20L7")))
    assert [device.serial_number for device in devices_in(data)] == ["S1"]


def test_a_name_that_is_alone_is_one_as_devices_may_be_below_it() -> None:
    data = workbook(sheet(row(1, "Serial Number"), row(2, "S0"), row(3, *TUPLE), row(4, "S1", "LENOVO", "20L7")))
    assert [(issue.code, issue.line) for issue in read(data).issues.kept] == [("incomplete_header", 1)]
