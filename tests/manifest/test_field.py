"""What people have in their files: each kind is read as it is meant, or rejected with the code and the place."""

import base64
import json

import pytest

from shared.manifest.device import Device
from tests.manifest.files import devices_in, issues_in, made_up_hash, read, warnings_in

H1, H2 = made_up_hash(1), made_up_hash(2)
SCRIPT = "Device Serial Number,Windows Product ID,Hardware Hash\n"
TEMPLATE = "Device Serial Number,Windows Product ID,Hardware Hash,Manufacturer name,Device model\n"
TAGGED = TEMPLATE.replace("\n", ",Group Tag\n")
ONE, TWO = Device("S1", None, H1), Device("S2", None, H2)
TUPLE = Device("S1", None, None, "LENOVO", "20L7")

CONFIGURATION_MANAGER = (
    "ReportTitle,ReportDescription\nWindows Autopilot Device Information,All of it\n\n"
    "Textbox1,Textbox2,Textbox3,SerialNumber0,WindowsProductID,DeviceHardwareData0\n"
    f"Device Serial Number,Windows Product ID,Hardware Hash,S1,,{H1}\n"
)

type Case = tuple[str | bytes, list[Device], list[str]]


def wrapped(value: str, end: str = "\n") -> str:
    return end.join(value[start : start + 76] for start in range(0, len(value), 76))


READ: dict[str, Case] = {
    "a second header in capitals": (f"{SCRIPT}S1,,{H1}\n{SCRIPT.upper()}S2,,{H2}\n", [ONE, TWO], ["repeated_header"]),
    "a second header by other names": (
        f"{SCRIPT}S1,,{H1}\nSerialNumber,product key,hardware-hash\nS2,,{H2}\n", [ONE, TWO], ["repeated_header"],
    ),
    "a second header in quotes behind a mark": (
        f'{SCRIPT}S1,,{H1}\n\ufeff"Serial Number","Windows Product ID","Hardware Hash"\nS2,,{H2}\n',
        [ONE, TWO], ["repeated_header"],
    ),
    "a header at the end": (f"{SCRIPT}S1,,{H1}\n{SCRIPT}", [ONE], ["repeated_header"]),
    "a second header of one column": (
        f"Hardware Hash\n{H1}\nhardwareHash\n", [Device(None, None, H1)], ["repeated_header"],
    ),
    "a mark before a device": (f"{SCRIPT}S1,,{H1}\n\ufeffS2,,{H2}\n", [ONE, TWO], []),
    "powershell's line in the middle": (
        f"#TYPE A.B\n{SCRIPT}S1,,{H1}\n#TYPE A.B\n{SCRIPT}S2,,{H2}\n", [ONE, TWO], ["skipped_line", "repeated_header"],
    ),
    "excel's line in the middle": (f"{SCRIPT}S1,,{H1}\nsep=,\nS2,,{H2}\n", [ONE, TWO], ["skipped_line"]),
    "dashes and a count": (
        f"{SCRIPT}------,------,------\nS1,,{H1}\n\n(1 row affected)\n", [ONE], ["skipped_line", "skipped_line"],
    ),
    "equals signs": (f"{SCRIPT}====,,====\nS1,,{H1}\n", [ONE], ["skipped_line"]),
    "an oracle's count": (f"{SCRIPT}S1,,{H1}\n1 row selected.\n", [ONE], ["skipped_line"]),
    "a count in a column of keys": (
        "Windows Product ID\nK1\n(12 rows affected)\n", [Device(None, "K1")], ["skipped_line"],
    ),
    "a german count": (f"{TEMPLATE}S1,,,LENOVO,20L7\n(1 Zeile betroffen)\n", [TUPLE], ["skipped_line"]),
    "management studio's end": (
        f"{TEMPLATE}S1,,,LENOVO,20L7\n\nCompletion time: 2026-11-01T10:00\n", [TUPLE], ["skipped_line"],
    ),
    "a title": (f"Laptops of Berlin\n\n{SCRIPT}S1,,{H1}\n", [ONE], ["skipped_top"]),
    "configuration manager": (
        CONFIGURATION_MANAGER,
        [ONE], ["skipped_top", *["unknown_column"] * 3],
    ),
    "a management tool": (
        f"Make,Model,Serial,Autopilot Hash\nLENOVO,20L7,S1,{H1}\n", [Device("S1", None, H1, "LENOVO", "20L7")], [],
    ),
    "bars": (f"{SCRIPT.replace(',', '|')}S1||{H1}\n", [ONE], []),
    "words for nothing": (
        f"{TEMPLATE}S1,NULL,n/a,LENOVO,20L7\n", [TUPLE], ["word_for_nothing", "word_for_nothing"],
    ),
    "signs for nothing": (
        f"{TEMPLATE}S1,-,(null),LENOVO,20L7\n", [TUPLE], ["word_for_nothing", "word_for_nothing"],
    ),
    "zero bytes for nothing": (
        f"{TEMPLATE}S1,\0,\0,LENOVO,20L7\n", [TUPLE], ["word_for_nothing", "word_for_nothing"],
    ),
    "cells filled up with zero bytes": (
        f"{TEMPLATE}S1\0\0\0,,,LENOVO,20L7\0\n", [TUPLE], ["removed_characters", "removed_characters"],
    ),
    "a blank for nothing": (f"{TEMPLATE}S1, ,,LENOVO,20L7\n", [TUPLE], ["word_for_nothing"]),
    "excel's text": (
        f'{TEMPLATE}"=""0012345""",,,LENOVO,20L7\n',
        [Device("0012345", None, None, "LENOVO", "20L7")], ["excel_formula"],
    ),
    "a list of powershell": (
        json.dumps({"value": [{"serialNumber": "S1", "hardwareHash": H1}], "Count": 1}), [ONE], ["unknown_member"],
    ),
    "one object": (json.dumps({"serialNumber": "S1", "hardwareHash": H1}), [ONE], []),
    "import-csv | convertto-json": (
        json.dumps([{"Device Serial Number": "S1", "Windows Product ID": "", "Hardware Hash": H1}]), [ONE], [],
    ),
    "a wizard's list": (
        json.dumps({"autopilotData": [{"SerialNumber": "S1", "hardwareHash": H1}]}), [ONE], [],
    ),
    "graph": (
        json.dumps([{
            "serialNumber": "S1", "hardwareIdentifier": H1, "groupTag": "",
            "productKey": "5d0c1a52-7777-4888-9999-0123456789ab",
        }]),
        [ONE], ["ignored_member", "ignored_product_key"],
    ),
    "a sign of comments where no line begins": (
        f"{TEMPLATE}S1,,,#1 PCs,20L7\n", [Device("S1", None, None, "#1 PCs", "20L7")], [],
    ),
    "a model like a company's end": (
        json.dumps([{"serialNumber": "S1", "oemManufacturerName": "LENOVO", "modelName": "SE"}]),
        [Device("S1", None, None, "LENOVO", "SE")], [],
    ),
    "a blank before each value": (
        json.dumps([{"serialNumber": " S1", "hardwareHash": H1, "oemManufacturerName": " Fictia Inc."}]),
        [Device(" S1", None, H1, " Fictia Inc.")], ["surrounding_space"] * 2,
    ),
    "other members with a comma in their names": (
        json.dumps([{"serialNumber": "S1", "hardwareHash": H1, "Notes (make, model)": "", "Model, serial; tag": "x"}]),
        [ONE], ["unknown_member"] * 2,
    ),
}  # fmt: skip

CLEANED: dict[str, tuple[str, str, list[str]]] = {
    "wrapped": (wrapped(H1), H1, ["cleaned_hash"]),
    "wrapped as mail is": (wrapped(H1, "\r\n  "), H1, ["cleaned_hash"]),
    "blanks at the ends": (f"  {H1}\t", H1, ["cleaned_hash"]),
    "a mark and no width": (f"\ufeff{H1[:9]}\u200b{H1[9:]}", H1, ["cleaned_hash"]),
    "url-safe": (base64.urlsafe_b64encode(base64.b64decode(H1)).decode(), H1, ["url_safe_hash"]),
    "no padding": (H1.rstrip("="), H1.rstrip("="), [] if H1.rstrip("=") == H1 else ["unusual_hash_length"]),
    "the reference's example": ("DummyHash1234", "DummyHash1234", ["unusual_hash_length"]),
}

REJECTED: dict[str, tuple[str | bytes, *tuple[str, ...]]] = {
    "a header of other columns": (f"{TEMPLATE}S1,,,LENOVO,20L7\n{SCRIPT}S2,,{H2}\n", "other_header"),
    "a header in another order": (
        f"{SCRIPT}S1,,{H1}\nHardware Hash,Device Serial Number,Windows Product ID\n", "other_header",
    ),
    "a header with semicolons": (f"{SCRIPT}S1,,{H1}\n{SCRIPT.replace(',', ';')}", "mixed_delimiters"),
    "devices with semicolons": ("Windows Product ID,Model,Asset\nK1,M,\nK2;M;\n", "mixed_delimiters"),
    "a column with a semicolon": (f"Windows Product ID,Hardware Hash;Group Tag\nK1,{H1};A\n", "mixed_delimiters"),
    "a column with a bar": (f"Windows Product ID,Hardware Hash|Group Tag\nK1,{H1}|A\n", "mixed_delimiters"),
    "a company's comma under an empty last cell": (
        f"{TAGGED}S1,,,Micro-Star International Co., Ltd.,MS-16V3,\n", "shifted_cells",
    ),
    "a company's comma without a blank": (f"{TAGGED}S1,,,Fictia,Inc.,F1,\n", "shifted_cells"),
    "a comment": (f"{TAGGED}S1,,,Fictia,F1,\n#S2,,,Fictia,F1,\n", "commented_line"),
    "a company's comma in another column": (f"Client,{SCRIPT}Fictia, LLC,S1,\n", "shifted_cells"),
    "results in the place of a manifest": ("serialNumber,productKey,hardwareHashStart\nS1,K1,T0H1\n", "results_file"),
    "a cell without a name": (f"{SCRIPT}S1,,{H1},Berlin\n", "too_many_cells"),
    "a hash under another name": (f"Windows Product ID,Data\nK1,{H1}\n", "misplaced_hash"),
    "a hash without signs under another name": (f"Windows Product ID,Data\nK1,{'Ab1c' * 1000}\n", "misplaced_hash"),
    "a hash under another name in json": (json.dumps([{"productKey": "K", "data": H1}]), "misplaced_hash"),
    "two names in one in json": (json.dumps([{"productKey": "K", "Make;Model": "LENOVO;20L7"}]), "mixed_delimiters"),
    "two names in one with a blank in json": (
        json.dumps([{"productKey": "K", "Make, Model": "LENOVO, 20L7"}]), "mixed_delimiters",
    ),
    "a header in one name in json": (
        json.dumps([{"Device Serial Number,Hardware Hash": f"S1,{H1}"}]), "mixed_delimiters",
    ),
    "a hash of the reference's form where the serial is": (f"{SCRIPT}{H1},K1,\n", "misplaced_hash"),
    "a hash that a line break has cut in two": (
        f"{TEMPLATE}S1,,{H1[:3600]}\n{H1[3600:]},LENOVO,20L7\n".replace("LENOVO", ",,LENOVO"), "misplaced_hash",
    ),
    "utf-16 behind utf-8": (
        f"{SCRIPT}S1,,{H1}\r\n".encode() + f"SER002,,{H2}\r\n".encode("utf-16-le"), "broken_encoding",
    ),
    "utf-16 behind cp1252": (
        f"{TEMPLATE}S1,,,Müller,M\r\n".encode("cp1252") + "SER002,,,A,B\r\n".encode("utf-16-le"), "broken_encoding",
    ),
    "utf-8 behind utf-16": (
        f"\ufeff{SCRIPT}S1,,{H1}\r\n".encode("utf-16-le") + f"S2,,{H2}\r\n".encode(), "broken_encoding",
    ),
    "utf-8 behind utf-16, off by one": (
        f"\ufeff{SCRIPT}S1,,{H1}\r\n".encode("utf-16-le") + f" S2,,{H2}\r\n".encode(), "broken_encoding",
    ),
    "short utf-16 behind utf-8": (
        b"Serial Number,Manufacturer,Model\nS1,A,B\n" + "S22,AB,CD\n".encode("utf-16-le"), "broken_encoding",
    ),
    "short utf-8 behind utf-16": (
        "\ufeffSerial Number,Manufacturer,Model\r\nS1,A,B\r\n".encode("utf-16-le") + b"S2,AB,CD\r\n", "broken_encoding",
    ),
    "the other utf-16": (
        f"\ufeff{SCRIPT}S1,,{H1}\r\n".encode("utf-16-le") + f"S2,,{H2}\r\n".encode("utf-16-be"), "broken_encoding",
    ),
    "utf-8 behind windows-1252": (
        f"{TEMPLATE}S1,,,Müller,M\n".encode("cp1252") + "S2,,,Müller,M\n".encode(), "broken_encoding",
    ),
    "windows-1252 behind utf-8": (
        f"{TEMPLATE}S1,,,Müller,M\n".encode() + "S2,,,Müller,M\n".encode("cp1252"), "broken_encoding",
    ),
}  # fmt: skip
LINES = {
    "a header of other columns": 3,
    "a header with semicolons": 3,
    "utf-16 behind utf-8": 3,
    "utf-8 behind utf-16": 3,
}

REJECTED_DEVICES: dict[str, tuple[dict[str, str], *tuple[str, ...]]] = {
    "excel's serial": ({"serialNumber": "1.23E+11", "hardwareHash": H1}, "number_for_serial"),
    "excel's serial with a comma": ({"serialNumber": "3,3E+12", "hardwareHash": H1}, "number_for_serial"),
    "excel's key": ({"productKey": "3.30066E+12"}, "number_for_value"),
    "excel's key with a comma": ({"productKey": "1,23E+11", "hardwareHash": H1}, "number_for_value"),
    "a long exponent": ({"productKey": "1.23457e+014"}, "number_for_value"),
    "excel's model": (
        {"serialNumber": "S", "oemManufacturerName": "LENOVO", "modelName": "2.00E+02"}, "number_for_value",
    ),
    "a template": (
        {"serialNumber": "<serialNumber>", "productKey": "<ProductID>", "hardwareHash": "<hardwareHash>"},
        "template_value", "template_value", "template_value",
    ),
    "a generated example": ({"productKey": "string"}, "template_value"),
    "a template in brackets": ({"productKey": "[Windows Product ID]"}, "template_value"),
    "a name": ({"productKey": "Windows Product ID", "serialNumber": "S"}, "template_value"),
    "an excel error": ({"serialNumber": "#N/A", "productKey": "K"}, "formula_for_value"),
    "a formula": ({"serialNumber": "=A1&B1", "productKey": "K"}, "formula_for_value"),
    "a lost character": (
        {"serialNumber": "S", "oemManufacturerName": "M\ufffdller", "modelName": "M"}, "lost_characters",
    ),
    "a character of a web page": ({"productKey": "A&amp;B"}, "escaped_character"),
    "graph's key alone": ({"productKey": "5d0c1a52-7777-4888-9999-0123456789ab"}, "guid_for_product_key"),
    "a message": ({"serialNumber": "S", "hardwareHash": "Unable to read the hash"}, "not_base64"),
    "a word": ({"serialNumber": "S", "hardwareHash": "Unavailable"}, "text_for_value"),
    "cut off by dots": ({"hardwareHash": H1[:100] + "..."}, "not_base64"),
    "cut off by an ellipsis": ({"hardwareHash": H1[:100] + "\u2026"}, "not_base64"),
    "an accent": ({"hardwareHash": H1[:-4] + "AAA\u00e9"}, "not_base64"),
    "plus signs lost": ({"hardwareHash": H1[:100] + " " + H1[101:]}, "not_base64"),
    "both alphabets": ({"hardwareHash": f"{H1[:50]}+-{H1[52:]}"}, "not_base64"),
    "two hashes": ({"hardwareHash": "QUI=" + H1}, "not_base64"),
    "a company's end for a model": (
        {"serialNumber": "S", "oemManufacturerName": "Fictia", "modelName": " LLC"}, "shifted_cells",
    ),
    "a company's end for a model, without its blank": (
        {"serialNumber": "S", "oemManufacturerName": "Fictia International Co.", "modelName": "Ltd."}, "shifted_cells",
    ),
    "a company's short end for a model": (
        {"serialNumber": "S", "oemManufacturerName": "Fictia", "modelName": " AG"}, "shifted_cells",
    ),
    "more of a company's name for a model": (
        {"serialNumber": "S", "oemManufacturerName": "Fictia", "modelName": " & Co. KG"}, "shifted_cells",
    ),
    "a company's end and country for a model": (
        {"serialNumber": "S", "oemManufacturerName": "Fictia Co.", "modelName": " Ltd. (Taiwan)"}, "shifted_cells",
    ),
    "a company's end for a serial": ({"serialNumber": "Inc.", "productKey": "K"}, "shifted_cells"),
    "a message for a key": ({"productKey": "Unable to read the key of PC-01"}, "text_for_value"),
    "a message for a serial": (
        {"serialNumber": "Unable to retrieve the serial number", "hardwareHash": H1}, "text_for_value",
    ),
}  # fmt: skip


def as_bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


@pytest.mark.parametrize("case", READ)
def test_what_is_meant_is_read(case: str) -> None:
    data, devices, codes = READ[case]
    assert devices_in(as_bytes(data)) == devices
    assert sorted(code for _, code in warnings_in(as_bytes(data))) == sorted(codes)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("case", [case for case in READ if str(READ[case][0])[0] not in "[{"])
def test_what_is_meant_is_read_in_many_rows_and_with_other_line_ends(case: str, end: str) -> None:
    data, devices, _ = READ[case]
    text = as_bytes(data).decode()
    header = next(line for line in text.splitlines() if "erial" in line or "Hash" in line or " ID" in line)
    if header.count(",") == 2:
        padding = "".join(f"P{number:05},K{number:05},\n" for number in range(2_000))
        text = text.replace(header + "\n", header + "\n" + padding, 1)
    assert devices_in(text.replace("\n", end).encode())[-len(devices) :] == devices


@pytest.mark.parametrize("case", CLEANED)
@pytest.mark.parametrize("layout", ["json", "csv"])
def test_a_hash_is_cleaned(layout: str, case: str) -> None:
    value, cleaned, codes = CLEANED[case]
    in_json = json.dumps([{"hardwareHash": value}])
    data = (in_json if layout == "json" else f'Hardware Hash\n"{value}"\n').encode()
    assert devices_in(data) == [Device(None, None, cleaned)]
    assert [code for _, code in warnings_in(data)] == codes


@pytest.mark.parametrize("case", REJECTED)
def test_what_is_not_meant_is_rejected(case: str) -> None:
    data, *codes = REJECTED[case]
    issues = issues_in(as_bytes(data))
    assert {code for _, code in issues} >= set(codes)
    if case in LINES:
        assert (f"line {LINES[case]}", codes[0]) in issues


@pytest.mark.parametrize("case", REJECTED_DEVICES)
@pytest.mark.parametrize("layout", ["json", "csv"])
def test_a_device_that_is_not_meant_is_rejected(layout: str, case: str) -> None:
    device, *codes = REJECTED_DEVICES[case]
    columns, cells = ",".join(device), ",".join(f'"{value}"' for value in device.values())
    data = json.dumps([device]) if layout == "json" else f"{columns}\n{cells}\n"
    place = "device 1" if layout == "json" else "line 2"
    assert [issue for issue in issues_in(data.encode()) if issue[1] != "missing_identity"] == [
        (place, code) for code in codes
    ]


def test_a_finding_names_the_device_and_the_line() -> None:
    [issue] = read(f"{SCRIPT}S1,,{H1}\n\n#TYPE x\nS2,,\n".encode()).issues.kept
    assert (issue.where, issue.device, issue.line) == ("line 5", 2, 5)
    [issue] = read(b'[{"productKey": "K"}, {}]').issues.kept
    assert (issue.where, issue.device, issue.line) == ("device 2", 2, None)
    [issue] = read(b"").issues.kept
    assert (issue.where, issue.device, issue.line) == ("manifest", None, None)


def test_what_was_understood_and_what_was_not_is_listed() -> None:
    [issue] = read(b"Serial Number,Modell,Kunde\n1,2,3\n").issues.kept
    assert "Found: 'Serial Number', 'Modell'. Unknown names: 'Kunde'." in issue.message
    [issue] = read(b'[{"serialNumber": "S1", "hash value": "x"}]').issues.kept
    assert "Found: serial number. Missing: manufacturer, model. Unknown names: 'hash value'." in issue.message


def test_a_column_of_hashes_under_another_name_is_reported_once() -> None:
    assert issues_in(f"Windows Product ID,Data\nK1,{H1}\nK2,{H2}\n".encode()) == [("line 2", "misplaced_hash")]


def test_very_many_models_are_read_as_they_are() -> None:
    models = [f"Model {number}" for number in range(5_000)]
    devices = [{"productKey": f"K{number}", "modelName": model} for number, model in enumerate(models)]
    assert [device.model_name for device in devices_in(json.dumps(devices).encode())] == models


def test_members_of_a_device_beside_a_list_of_devices_are_reported() -> None:
    envelope = {"serialNumber": "S1", "devices": [{"productKey": "K"}]}
    assert warnings_in(json.dumps(envelope).encode()) == [("manifest", "unknown_member")]


def test_the_digest_is_that_of_the_devices_that_are_sent() -> None:
    one, two = f"{SCRIPT}S1,,{H1}\nS2,,{H2}\n", json.dumps([{"serialNumber": "S1", "hardwareHash": H1}])
    digests = {
        read(data.encode()).digest
        for data in (one, two, one.replace("S2", "S3"), one.replace(H2, H2[4:]), f"{SCRIPT}S2,,{H2}\nS1,,{H1}\n")
    }
    assert len(digests) == 5
    again = read((one + SCRIPT + f"S1,,{H1}\n").replace(",", ";").encode())
    assert again.digest == read(one.encode()).digest
    assert len(again.digest) == 32


def test_rows_know_their_lines() -> None:
    rows = read(f'{SCRIPT}S1,,"{wrapped(H1)}"\n\nS2,,{H2}\n'.encode()).rows()
    assert [(row.place, row.line) for row in rows] == [(1, 2), (2, 2 + len(wrapped(H1).splitlines()) + 1)]
    assert [row.line for row in read(b'[{"productKey": "K"}]').rows()] == [None]
