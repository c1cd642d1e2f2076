"""What a cell says, in every way that programs write it: its text, a number with a warning, or an issue."""

import pytest

from tests.manifest.files import devices_in, issues_in, read, warnings_in
from tests.manifest.workbook_reader.workbooks import TUPLE, row, sheet, strings, styles, workbook

SERIAL = "0012345"

SHARED = strings(
    "other",
    SERIAL,
    "<si/>",
    f"<si><t>{SERIAL}</t></si>",
    "<si><r><t>001</t></r><r><rPr/><t>2345</t></r></si>",
    f'<si><t>{SERIAL}</t><rPh sb="0" eb="1"><t>x</t></rPh><phoneticPr fontId="1"/></si>',
)
TEXTS = {
    "shared": '<c r="A2" t="s"><v>1</v></c>',
    "shared, behind an empty one": '<c r="A2" t="s"><v>3</v></c>',
    "shared, in runs": '<c r="A2" t="s"><v>4</v></c>',
    "shared, with a phonetic run": '<c r="A2" t="s"><v>5</v></c>',
    "inline": f'<c r="A2" t="inlineStr"><is><t>{SERIAL}</t></is></c>',
    "inline, in runs": '<c r="A2" t="inlineStr"><is><r><t>001</t></r><r><t>2345</t></r></is></c>',
    "inline, with a phonetic run": f'<c r="A2" t="inlineStr"><is><t>{SERIAL}</t><rPh sb="0"><t>x</t></rPh></is></c>',
    "in a CDATA section": '<c r="A2" t="inlineStr"><is><t><![CDATA[0012]]>345</t></is></c>',
    "with a comment in it": '<c r="A2" t="inlineStr"><is><t>0012<!-- 9 -->345</t></is></c>',
    "a string of its own": f'<c r="A2" t="str"><v>{SERIAL}</v></c>',
    "without a place": f'<c t="str"><v>{SERIAL}</v></c>',
    "the result of a formula": f'<c r="A2" t="str"><f>B9</f><v>{SERIAL}</v></c>',
    "indented": f'\n<c r="A2" t="str">\n <v>{SERIAL}</v>\n</c>\n',
    "with unknown children": f'<c r="A2" t="str"><v>{SERIAL}</v><extLst><ext><v9/></ext></extLst></c>',
    "with escaped characters": '<c r="A2" t="str"><v>_x0030__x0030_12345</v></c>',
}  # fmt: skip


def one(cell: str, *, shared: str = "", formats: str = "", settings: str = "") -> bytes:
    """Write a workbook whose only device has ``cell`` as its serial number, in A2."""
    return workbook(
        sheet(row(1, *TUPLE), row(2, cell, "Contoso", "M")), shared=shared, formats=formats, settings=settings
    )


@pytest.mark.parametrize("cell", TEXTS.values(), ids=TEXTS)
def test_text_is_read_as_it_is(cell: str) -> None:
    data = one(cell, shared=SHARED)
    [device] = devices_in(data)
    assert device.serial_number == SERIAL
    assert warnings_in(data) == []


BLANKS = {
    "an empty shared string": '<c r="A2" t="s"><v>2</v></c>',
    "a shared string of no number": '<c r="A2" t="s"/>',
    "an empty inline string": '<c r="A2" t="inlineStr"><is/></c>',
    "a style alone": '<c r="A2" s="0"/>',
    "an empty value": '<c r="A2"><v></v></c>',
    "an empty result": '<c r="A2" t="str"><f>IF(B9="","",B9)</f><v></v></c>',
}


@pytest.mark.parametrize("cell", BLANKS.values(), ids=BLANKS)
def test_a_blank_cell_is_absent(cell: str) -> None:
    keyed = (*TUPLE, "Windows Product ID")
    data = workbook(sheet(row(1, *keyed), row(2, cell, "Contoso", "M", "KEY")), shared=SHARED, formats=styles())
    [device] = devices_in(data)
    assert (device.serial_number, device.product_key) == (None, "KEY")


ESCAPES = {
    "_x000D_": "\r",
    "_x000d_": "\r",
    "_x005F_x000D_": "_x000D_",
    "_xD83D_": "_xD83D_",
    "_x00_": "_x00_",
    "x_x0041__x0042_y": "xABy",
    "&#13;": "\r",
}


@pytest.mark.parametrize(("written", "meant"), ESCAPES.items())
def test_escaped_characters_are_those_that_are_meant(written: str, meant: str) -> None:
    for cell in (f'<c r="A2" t="inlineStr"><is><t>a{written}b</t></is></c>', '<c r="A2" t="s"><v>0</v></c>'):
        [device] = devices_in(one(cell, shared=strings(f"<si><t>a{written}b</t></si>")))
        assert device.serial_number == f"a{meant}b"


PLAIN = ("General", "GENERAL", "0", "@", "#", "[$-409]General", "0_ ", "0_);(0)", "0_);[Red]\\(0\\)", 0, 1, 49)
VALUES = {
    "12345": "12345",
    "123456789012345": "123456789012345",
    "1.2345E+4": "12345",
    "12345.0": "12345",
    "1e3": "1000",
}


@pytest.mark.parametrize("code", PLAIN)
@pytest.mark.parametrize(("written", "digits"), VALUES.items())
def test_a_number_is_its_digits_with_a_warning(code: str | int, written: str, digits: str) -> None:
    data = one(f'<c r="A2" s="1"><v>{written}</v></c>', formats=styles(code))
    [device] = devices_in(data)
    assert device.serial_number == digits
    assert ("line 2", "number_cell") in warnings_in(data)


def test_a_number_without_any_style_is_its_digits() -> None:
    assert [device.serial_number for device in devices_in(one('<c r="A2" t="n"><v>12345</v></c>'))] == ["12345"]


@pytest.mark.parametrize("code", ["0000000", "[$-409]0000000", "0000000;-0000000", "0000000_)"])
@pytest.mark.parametrize(
    ("written", "digits"), [("12345", "0012345"), ("12345678", "12345678"), ("1.2345E4", "0012345")]
)
def test_a_format_of_zeros_pads_with_a_warning(code: str, written: str, digits: str) -> None:
    data = one(f'<c r="A2" s="1"><v>{written}</v></c>', formats=styles(code))
    [device] = devices_in(data)
    assert device.serial_number == digits
    assert warnings_in(data) == [("line 2", "number_padded")]


FAULTS = {
    "17 digits": ("<v>12345678901234568</v>", "number_lost_digits"),
    "17 digits, rounded": ("<v>12345678901234600</v>", "number_lost_digits"),
    "17 digits, as 1.2E+16": ("<v>1.23456789012346E+16</v>", "number_lost_digits"),
    "16 digits": ("<v>1000000000000000</v>", "number_lost_digits"),
    "a huge number": ("<v>1e999</v>", "number_lost_digits"),
    "no whole number": ("<v>12345.5</v>", "number_lost_digits"),
    "a negative number": ("<v>-12345</v>", "number_lost_digits"),
    "an error without a type": ("<v>NoValueAvailable</v>", "error_cell"),
    "leading zeros in a number": ("<v>0012345</v>", "error_cell"),
    "no number": ("<v>nan</v>", "error_cell"),
    "a formula without a value": ('<f>"a"&amp;1</f>', "formula_without_value"),
    "a formula with an empty value": ("<f>B9</f><v></v>", "formula_without_value"),
    "a shared formula without a value": ('<f t="shared" si="0"/>', "formula_without_value"),
}
TYPED = {
    "an error": ('t="e"', "<v>#N/A</v>", "error_cell"),
    "an error without a value": ('t="e"', "", "error_cell"),
    "an error of a formula": ('t="e"', "<f>B9</f><v>#REF!</v>", "error_cell"),
    "a formula that was typed as an error": ('t="e"', "<f>B9</f>", "formula_without_value"),
    "a formula of text without a value": ('t="str"', "<f>B9</f>", "formula_without_value"),
    "a boolean": ('t="b"', "<v>1</v>", "boolean_cell"),
    "a boolean in words": ('t="b"', "<v>true</v>", "boolean_cell"),
    "a date in words": ('t="d"', "<v>2026-11-22</v>", "date_cell"),
    "a type that there is not": ('t="x"', "<v>1</v>", "error_cell"),
}


@pytest.mark.parametrize(("content", "code"), FAULTS.values(), ids=FAULTS)
def test_what_is_not_what_a_person_sees_is_an_issue(content: str, code: str) -> None:
    assert issues_in(one(f'<c r="A2">{content}</c>')) == [("line 2", code)]


@pytest.mark.parametrize(("kind", "content", "code"), TYPED.values(), ids=TYPED)
def test_what_is_no_text_is_an_issue(kind: str, content: str, code: str) -> None:
    assert issues_in(one(f'<c r="A2" {kind}>{content}</c>')) == [("line 2", code)]


@pytest.mark.parametrize(
    "code",
    ["#,##0", "0.00", "00000-0000", '"SN"0', "0%", "[>9]0;00", "0.00E+00", "", "[Red]0", 2, 3, 9, 11, 37, 44, 48, 163],
)
def test_a_format_that_shows_something_else_is_an_issue(code: str | int) -> None:
    assert issues_in(one('<c r="A2" s="1"><v>12345</v></c>', formats=styles(code))) == [("line 2", "number_format")]


def test_a_format_whose_id_is_longer_than_any_is_none() -> None:
    data = one('<c r="A2" s="1"><v>12345</v></c>', formats=styles("000000").replace("164", "1" * 11))
    assert issues_in(data) == [("line 2", "number_format")]


def test_a_format_that_is_longer_than_any_of_excels_takes_no_time() -> None:
    data = one('<c r="A2" s="1"><v>12345</v></c>', formats=styles("[" * 500_000))
    assert issues_in(data) == [("line 2", "number_format")]


@pytest.mark.parametrize(
    "code",
    ["yyyy\\-mm\\-dd", "d/m/yy", "[$-409]mmm\\ d", "[h]:mm", "mm:ss.0", "[Red]dd", 14, 22, 27, 36, 45, 47, 50, 58],
)
@pytest.mark.parametrize("settings", ["", '<workbookPr date1904="1"/>'])
def test_a_date_is_an_issue_whatever_its_epoch(code: str | int, settings: str) -> None:
    data = one('<c r="A2" s="1"><v>45983</v></c>', formats=styles(code), settings=settings)
    assert issues_in(data) == [("line 2", "date_cell")]


@pytest.mark.parametrize("on", ["1", "true"])
@pytest.mark.parametrize("content", ["<f>B9</f><v>0</v>", "<f>B9</f><v></v>", "<f>B9</f>"])
def test_what_is_behind_a_formula_that_is_yet_to_be_calculated_is_an_issue(on: str, content: str) -> None:
    data = one(f'<c r="A2">{content}</c>', settings=f'<calcPr calcId="1" fullCalcOnLoad="{on}"/>')
    assert issues_in(data) == [("line 2", "formula_without_value")]


@pytest.mark.parametrize("settings", ['<calcPr fullCalcOnLoad="0"/>', '<calcPr fullCalcOnLoad="1"/>', "<calcPr/>"])
def test_a_result_that_a_program_has_put_there_is_read(settings: str) -> None:
    data = one('<c r="A2" t="str"><f>B9</f><v>SN1</v></c>', settings=settings)
    assert [device.serial_number for device in devices_in(data)] == ["SN1"]


def test_a_fault_in_a_column_that_is_ignored_is_none() -> None:
    faults = '<c r="D2" t="e"><v>#N/A</v></c><c r="E2"><f>B9</f></c>'
    data = workbook(sheet(row(1, *TUPLE, "Group Tag", "Note"), row(2, SERIAL, "Contoso", "M", faults)))
    assert [device.serial_number for device in devices_in(data)] == [SERIAL]


def test_each_fault_of_a_row_is_found_and_no_other_beside_them() -> None:
    data = workbook(sheet(row(1, *TUPLE), '<row r="2"><c r="A2" t="b"><v>1</v></c><c r="C2"><f>1</f></c></row>'))
    assert issues_in(data) == [("line 2", "boolean_cell"), ("line 2", "formula_without_value")]


def test_a_number_is_no_hash() -> None:
    data = workbook(sheet(row(1, "Hardware Hash"), row(2, '<c r="A2"><v>2</v></c>')))
    assert issues_in(data) == [("line 2", "number_for_hash")]


def test_a_number_for_a_model_is_read_without_a_warning() -> None:
    data = workbook(sheet(row(1, *TUPLE), row(2, "SN1", "Dell Inc.", '<c r="C2"><v>5420</v></c>')))
    assert [device.model_name for device in devices_in(data)] == ["5420"]
    assert warnings_in(data) == []


@pytest.mark.parametrize("break_", ["\n", "\r\n", "_x000D_\n", "_x000d_\n", "&#13;\n", "&#13;&#10;"])
def test_a_line_break_in_a_hash_reaches_the_rules_as_characters(break_: str) -> None:
    cell = f'<c r="A2" t="inlineStr"><is><t>AAAA{break_}BBBB</t></is></c>'
    [device] = devices_in(workbook(sheet(row(1, "Hardware Hash"), row(2, cell))))
    assert (device.hardware_hash or "").replace("\r", "").replace("\n", "") == "AAAABBBB"


@pytest.mark.parametrize("keep", [None, 1])
def test_a_number_in_a_row_that_is_no_device_is_not_counted(keep: int | None) -> None:
    numbers = [f'<c r="C{number}"><v>{number}</v></c>' for number in range(2_001)]
    rows = [row(number, "Contoso", "M", numbers[number]) for number in range(2, 2_000)]
    data = workbook(sheet(row(1, *reversed(TUPLE)), *rows, row(2_000, "Total", "", numbers[2_000])))
    manifest = read(data, keep)
    assert manifest.device_count == 1_998
    assert manifest.warnings.count == 1_999


def test_each_number_in_a_serial_is_counted_and_the_first_are_kept() -> None:
    rows = [row(number, f'<c r="A{number}"><v>{number}</v></c>', "Contoso", "M") for number in range(2, 3_002)]
    date = row(3_002, '<c r="A3002" s="1"><v>45000</v></c>', "Contoso", '<c r="C3002"><v>840</v></c>')
    manifest = read(workbook(sheet(row(1, *TUPLE), *rows, date), formats=styles(14)), keep=10)
    assert manifest.warnings.count == 3_000
    assert [(finding.line, finding.code) for finding in manifest.warnings.kept] == [
        (line, "number_cell") for line in range(2, 12)
    ]
    assert [(finding.line, finding.code) for finding in manifest.issues.kept] == [(3_002, "date_cell")]
    assert manifest.device_count == 3_001


@pytest.mark.parametrize("gap", ["/>", "><v></v></c>", "><v/></c>"])
@pytest.mark.parametrize(("shown", "of_gap"), [(0, 1), (1, 0), (2, 1), (1, 2), (0, 9), (1, 9)])
def test_a_style_does_not_matter_where_there_is_no_number(gap: str, shown: int, of_gap: int) -> None:
    cells = [f'<c r="A2" s="{of_gap}"{gap}', *(f'<c r="A{at}" s="{shown}"><v>100{at}</v></c>' for at in range(3, 6))]
    rows = (row(number, cell, "Contoso", "M", f"KEY-{number}") for number, cell in enumerate(cells, 2))
    data = workbook(sheet(row(1, *TUPLE, "Windows Product ID"), *rows), formats=styles("000000", "yyyy"))
    if shown == 2:
        assert issues_in(data) == [(f"line {line}", "date_cell") for line in range(3, 6)]
    else:
        numbers = [f"100{at}".zfill(6 * shown) for at in range(3, 6)]
        assert [device.serial_number for device in devices_in(data)] == [None, *numbers]
