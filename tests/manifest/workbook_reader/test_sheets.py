"""What is a sheet, which one is read, and where a row and a cell stand, whatever the program that wrote them."""

import codecs
import zipfile
import zlib

import pytest

from shared.manifest.device import Device
from tests.manifest.files import devices_in, issues_in, read, warnings_in
from tests.manifest.workbook_reader.workbooks import (
    MAIN,
    OFFICE,
    TUPLE,
    Parts,
    inline,
    parts,
    relations,
    row,
    sheet,
    table,
    workbook,
    zipped,
)

ONE, TWO = ("S1", "Contoso", "M1"), ("S2", "Fabrikam", "M2")
DEVICES = [Device(ONE[0], None, None, *ONE[1:]), Device(TWO[0], None, None, *TWO[1:])]
PLAIN = table(ONE, TWO)


def prefixed() -> Parts:
    """Write all names of elements with a prefix, as the SDK of Open XML and what is built on it."""
    written = parts(PLAIN)
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        text = str(written[part]).replace(f'xmlns="{MAIN}"', f'xmlns:x="{MAIN}"')
        written[part] = text.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:").replace("<x:?", "<?")
    return written


def changed(part: str, old: str, new: str, written: Parts | None = None) -> Parts:
    written = dict(written or parts(PLAIN))
    assert old in str(written[part])
    written[part] = str(written[part]).replace(old, new)
    return written


def marked() -> Parts:
    return {part: codecs.BOM_UTF8 + str(text).encode() for part, text in parts(PLAIN).items()}


def in_utf16() -> Parts:
    written = parts(PLAIN)
    text = str(written["xl/worksheets/sheet1.xml"]).replace("UTF-8", "UTF-16")
    return {**written, "xl/worksheets/sheet1.xml": text.encode("utf-16")}


def bare(*cells: str) -> str:
    return f"<row>{''.join(map(inline, cells))}</row>"


EMPTY = [row(number, f'<c r="A{number}" s="0"/>') for number in range(4, 999)]
BACKWARDS = row(2, *(inline(text, f'r="{column}2"') for column, text in zip("CBA", reversed(ONE), strict=True)))
MERGED = '<mergeCells><mergeCell ref="A9:B9"/></mergeCells>'
EXTERNAL = f'<Relationship Id="e" Type="{OFFICE}/styles" TargetMode="External" Target="http://x"/></Relationships>'
CHART = f'<Relationship Id="c" Type="{OFFICE}/chartsheet" Target="c.xml"/></Relationships>'
RELATIONS = "xl/_rels/workbook.xml.rels"
SHEET = "xl/worksheets/sheet1.xml"
WRITTEN = {
    "plain": parts(PLAIN),
    "prefixed": prefixed(),
    "with byte-order marks": marked(),
    "utf-16": in_utf16(),
    "indented": {part: str(text).replace("><", ">\n  <") for part, text in parts(PLAIN).items()},
    "rows and cells without a place": parts(sheet(bare(*TUPLE), bare(*ONE), bare(*TWO))),
    "cells with a place in rows without": changed(SHEET, '<row r="2">', "<row>"),
    "targets from the root": changed(RELATIONS, "worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml"),
    "targets through folders above": changed(RELATIONS, "worksheets/sheet1.xml", "../xl/./worksheets/sheet1.xml"),
    "targets in other case": changed(RELATIONS, "worksheets/sheet1.xml", "Worksheets/SHEET1.xml"),
    "targets with backslashes": changed(RELATIONS, "worksheets/sheet1.xml", "worksheets\\sheet1.xml"),
    "targets percent-encoded": changed(RELATIONS, "worksheets/sheet1.xml", "worksheets/sheet%31.xml"),
    "names with backslashes": {part.replace("/", "\\"): text for part, text in parts(PLAIN).items()},
    "a dimension that lies": parts(PLAIN.replace("<sheetData>", '<dimension ref="A1"/><sheetData>')),
    "rows out of order": parts(sheet(row(3, *TWO), row(1, *TUPLE), row(2, *ONE))),
    "cells out of order": parts(sheet(row(1, *TUPLE), BACKWARDS, row(3, *TWO))),
    "styled empty rows": parts(sheet(row(1, *TUPLE), row(2, *ONE), row(3, *TWO), *EMPTY)),
    "empty rows between": parts(sheet(row(2, *TUPLE), row(5, *ONE), row(9, *TWO))),
    "columns that begin in B": parts(sheet(row(1, *TUPLE, start=1), row(2, *ONE, start=1), row(3, *TWO, start=1))),
    "a title above": parts(sheet(row(1, "Devices of the order"), row(3, *TUPLE), row(4, *ONE), row(5, *TWO))),
    "merged cells": parts(PLAIN.replace("</sheetData>", f"</sheetData>{MERGED}")),
    "a style on cells far away": changed(SHEET, '</c></row><row r="3">', '</c><c r="XFD2"/></row><row r="3">'),
    "a macro in it": parts(PLAIN) | {"xl/vbaProject.bin": b"\0" * 99},
    "folders as entries": {"xl/": "", "xl/worksheets/": ""} | parts(PLAIN),
    "an external link among the relations": changed(
        RELATIONS, "</Relationships>", EXTERNAL
    ),
    "a sheet that is a chart first": changed(
        "xl/workbook.xml",
        "<sheets>",
        '<sheets><sheet name="Chart" sheetId="9" r:id="c"/>',
        changed(RELATIONS, "</Relationships>", CHART),
    ),
}  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_all_ways_of_writing_give_the_same_devices(written: Parts) -> None:
    assert devices_in(zipped(written)) == DEVICES


def test_stored_entries_are_read_as_packed_ones() -> None:
    assert devices_in(zipped(parts(PLAIN), zipfile.ZIP_STORED)) == DEVICES


def test_a_device_has_the_number_of_its_row() -> None:
    data = workbook(sheet(row(2, *TUPLE), row(7, *ONE), row(12, "S3", "Contoso")))
    assert issues_in(data) == [("line 12", "missing_identity")]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_never_read(state: str) -> None:
    data = workbook({"Old": table(("OLD", "Contoso", "M")), "Devices": PLAIN}, state=state)
    assert devices_in(data) == DEVICES
    assert warnings_in(data) == []


def test_a_workbook_of_hidden_sheets_has_nothing_to_read() -> None:
    assert issues_in(workbook(PLAIN, state="hidden")) == [("manifest", "no_visible_sheet")]


def test_the_order_is_that_of_the_tabs_and_not_of_the_files() -> None:
    written = parts({"First": table(("OLD", "Contoso", "M")), "Second": PLAIN})
    written[RELATIONS] = relations({"s1": "worksheet worksheets/sheet2.xml", "s2": "worksheet worksheets/sheet1.xml"})
    assert devices_in(zipped(written)) == DEVICES


PROSE = sheet(row(1, "How to fill in this form"), row(3, "Go to the next sheet"))
FIRST_SHEETS = {
    "empty": sheet(),
    "prose": PROSE,
    "prose with a known word": sheet(row(1, "Model"), row(2, "Which model do you have?")),
    "a header alone": sheet(row(1, *TUPLE)),
}


@pytest.mark.parametrize("first", FIRST_SHEETS.values(), ids=FIRST_SHEETS)
def test_devices_on_another_sheet_are_an_issue_that_names_both(first: str) -> None:
    [issue] = read(workbook({"Sheet1": first, "Charts": PROSE, "Sheet 2": PLAIN})).issues.kept
    assert issue.code == "devices_on_other_sheet"
    assert "'Sheet1'" in issue.message
    assert "'Sheet 2'" in issue.message


def test_a_hidden_sheet_is_not_offered_instead() -> None:
    assert issues_in(workbook({"Old": PLAIN, "Devices": sheet()}, state="hidden")) == [("manifest", "no_devices")]


def test_devices_on_two_sheets_are_a_warning_that_names_both() -> None:
    data = workbook({"New": PLAIN, "Old": table(("S3", "Contoso", "M"))})
    assert devices_in(data) == DEVICES
    [warning] = read(data).warnings.kept
    assert (warning.code, "'New'" in warning.message, "'Old'" in warning.message) == ("sheet_ignored", True, True)


def test_a_damaged_sheet_that_is_not_read_does_not_matter() -> None:
    assert devices_in(workbook({"New": PLAIN, "Old": "<worksheet"})) == DEVICES


def test_damaged_styles_are_refused_and_many_that_are_no_xml_where_there_is_a_number() -> None:
    number = table(('<c r="A2" s="1"><v>1</v></c>', *ONE[1:]))
    many = f"<styleSheet{' ' * 300_000}"
    changed = workbook(PLAIN, formats=many).replace(zlib.crc32(many.encode()).to_bytes(4, "little"), bytes(4))
    assert devices_in(workbook(PLAIN, formats=many)) == DEVICES
    for refused in (workbook(PLAIN, formats="<styleSheet"), workbook(number, formats=many), changed):
        assert issues_in(refused) == [("manifest", "workbook_damaged")]


def test_the_name_of_a_sheet_that_is_a_product_key_is_not_shown() -> None:
    [issue] = read(workbook({"AAAAA-BBBBB-CCCCC-DDDDD-EEEEE": sheet()})).issues.kept
    assert (issue.code, "AAAAA" in issue.message) == ("no_devices", False)


UNREADABLE = {
    "nothing": (sheet(), "manifest", "no_devices"),
    "a header alone": (sheet(row(1, *TUPLE)), "manifest", "no_devices"),
    "prose": (PROSE, "line 1", "missing_header"),
    "a device above the header": (sheet(row(1, *ONE), row(2, *TUPLE), row(3, *TWO)), "line 1", "missing_header"),
    "names in one cell above": (
        sheet(row(1, "Model;Hardware Hash"), row(2, *TUPLE), row(3, *TWO)),
        "line 1",
        "missing_header",
    ),
    "a hash above the header": (sheet(row(1, "x" * 101), row(2, "Hardware Hash")), "line 1", "missing_header"),
    "too few columns": (table(("S1",), header=("Device Serial Number",)), "line 1", "incomplete_header"),
    "two columns in one": (
        table((*ONE, "A,B"), header=(*TUPLE, "Windows Product ID,Group Tag")),
        "line 1",
        "mixed_delimiters",
    ),
    "a row twice": (sheet(row(1, *TUPLE), row(2, *ONE), row(2, *TWO)), "line 2", "workbook_damaged"),
    "a cell twice": (sheet(row(1, *TUPLE), row(2, *ONE, inline("S9", 'r="A2"'))), "line 2", "workbook_damaged"),
    "a cell twice, empty": (sheet(row(1, *TUPLE), row(2, *ONE, '<c r="A2"/>')), "line 2", "workbook_damaged"),
    "a cell of another row": (sheet(row(1, *TUPLE), row(2, inline("S1", 'r="A3"'))), "line 2", "workbook_damaged"),
    "a cell of no column": (sheet(row(1, *TUPLE), row(2, inline("S1", 'r="2"'))), "line 2", "workbook_damaged"),
    "a cell of no place": (sheet(row(1, *TUPLE), row(2, inline("S1", 'r="?2"'))), "line 2", "workbook_damaged"),
    "no shared string": (sheet(row(1, *TUPLE), row(2, '<c t="s"><v>7</v></c>')), "line 2", "workbook_damaged"),
    "shared string -1": (sheet(row(1, *TUPLE), row(2, '<c t="s"><v>-1</v></c>')), "line 2", "workbook_damaged"),
    "shared string x": (sheet(row(1, *TUPLE), row(2, '<c t="s"><v>x</v></c>')), "line 2", "workbook_damaged"),
    "no style": (sheet(row(1, *TUPLE), row(2, '<c s="1"><v>1</v></c>')), "line 2", "workbook_damaged"),
    "style -1": (sheet(row(1, *TUPLE), row(2, '<c s="-1"><v>1</v></c>')), "line 2", "workbook_damaged"),
    "row 0": (sheet('<row r="0"/>'), "manifest", "workbook_damaged"),
    "row x": (sheet('<row r="x"/>'), "manifest", "workbook_damaged"),
    "row 1048577": (sheet('<row r="1048577"/>'), "manifest", "workbook_damaged"),
    "row 99999999": (sheet('<row r="99999999"/>'), "manifest", "workbook_damaged"),
    "a column far to the right": (sheet(row(1, *TUPLE, inline("x", 'r="XFD1"'))), "line 1", "value_too_large"),
    "a long text": (table((*ONE, "x" * 32_768)), "manifest", "value_too_large"),
    "a long row": (table((*ONE, *["x" * 32_767] * 33)), "line 2", "value_too_large"),
}


@pytest.mark.parametrize(("content", "where", "code"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_sheet_that_cannot_be_read_as_it_is_meant_is_an_issue(content: str, where: str, code: str) -> None:
    assert issues_in(workbook(content)) == [(where, code)]


def test_rows_far_out_of_order_are_an_issue() -> None:
    rows = [row(number, f"S{number}", "Contoso", "M") for number in range(2, 1500)]
    assert issues_in(workbook(sheet(row(1, *TUPLE), *rows[9:], *rows[:9])))[-1:] == [("line 2", "workbook_damaged")]


@pytest.mark.parametrize("again", [row(7, *TWO), '<row r="7"/>', row(1_200, *TWO)])
@pytest.mark.parametrize("last", [row(1_200, *ONE), '<row r="1200"/>'])
def test_a_row_again_after_many_others_is_an_issue(last: str, again: str) -> None:
    rows = (row(number, f"S{number}", "Contoso", "M") for number in range(2, 1_025))
    # As many as are put in order together end with the last one.
    where = "line 7" if 'r="7"' in again else "line 1200"
    assert issues_in(workbook(sheet(row(1, *TUPLE), *rows, last, again)))[-1:] == [(where, "workbook_damaged")]


@pytest.mark.parametrize(("above", "found"), [(99, []), (100, [("line 1", "missing_header")])])
def test_the_header_is_looked_for_in_a_hundred_rows(above: int, found: list[tuple[str, str]]) -> None:
    prose = (row(number, f"Remark {number}") for number in range(1, above + 1))
    assert issues_in(workbook(sheet(*prose, row(500, *TUPLE), row(501, *ONE)))) == found


def test_what_is_filled_in_without_a_column_is_an_issue() -> None:
    assert issues_in(workbook(table((*ONE, "more")))) == [("line 2", "too_many_cells")]


def test_the_header_once_more_is_left_out() -> None:
    data = workbook(table(ONE, TUPLE, TWO))
    assert devices_in(data) == DEVICES
    assert warnings_in(data) == [("line 3", "repeated_header")]


def test_a_column_with_a_comma_between_words_is_no_two_columns() -> None:
    data = workbook(table((*ONE, "LENOVO, new"), (*TWO, ""), header=(*TUPLE, "Notes (make, colour)")))
    assert devices_in(data) == DEVICES
    assert warnings_in(data) == [("line 1", "unknown_column")]


def with_table(attributes: str, *rows: str) -> bytes:
    relation = relations({"t": "table ../tables/table1.xml", "u": "table ../tables/missing.xml"})
    # A part has one table, and not thousands of them within each other.
    inside = '<autoFilter ref="A1:C3"/><table ref="A1:C3" totalsRowCount="1"/>'
    table_part = f'<table xmlns="{MAIN}" id="1" name="T" {attributes}>{inside}</table>'
    return zipped(
        parts(sheet(row(1, *TUPLE), row(2, *ONE), row(3, *TWO), *rows))
        | {"xl/worksheets/_rels/sheet1.xml.rels": relation, "xl/tables/table1.xml": table_part}
    )


TWICE = sheet(row(1, *TUPLE), *(row(number, f"S{number}", *ONE[1:]) for number in range(2, 400)), row(300, *TWO))


@pytest.mark.parametrize("first", [sheet(row(1, "prose")), sheet()])
def test_devices_on_another_sheet_are_seen_though_one_occurs_twice(first: str) -> None:
    assert issues_in(workbook({"A": first, "B": TWICE})) == [("manifest", "devices_on_other_sheet")]


@pytest.mark.parametrize("below", [900, 1_100, 3_000])
def test_a_header_is_found_below_any_number_of_empty_rows_that_have_a_look(below: int) -> None:
    empty = [f'<row r="{number}" ht="15" customHeight="1"/>' for number in range(2, below)]
    data = workbook(sheet(row(1, "Our list"), *empty, row(below, *TUPLE), row(below + 1, *ONE), row(below + 2, *TWO)))
    assert devices_in(data) == DEVICES
    assert issues_in(workbook({"A": sheet(), "B": sheet(row(1, *TUPLE), *empty, row(below, *ONE))})) == [
        ("manifest", "devices_on_other_sheet")
    ]


def test_a_sheet_that_is_ignored_is_named_though_a_row_occurs_twice() -> None:
    assert ("manifest", "sheet_ignored") in warnings_in(workbook({"A": PLAIN, "B": TWICE}))


def test_the_totals_below_a_table_are_no_device() -> None:
    totals = row(4, "Sigma", "2", "3")
    assert devices_in(with_table('ref="A1:C4" totalsRowCount="1"', totals)) == DEVICES
    assert len(devices_in(with_table('ref="A1:C4" totalsRowShown="0"', totals))) == 3
    assert len(devices_in(with_table('ref="A1:?4" totalsRowCount="1"', totals))) == 3


def test_totals_that_are_hidden_are_no_row_that_is_hidden() -> None:
    totals = row(4, "Sigma", "2", "3").replace("<row ", '<row hidden="1" ')
    assert warnings_in(with_table('ref="A1:C4" totalsRowCount="1"', totals)) == []


def test_what_is_beside_the_totals_of_a_table_stays() -> None:
    data = with_table('ref="E1:F4" totalsRowCount="1"', row(4, "S3", "Contoso", "M", "", "2"))
    assert [device.serial_number for device in devices_in(data)] == ["S1", "S2", "S3"]


def test_many_rows_are_all_read() -> None:
    many = [(f"S{number}", "Contoso", "M") for number in range(5_000)]
    assert [device.serial_number for device in devices_in(workbook(table(*many)))] == [serial for serial, *_ in many]
