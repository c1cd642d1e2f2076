"""What is wrong with a file is reported with a stable code, the place, and what to do."""

import codecs
import gzip
import io
import json
import zipfile
from typing import NoReturn

import pytest

from shared.manifest import ISSUES, InMemory, inspect
from shared.manifest.device import FIELDS, Device
from shared.manifest.device_rules import LARGEST
from shared.manifest.field_rules import LONGEST_VALUE
from shared.manifest.hardware_hash import LONGEST_HASH
from tests.manifest.files import devices_in, issues_in, read
from tests.manifest.test_field import REJECTED, REJECTED_DEVICES

KEY = '{"productKey": "K"}'
HEADER = "Device Serial Number,Windows Product ID,Hardware Hash,Manufacturer name,Device model\n"


def packed(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return data.getvalue()


FOREIGN = {
    "empty": (b"", "empty_file"),
    "a mark alone": (codecs.BOM_UTF16_LE, "blank_file"),
    "white space": (b" \r\n\t" * 9, "blank_file"),
    "much white space": (b" " * 1_000_000, "blank_file"),
    "packed nothing": (gzip.compress(b""), "empty_file"),
    "zip": (packed("devices.csv"), "zip_archive"),
    "an empty zip": (packed(), "zip_archive"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_excel_workbook"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", "zip_archive"),
    "rich text": (b"{\\rtf1\\ansi Hardware Hash", "office_document"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf_file"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture_file"),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF", "picture_file"),
    "a status": (b'{"state": "failed", "devices": {"registered": 0, "notUploaded": 2}}', "status_file"),
    "html": (b"\n<!DOCTYPE HTML>\n<title>Sign in</title>", "html_page"),
    "bare html": (b"<HTML><body>502</body></HTML>", "html_page"),
    "xml": (b'<?xml version="1.0"?><devices/>', "xml_file"),
    "utf-16 le": ("Hardware Hash\r\n".encode("utf-16-le"), "utf16_without_mark"),
    "utf-16 be": ("[{}]".encode("utf-16-be"), "utf16_without_mark"),
    "utf-32 le": (codecs.BOM_UTF32_LE + "[]".encode("utf-32-le"), "utf32_file"),
    "utf-32 be": (codecs.BOM_UTF32_BE + "[]".encode("utf-32-be"), "utf32_file"),
    "utf-32 without a mark": ("Hardware Hash".encode("utf-32-be"), "utf32_file"),
    "zeros": (bytes(100), "binary_file"),
    "zeros behind a text": (HEADER.encode() + bytes(100), "binary_file"),
    "some zeros": (b"PNG" + b"\0\1\2\3" * 100, "binary_file"),
    "cut off gzip": (gzip.compress(KEY.encode() * 99)[:-9], "gzip_damaged"),
    "gzip and something": (gzip.compress(b"[]") + b"something", "gzip_damaged"),
    "gzip's first bytes": (b"\x1f\x8b", "gzip_damaged"),
    "gzip twice": (gzip.compress(gzip.compress(b"[]")), "gzip_in_gzip"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "code"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_no_manifest_is_reported_by_its_content(data: bytes, code: str) -> None:
    assert issues_in(data) == [("manifest", code)]
    assert read(data).device_count is None


BROKEN = {
    "utf-8, then not": ('[{"modelName": "é"}, {"modelName": "'.encode() + b'\xe9"}]', 1),
    "no cp1252": (b"Hardware Hash\n\xe9\x81", 2),
    "half a character": (codecs.BOM_UTF16_LE + b"[\0]", 1),
    "half a surrogate": (codecs.BOM_UTF16_LE + b"[\0\x00\xd8]\0", 1),
    "marked utf-8, then not": (codecs.BOM_UTF8 + b"Hardware Hash\n\xe9\n", 2),
    "half of utf-8 at the end": ("Windows Product ID\né\n".encode() + b"\xc3", 3),
    "after a quote": (codecs.BOM_UTF8 + b'Hardware Hash\r"A\rB"\r"\rx\xe9"\r', 5),
    "before a header": (codecs.BOM_UTF8 + b"sep=,\r\n\r\nHardware \xe9\r\n", 3),
    "in an envelope": (codecs.BOM_UTF8 + b'{"batchId":\n"\xe9"}', 2),
    "utf-16, long": (codecs.BOM_UTF16_LE + ("Hardware Hash\n" + "A\n" * 99_998).encode("utf-16-le") + b"A", 100_000),
}  # fmt: skip


@pytest.mark.parametrize(("data", "line"), BROKEN.values(), ids=BROKEN)
def test_where_the_encoding_breaks_is_reported(data: bytes, line: int) -> None:
    assert issues_in(data) == [(f"line {line}", "broken_encoding")]


JSON = {
    "a script": ("<#\n.SYNOPSIS\n#>", [("line 1", "missing_header")]),
    "a number": ("5", [("manifest", "wrong_top_level")]),
    "null": ("null", [("manifest", "wrong_top_level")]),
    "a string": ('"devices"\n \n', [("manifest", "wrong_top_level")]),
    "no device": ('{"policies": null}', [("manifest", "missing_devices")]),
    "a file in json": ('{"$content-type": "text/csv", "$content": "QQ=="}', [("manifest", "file_in_json")]),
    "nothing": ("{}", [("manifest", "missing_devices")]),
    "no devices": ("[]", [("manifest", "no_devices")]),
    "an envelope of none": ('{"devices": []}', [("manifest", "no_devices")]),
    "devices are an object": ('{"devices": {"a": 1}}', [("manifest", "wrong_type")]),
    "devices are null": ('{"batchId": "b", "devices": null}', [("manifest", "wrong_type")]),
    "devices twice": (f'{{"devices": [{KEY}], "Devices": []}}', [("manifest", "conflicting_members")]),
    "ids of a wrong type": (
        f'{{"customerId": 5, "batchId": {{}}, "devices": [{KEY}]}}',
        [("manifest", "wrong_type"), ("manifest", "wrong_type")],
    ),
    "a blank id": (f'{{"batchId": " ", "customerid": "", "devices": [{KEY}]}}', [("manifest", "blank_id")] * 2),
    "half an id": (f'{{"batchId": "\\ud800", "devices": [{KEY}]}}', [("manifest", "unpaired_surrogate")]),
    "two batches": (f'{{"batchId": "a", "batchId": "b", "devices": [{KEY}]}}', [("manifest", "conflicting_members")]),
    "no objects": (
        f'[1, "a", null, true, [], {KEY}, NaN, -Infinity, 1e999, {"9" * 5000}]',
        [(f"device {place}", "not_an_object") for place in (1, 2, 3, 4, 5, 7, 8, 9, 10)],
    ),
    "wrong types": (
        '[{"hardwareHash": 5, "SERIALNUMBER": [""], "productKey": false, "modelName": {}, "oemManufacturerName": 1.5}]',
        [("device 1", "wrong_type")] * 5,
    ),
    "a fault hides no other": (
        f'[{{"hardwareHash": 5, "serialNumber": "1.23E+11"}}, {KEY}, {{}}]',
        [("device 1", "wrong_type"), ("device 1", "number_for_serial"), ("device 3", "missing_identity")],
    ),
    "two spellings": (
        '[{"modelName": "a", "ModelName": "a", "productKey": "b", "productkey": "", "ProductKey": "c"}]',
        [("device 1", "conflicting_members")],
    ),
    "half a character": (
        '[{"productKey": "\\ud800"}, {"hardwareHash": "a\\udfffb"}, {"productKey": "\\ud83d\\ude00"}]',
        [("device 1", "unpaired_surrogate"), ("device 2", "unpaired_surrogate")],
    ),
    "no identity": (
        '[{}, {"serialNumber": "1", "modelName": "M"}, {"hardwareHash": " ", "productKey": "\\t\\u00a0"}, {"a": 1}]',
        [(f"device {place}", "missing_identity") for place in (1, 2, 3, 4)],
    ),
    "excel's serials": (
        '[{"serialNumber": "1.23E+11", "hardwareHash": "AAAA"}, {"productKey": "K", "serialNumber": " 5e+05 "}]',
        [("device 1", "number_for_serial"), ("device 2", "number_for_serial")],
    ),
    "not closed": (f"[{KEY}", [("line 1", "invalid_json")]),
    "cut off in a string": ('[\n{"productKey":\n"K', [("line 3", "invalid_json")]),
    "cut off after a name": ('{"devices"', [("line 1", "invalid_json")]),
    "no names": ("{5: 6}", [("line 1", "invalid_json")]),
    "no colon": ('{"devices" []}', [("line 1", "invalid_json")]),
    "no value": ('{"batchId": , "devices": []}', [("line 1", "invalid_json")]),
    "no comma": (f"[{KEY}\n{KEY}]", [("line 2", "invalid_json")]),
    "two commas": (f"[{KEY},\n,{KEY}]", [("line 2", "invalid_json")]),
    "a comma too many": (f"[{KEY},\n]", [("line 2", "invalid_json")]),
    "a comma too many in a device": ('[{"productKey": "K",}]', [("line 1", "invalid_json")]),
    "the other bracket": (f"[{KEY}}}", [("line 1", "invalid_json")]),
    "more after the end": (f"[{KEY}]\n[{KEY}]", [("line 2", "invalid_json")]),
    "quotes of the wrong kind": ("[{'productKey': 'K'}]", [("line 1", "invalid_json")]),
    "a line break in a string": ('[{"productKey": "K\n"}]', [("line 1", "invalid_json")]),
    "a bad escape": ('[{"productKey": "C:\\Users"}]', [("line 1", "invalid_json")]),
    "devices before the fault": ("[{},\n5,\n}", [
        ("line 3", "invalid_json"), ("device 1", "missing_identity"), ("device 2", "not_an_object"),
    ]),
    "deep in a device": ("[" * 100_000, [("line 1", "nested_too_deeply")]),
    "deep in an ignored member": ('[{"a": ' + '{"a": ' * 100_000, [("line 1", "nested_too_deeply")]),
    "a huge device": (f'[{{"policies": "{"x" * 1_100_000}"}}]', [("line 1", "value_too_large")]),
    "a huge list": (f'[\n{{"policies": [{"1," * 600_000}1]}}, {KEY}]', [("line 2", "value_too_large")]),
    "a huge unclosed string": ('[{"productKey": "' + "x" * 3_000_000, [("line 1", "value_too_large")]),
    "a huge member": (f'{{"a": "{"x" * 1_200_000}", "devices": [{KEY}]}}', [("line 1", "value_too_large")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), JSON.values(), ids=JSON)
def test_a_fault_in_json_is_reported_with_its_place(text: str, expected: list[tuple[str, str]]) -> None:
    assert issues_in(text.encode()) == expected


CSV = {
    "no header": ("5CG1234567,,AAAA\n5CG1234568,,AAAA\n", [("line 1", "missing_header")]),
    "another table": ("\n\nName,Street\nA,B\n", [("line 3", "missing_header")]),
    "a number, and more": ("5\n6\n", [("line 1", "missing_header")]),
    "not quite json": ("tru", [("line 1", "missing_header")]),
    "a huge quoted header": (f'"{"x" * 200_000}"\nx\n', [("line 1", "missing_header")]),
    "not enough columns": ("Serial Number,Model\n1,2\n", [("line 1", "incomplete_header")]),
    "one column twice": ("Serial Number,Hardware Hash,Device Serial Number\n1,2,3\n", [("line 1", "repeated_column")]),
    "only a header": (HEADER, [("manifest", "no_devices")]),
    "only blank records": (HEADER + ",,,,\n\n , \n", [("manifest", "no_devices")]),
    "only separators": (";;\n,,\n", [("manifest", "no_devices")]),
    "a comma in the maker's name": (
        HEADER + "1,,,Micro-Star International Co., Ltd.,M\n2,,,LENOVO,M,\n3,,,A,B,,C\n",
        [("line 2", "too_many_cells"), ("line 4", "too_many_cells")],
    ),
    "no identity": (
        HEADER + '1,,,LENOVO,\n"2\n",K,,,\n,,,,M\n',
        [("line 2", "missing_identity"), ("line 5", "missing_identity")],
    ),
    "only an ignored cell": ("Hardware Hash,Group Tag\n,Berlin\n", [("line 2", "missing_identity")]),
    "excel's serials": (
        HEADER + '1.23E+11,K,,,\n"1,23E+11",K,,,\n4E+05,,,A,B\n123E456,K,,,\n',
        [("line 2", "number_for_serial"), ("line 3", "number_for_serial"), ("line 4", "number_for_serial")],
    ),
    "an unclosed quote": (HEADER + '1,K,,,\n2,"K,,,\n3,K,,,\n', [("line 3", "unclosed_quote")]),
    "an unclosed quote in a long file": (HEADER + '"1,K,,,\n' + "2,K,,,\n" * 50_000, [("line 2", "unclosed_quote")]),
    "many lines in one record": (HEADER + '"\n",' * 400_000, [("line 2", "unclosed_quote")]),
    "faults before an unclosed quote": (
        HEADER + '1,,,"LENOVO",\n2,"K,,,\n3,K,,,\n', [("line 3", "unclosed_quote"), ("line 2", "missing_identity")],
    ),
    "a huge line": (HEADER + "x" * 1_100_000 + "\n", [("line 2", "value_too_large")]),
    "a huge line far down": (HEADER + "1,K,,,\n" * 90_000 + "x" * 1_100_000, [("line 90002", "value_too_large")]),
    "a huge quoted value": (HEADER + f'1,"{"x" * 1_100_000}"\n', [("line 2", "value_too_large")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CSV.values(), ids=CSV)
def test_a_fault_in_csv_is_reported_with_its_line(text: str, expected: list[tuple[str, str]]) -> None:
    assert issues_in(text.encode()) == expected


def test_what_is_too_large_is_reported_with_the_limit() -> None:
    (issue,) = read((HEADER + "x" * 1_100_000).encode()).issues.kept
    assert f"{LARGEST:,} characters" in issue.message


def test_large_hashes_are_no_fault_up_to_the_limit() -> None:
    for text in ('[{"hardwareHash": "%s"}]', "Hardware Hash\n%s", 'Hardware Hash\n"%s"\n'):
        value = "x" * LONGEST_HASH
        assert devices_in((text % value).encode()) == [Device(hardware_hash=value)]
        assert [code for _, code in issues_in((text % f"{value}x").encode())] == ["value_too_large"]


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "hardwareHash"])
def test_every_other_value_is_bounded(field: str) -> None:
    value = "x y" + "z" * (LONGEST_VALUE - 3)
    device = {"hardwareHash": "A" * 4000, field: value}
    assert issues_in(json.dumps([device]).encode()) == []
    assert issues_in(json.dumps([device | {field: f"{value}z"}]).encode()) == [("device 1", "value_too_large")]


@pytest.mark.parametrize("sign", ["x", "=", "'", "0", "-", "\u00e9"])
def test_no_finding_repeats_a_long_value(sign: str) -> None:
    device = dict.fromkeys(FIELDS, sign * 100_000)
    manifest = read(json.dumps([device]).encode())
    assert manifest.issues.count
    assert all(len(found.message) < 1_000 for found in (*manifest.issues.kept, *manifest.warnings.kept))


def test_a_file_over_the_limit_is_not_read() -> None:
    class Unread(InMemory):
        def chunks(self) -> NoReturn:
            raise AssertionError("read all the same")

    manifest = inspect(Unread(b"[" * 11), max_bytes=10)
    assert [issue.code for issue in manifest.issues.kept] == ["manifest_too_large"]


def test_a_gzip_file_may_not_unpack_to_more_than_the_limit() -> None:
    bomb = gzip.compress(b"[" + b" " * 10_000_000)
    manifest = inspect(InMemory(bomb), max_bytes=1_000_000)
    assert [issue.code for issue in manifest.issues.kept] == ["unpacked_too_large"]


IN_WORKBOOKS = """
    binary_workbook boolean_cell date_cell devices_on_other_sheet error_cell formula_without_value no_visible_sheet
    number_for_hash number_format number_lost_digits office_document opendocument_file spreadsheet_xml strict_workbook
    sylk_file workbook_damaged workbook_protected workbook_too_large
"""  # these are met in the tests of workbook_reader/


def test_every_code_of_an_issue_is_met_here_or_in_the_field() -> None:
    met = {"broken_encoding"} | {code for _, code in FOREIGN.values()}
    met |= {code for _, expected in (*JSON.values(), *CSV.values()) for _, code in expected}
    met |= {code for codes in (*REJECTED.values(), *REJECTED_DEVICES.values()) for code in codes[1:]}
    met |= {"manifest_too_large", "too_many_devices", "unpacked_too_large", "hash_in_pieces", "several_values"}
    met |= {"hash_encoding", "other_customer", "other_batch", "misspelt_name", "manufacturer_for_value"}
    met |= {"column_numbers", "numbered_values"}
    assert met | set(IN_WORKBOOKS.split()) == set(ISSUES)


def test_more_devices_than_allowed_are_rejected_duplicates_included() -> None:
    devices = InMemory(b'[{"productKey": "K"}, {"productKey": "K"}, {"productKey": "K"}]')
    assert inspect(devices, max_bytes=1000, max_devices=3).device_count == 1
    [issue] = inspect(devices, max_bytes=1000, max_devices=2).issues.kept
    assert (issue.where, issue.code) == ("manifest", "too_many_devices")
    assert "more than 2 devices" in issue.message
