"""What other programs, scanners, forms and people leave in a value or put in its place: rejected, or a warning."""

import json
from itertools import permutations

import pytest

from shared.manifest.device import Device
from tests.manifest.files import devices_in, issues_in, json_file, made_up_hash, read, warnings_in

HASH = f"T0{made_up_hash(1)[2:]}"
TEMPLATE = "Device Serial Number,Windows Product ID,Hardware Hash,Manufacturer name,Device model\n"
NAMES = ("serialNumber", "productKey", "hardwareHash", "oemManufacturerName", "modelName")
FIRST = Device("5CG0000001", None, HASH, "LENOVO", "20L7")
CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"


def found(field: str, value: str, form: str) -> list[str]:
    """Return the issues' codes of a device in which a field has a value."""
    device = {"serialNumber": "5CG0000002", "hardwareHash": f"T1{HASH[2:]}", "modelName": "20L7"} | {field: value}
    cells = [f'"{device.get(name, "")}"' for name in NAMES]
    data = f"{TEMPLATE}{','.join(cells)}\n" if form == "csv" else json.dumps([device])
    return [code for _, code in issues_in(data.encode())]


ANYWHERE = {
    "/* Dell */": "text_for_value",
    "/*Dell": "text_for_value",
    "Dell /* old */": "text_for_value",
    "Dell <!-- old -->": "text_for_value",
    "Dell<br/>": "text_for_value",
    "Dell</td>": "text_for_value",
    "\x1b[32mDell\x1b[0m": "text_for_value",
    ":: Dell": "text_for_value",
    "varchar(50)": "template_value",
    "NVARCHAR(max)": "template_value",
    "decimal(10, 2)": "template_value",
    "varchar2(50 char) not null": "template_value",
    "#Error": "formula_for_value",
    "#DIV/0": "formula_for_value",
    "#Deleted": "formula_for_value",
    "#HI\u00c1NYZIK": "formula_for_value",
    "Sheet1!A2": "formula_for_value",
    "'My sheet'!$A$2": "formula_for_value",
    "$A$2": "formula_for_value",
    "Choose an item.": "text_for_value",
    "Loading...": "text_for_value",
    "Microsoft.Management.Infrastructure.CimInstance": "text_for_value",
    "\\\\\\\\PC1\\\\root\\\\cimv2:Win32_BIOS": "text_for_value",
}


@pytest.mark.parametrize("value", ANYWHERE)
@pytest.mark.parametrize("field", ["productKey", "oemManufacturerName", "modelName"])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_a_program_has_left_is_no_value_in_any_field(value: str, field: str, form: str) -> None:
    assert found(field, value.replace("\\\\", "\\"), form) == [ANYWHERE[value]]


@pytest.mark.parametrize("value", ["REM Dell", "rem LENOVO", "Rem  Dell Inc.", "REM Microsoft Corporation"])
@pytest.mark.parametrize("field", ["oemManufacturerName", "modelName"])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_known_manufacturer_behind_rem_is_a_comment(value: str, field: str, form: str) -> None:
    assert found(field, value, form) == ["text_for_value"]


def test_so_is_one_at_the_begin_of_its_line() -> None:
    assert issues_in(f"Make,Model,Serial,Hardware Hash\nREM Dell,M,5CG1,{HASH}\n".encode()) == [
        ("line 2", "text_for_value")
    ]


@pytest.mark.parametrize("value", ["2026-11-01 10:00:00 Dell", "2026-11-01T10:00:00Z"])
@pytest.mark.parametrize("field", ["oemManufacturerName", "modelName"])
def test_a_moment_before_a_name_is_that_of_a_log(value: str, field: str) -> None:
    assert found(field, value, "csv") == found(field, value, "json") == ["text_for_value"]


@pytest.mark.parametrize("word", ["hash", "HardwareHash", "Serial", "Model", "xxxx", "XXXXXXXX"])
def test_the_name_of_a_column_or_a_mask_is_no_hash(word: str) -> None:
    assert found("hardwareHash", word, "csv") == found("hardwareHash", word, "json") == ["text_for_value"]


@pytest.mark.parametrize(
    "name", ["A&amp;B", "M\u00c3\u00bcller", "Fictia \u00e2\u20ac\u201c Tech", "Fictia%20Ltd", "A\\u0026B"]
)
def test_changed_characters_in_a_name_are_a_warning(name: str) -> None:
    devices = [Device("S1", None, HASH, name, "20L7"), Device("S2", "K1-2", None, "LENOVO", name)]
    assert devices_in(json_file(devices)) == devices
    assert warnings_in(json_file(devices)) == [(f"device {place}", "changed_characters") for place in (1, 2)]


@pytest.mark.parametrize(
    "name",
    [
        "A&B",
        "AT&T; LTE",
        "CAF\u00c9",
        "M\u00fcller \u2013 S\u00f6hne",
        "100%",
        "50 %2",
        "A\\B",
        "char(tech)",
        "REM 1",
        "5!A",
    ],
)
def test_names_that_only_look_so_are_sent_without_one(name: str) -> None:
    device = Device("S1", None, HASH, name, name)
    assert (devices_in(json_file([device])), warnings_in(json_file([device]))) == ([device], [])


@pytest.mark.parametrize(
    "value",
    [
        "A1:B",
        "5CG:1 2",
        "A(B)",
        "S1 (2)",
        "5CG1234567 (A1)",
        "AB12 or CD",
        "REM12345",
        "AB%S1",
        "A&B",
        "Inc 5CG",
        "5CG-Ltd",
    ],
)
def test_identifiers_that_only_look_so_are_sent(value: str) -> None:
    assert devices_in(json_file([Device(value, None, HASH)])) == [Device(value, None, HASH)]


@pytest.mark.parametrize("signs", ["12345", "01234", "ABCDE", "abcde"])
@pytest.mark.parametrize("count", [3, 4, 5])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_numbers_of_columns_are_no_device(signs: str, count: int, form: str) -> None:
    names = NAMES if count == 5 else ("oemManufacturerName", "modelName", "serialNumber", "hardwareHash")[:count]
    row = dict(zip(names, signs, strict=False))
    table = f"{','.join(names)}\n{','.join(row.values())}\n"
    place = "line 2" if form == "csv" else "device 1"
    (issue,) = read((table if form == "csv" else json.dumps([row])).encode()).issues.kept
    assert (issue.where, issue.code, issue.message[:11]) == (place, "column_numbers", "The device ")


@pytest.mark.parametrize("row", ["1,2,,,", "2,3,,4,5", "A,B,C,,X", "A1,B,,C,D", "1,K,,2,3"])
def test_a_device_with_short_values_is_one(row: str) -> None:
    assert len(devices_in(f"{TEMPLATE}{row}\n".encode())) == 1


@pytest.mark.parametrize("between", ["", " ", "\n", "\r\n", ",", "; "])
def test_the_same_hash_twice_in_a_cell_is_said(between: str) -> None:
    (issue,) = read(f'Hardware Hash\n"{HASH}{between}{HASH}"\n'.encode()).issues.kept
    assert issue.code == "several_values"
    assert "holds the same hash twice. Keep one of them" in issue.message


def test_so_is_one_that_was_made_up() -> None:
    assert found("hardwareHash", "DummyHash1234 DummyHash1234", "json") == ["several_values"]


@pytest.mark.parametrize(
    "value", ["DummyHash1234", "QUJD\nQUJD", f"{'A' * 76}\n{'A' * 76}", "DummyHash1234\nDummyHash1235"]
)
def test_a_wrapped_hash_is_none_twice(value: str) -> None:
    assert found("hardwareHash", value, "json") == []


NUMBERS = ("{}.{}", "{}){}", "{}:{}", "0{}.{}")


@pytest.mark.parametrize("form", NUMBERS)
@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("field", ["Serial", "Windows Product ID"])
def test_rows_that_are_all_numbered_are_an_issue(form: str, first: int, field: str) -> None:
    rows = [f"{form.format(number, f'5CG{number}')},T{number}{HASH[2:]}" for number in range(first, first + 3)]
    assert issues_in(f"{field},Hardware Hash\n{'\n'.join(rows)}\n".encode()) == [("manifest", "numbered_values")]


@pytest.mark.parametrize(
    "serials", [["1.5CG"], ["1.5CG", "5CG"], ["2.5CG", "1.5CG"], ["1.5CG", "1.5CH"], ["1-5C", "2-5C"]]
)
def test_rows_of_which_only_some_are_are_sent(serials: list[str]) -> None:
    devices = [Device(serial, None, f"T{place}{HASH[2:]}") for place, serial in enumerate(serials)]
    assert devices_in(json_file(devices)) == devices


@pytest.mark.parametrize("name", ["REM {}", "rem {}", "// {}", "/* {} */", "<!-- {} -->", "-- {}"])
@pytest.mark.parametrize("member", ["devices", "customerId", "batchId"])
def test_a_member_of_an_envelope_that_was_made_a_comment_is_an_issue(name: str, member: str) -> None:
    envelope = {"customerId": CUSTOMER, "batchId": "b", "devices": [{"productKey": "K1"}]}
    data = json.dumps({name.format(key) if key == member else key: value for key, value in envelope.items()})
    assert issues_in(data.encode()) == [("manifest", "commented_line")]


def test_so_is_a_second_array_of_devices() -> None:
    data = json.dumps({"REM devices": [{"productKey": "K1"}], "devices": [{"productKey": "K2"}]})
    assert ("manifest", "commented_line") in issues_in(data.encode())


@pytest.mark.parametrize("name", ["/* serialNumber */", "<!-- serialNumber -->"])
def test_so_is_a_member_of_a_device(name: str) -> None:
    assert issues_in(json.dumps([{"productKey": "K1", name: "S1"}]).encode()) == [("device 1", "commented_line")]


@pytest.mark.parametrize("line", ["; S2;KEY;;", "; S2;K1-2;;"])
def test_a_line_behind_a_semicolon_is_a_comment_where_the_hash_shows_it(line: str) -> None:
    data = f"{TEMPLATE.replace(',', ';')}S1;;{HASH};LENOVO;20L7\n{line}\n"
    assert issues_in(data.encode()) == [("line 3", "commented_line")]


@pytest.mark.parametrize(("hash_", "code"), [("Unable to read", "not_base64"), ("=A1", "formula_for_value")])
def test_no_identifier_shows_it(hash_: str, code: str) -> None:
    data = f"{TEMPLATE.replace(',', ';')}; S2;{hash_};;\n"
    assert issues_in(data.encode()) == [("line 2", code)]


@pytest.mark.parametrize("line", ["; K1-2;;;", f"; K1-2;{HASH};;", f"; K1-2;{HASH[:255]};;", "; K1-2;NULL;A;B"])
def test_a_blank_before_a_product_key_is_none(line: str) -> None:
    assert devices_in(f"{TEMPLATE.replace(',', ';')}{line}\n".encode())[0].product_key == " K1-2"


@pytest.mark.parametrize("rule", ["|:---|:--:|---:|---|---|---|", "| :-- | --: | --- | --- | --- | --- |"])
def test_the_rule_of_a_table_in_markdown_is_left_out(rule: str) -> None:
    header = f"|{TEMPLATE.strip().replace(',', '|')}|Tag|"
    data = f"{header}\n{rule}\n|5CG0000001||{HASH}|LENOVO|20L7|A|\n".encode()
    assert devices_in(data) == [FIRST]
    assert ("line 2", "skipped_line") in warnings_in(data)


@pytest.mark.parametrize(
    "words", [*permutations(("Gesamtergebnis", "2")), ("Total general", "2"), ("Nr. of units", "2"), ("End-of-File",)]
)
def test_the_totals_of_a_pivot_table_are_left_out(words: tuple[str, ...]) -> None:
    data = f"{TEMPLATE}5CG0000001,,{HASH},LENOVO,20L7\n{','.join(words)}\n".encode()
    assert (devices_in(data), warnings_in(data)) == ([FIRST], [("line 3", "skipped_line")])
