"""What a finding says to a person, and what it must not say."""

import json

import pytest

from shared.manifest import CODES, WARNINGS
from shared.manifest.device import encode
from tests.manifest.files import devices_in, made_up_hash, read, warnings_in
from tests.manifest.test_field import CLEANED, READ

KEY = '{"productKey": "K"}'


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('[{"productKey": "K"},\n {"productKey": K}]', 2, 17),
        ('[{"productKey": "K"}\n\n\n  {"productKey": "K"}]', 4, 3),
        ('{"batchId": "b" "devices": []}', 1, 17),
    ],
)
@pytest.mark.parametrize("before", [0, 5_000], ids=["small", "large"])
def test_a_syntax_error_is_reported_with_line_and_column(text: str, line: int, column: int, before: int) -> None:
    padding = f'{{"productKey": "{"é" * 50}"}},\n' * before
    whole = text[:1] + ("\n" + padding if text[0] == "[" else "\n" * before) + text[1:]
    (issue,) = read(whole.encode()).issues.kept
    moved = before + 1 if text[0] == "[" else before
    column_in_first_line = column - 1 if line == 1 and moved else column
    assert issue.where == f"line {line + moved}"
    assert f"(column {column_in_first_line})" in issue.message


def test_a_line_that_is_wider_than_a_window_counts_its_columns() -> None:
    whole = "[" + f'{{"productKey": "{"é" * 50}"}},' * 10_000 + "?]"
    (issue,) = read(whole.encode()).issues.kept
    assert (issue.where, f"(column {len(whole) - 1})" in issue.message) == ("line 1", True)


def test_a_cut_off_file_is_reported_as_such() -> None:
    (issue,) = read(f"[{KEY},\n".encode()).issues.kept
    assert "cut off" in issue.message


JSON_WORDS = {
    '[{"productKey": "K"},]': "a comma too many before ]",
    '[{"productKey": "K",}]': "a comma too many before }",
    "[{'productKey': 'K'}]": "a name in double quotes must come here",
    "{5: 6}": "a name in double quotes must come here",
    '[{"productKey": K}]': "a text without double quotes",
    '[{"productKey" "K"}]': "a colon must come here",
    '{"devices" []}': ": must come here",
    f"[{KEY} {KEY}]": "a comma or ] must come here",
    '[{"productKey": "K" "modelName": "M"}]': "a comma or a closing bracket must come here",
    '[{"productKey": "K\n"}]': "a line break, a tab",
    '[{"productKey": "C:\\Users"}]': "a backslash within quotes must be written twice",
    '[{"productKey": "\\u12"}]': "four hexadecimal digits",
    '[{"productKey": "K}]': "a quote is opened and never closed",
    f"[{KEY}] x": "more text follows the end",
    f"{KEY}\n{KEY}\n": "put [ before the first",
}


@pytest.mark.parametrize("text", JSON_WORDS)
def test_a_syntax_error_is_reported_in_plain_words(text: str) -> None:
    (issue,) = read(text.encode()).issues.kept
    assert JSON_WORDS[text] in issue.message
    assert "Expecting" not in issue.message


HEADER = "Device Serial Number,Windows Product ID,Hardware Hash\n"
CSV_WORDS = {
    HEADER.replace("Hardware Hash", "Make") + "1,2,3,4\n": "put the name between quotes",
    HEADER + "1,2,3,4\n": "such as a group tag",
    HEADER.replace(",", ";") + "1;2;3;4\n": "a semicolon in a value",
    HEADER.replace(",", "\t") + "1\t2\t3\t4\n": "a tab in a value",
    "Laptops,,\n\n" + HEADER + "1,2,3\n": "The header is only on line 3",
    f'"{HEADER.strip()}"\n"1,2,3"\n': "as a whole is between quotes",
    '"Hash of\n' + HEADER.strip() + '"\n': "The first line must be a header",
    "Model of it\nHardware Hash\n": "The first line must be a header",
}


@pytest.mark.parametrize("text", CSV_WORDS)
def test_a_fault_in_csv_is_reported_with_its_likely_reason(text: str) -> None:
    (issue,) = read(text.encode()).issues.kept
    assert CSV_WORDS[text] in issue.message


def test_a_column_whose_name_is_not_shown_is_reported_by_its_number() -> None:
    (warning,) = read(f"Hardware Hash,Gerät 700\n{made_up_hash(1)},x\n".encode()).warnings.kept
    assert "number 2" in warning.message
    assert "Ger" not in warning.message


@pytest.mark.parametrize(
    "name", ["Gerätenummer", "Numéro d'inventaire", "設備名稱", "Имя устройства", "डिवाइस", "Textbox12", "@odata.etag"]
)
def test_a_name_of_letters_is_shown_whatever_the_script(name: str) -> None:
    for text in (f"Hardware Hash,{name}\n{made_up_hash(1)},x\n", json.dumps([{"productKey": "K", name: "x"}])):
        (warning,) = read(text.encode()).warnings.kept
        assert repr(name) in warning.message


SECRETS = ("00329-00000-0003-AA606", "T0hBUkRXQVJFSEFTSA==")


def test_no_message_shows_a_hash_or_a_key() -> None:
    key, hardware_hash = SECRETS
    files = [
        f"{key},{hardware_hash}\n",
        f"Hardware Hash,{key},{hardware_hash},Model\n{hardware_hash} ,{key}\n{key},,,,{hardware_hash}\n",
        f"Hardware Hash,Hardware Hash\n{hardware_hash}\n",
        f'Hardware Hash\n"{hardware_hash}',
        f'[{{"{key}": "{hardware_hash}", "{hardware_hash}": 1, "productKey": "{key} ", "hardwareHash": "{key}"}}, 5]',
        f'[{{"productKey": "{key}", "productkey": "{hardware_hash}"}}, {{"hardwareHash": ["{hardware_hash}"]}}]',
        f'{{"{key}": "{hardware_hash}"}}',
        json.dumps([{"productKey": key, "hardwareHash": hardware_hash}] * 2),
    ]
    for file in files:
        manifest = read(file.encode())
        reported = [*manifest.issues.kept, *manifest.warnings.kept]
        assert reported
        assert not [finding for finding in reported if key in finding.message or hardware_hash in finding.message]


def test_a_number_that_is_none_is_left_alone() -> None:
    serials = ["1E5", "123E456", "E+11", "1.2.3E+4", "1.23E-11", "12345678901"]
    assert len(devices_in(json.dumps([{"serialNumber": each, "productKey": "K"} for each in serials]).encode())) == 6


def test_each_code_says_what_to_do_in_one_line() -> None:
    for code, message in CODES.items():
        assert code == code.lower()
        assert code.isidentifier()
        assert message.endswith((".", ".{}", " {}"))
        assert "\n" not in message


HASH = made_up_hash(1)
TUPLE = {"oemManufacturerName": "LENOVO", "modelName": "20L7"}

ODDITIES = {
    "seed's hash": ({"hardwareHash": "DummyHash1234"}, ["unusual_hash_length"]),
    "cut off": ({"hardwareHash": HASH[:-3]}, ["unusual_hash_length"]),
    "short": ({"hardwareHash": HASH[:400]}, ["unusual_hash_length"]),
    "long": ({"hardwareHash": HASH * 3}, ["unusual_hash_length"]),
    "usual": ({"hardwareHash": HASH}, []),
    "space around": ({"serialNumber": " 1", "productKey": "K\t", **TUPLE}, ["surrounding_space"] * 2),
    "fixed space": ({"productKey": "K\u00a0"}, ["surrounding_space"]),
    "a space inside": ({"serialNumber": "1", "oemManufacturerName": "A B", "modelName": "C | D"}, []),
    "a bar": ({"serialNumber": "1", "oemManufacturerName": "A |B", "modelName": "|"}, []),
    "a control character": ({"productKey": "K\u0007L"}, ["unprintable_character"]),
    "a remark behind it": ({"serialNumber": "5CG1234567 (old)", "hardwareHash": HASH}, ["unusual_character"]),
    "a letter of another alphabet": ({"serialNumber": "\u0410BC1234", "hardwareHash": HASH}, ["unusual_character"]),
    "a virtual machine": ({"serialNumber": "VMware-56 4d 78-9a bc de", "hardwareHash": HASH}, []),
    "a changed character": ({"hardwareHash": HASH, "modelName": "A&amp;B"}, ["changed_characters"]),
    "a tick": ({"productKey": "x", "hardwareHash": HASH}, ["placeholder_value"]),
    "a tick in a name": ({"hardwareHash": HASH, "modelName": "x"}, []),
    "no width inside": ({"productKey": "K\u200bL", "modelName": "M\ufeffN"}, ["unprintable_character"] * 2),
    "a placeholder": ({"serialNumber": "To be filled by O.E.M.", **TUPLE}, ["placeholder_value"]),
    "placeholders": (
        {"serialNumber": "Default string ", "oemManufacturerName": "System manufacturer", "modelName": "X1"},
        ["placeholder_value", "placeholder_value", "surrounding_space"],
    ),
    "a placeholder beside a hash": (
        {"serialNumber": "System Serial Number", "hardwareHash": HASH}, ["placeholder_value"],
    ),
    "a placeholder beside a key": ({"serialNumber": "0000000", "productKey": "K"}, ["placeholder_value"]),
    "a placeholder that does not matter": ({"oemManufacturerName": "System manufacturer", "hardwareHash": HASH}, []),
}  # fmt: skip


@pytest.mark.parametrize(("device", "expected"), ODDITIES.values(), ids=ODDITIES)
def test_what_looks_odd_is_a_warning_and_is_sent_as_it_is(device: dict[str, str], expected: list[str]) -> None:
    data = json.dumps([device]).encode()
    assert sorted(warnings_in(data)) == [("device 1", code) for code in expected]
    assert json.loads(encode(devices_in(data))) == [device]


def test_an_unknown_member_is_reported_once() -> None:
    devices = [{"productKey": f"K{number}", "OwnTag": "A", "links": {}, "ID": 5} for number in range(3)]
    assert warnings_in(json.dumps(devices).encode()) == [("device 1", "unknown_member")] * 2


def test_an_unknown_member_of_the_envelope_is_reported_once() -> None:
    envelope = '{"batch": "b", "batch": "c", "customerid": null, "links": {}, "Devices": [{"productKey": "K"}]}'
    warnings = read(envelope.encode()).warnings.kept
    assert [(warning.where, warning.code) for warning in warnings] == [("manifest", "unknown_member")] * 2
    assert "'batch'" in warnings[0].message


def test_unknown_members_beyond_a_hundred_are_not_reported() -> None:
    devices = [{"productKey": f"K{number}", f"x{number}": 1} for number in range(300)]
    assert read(json.dumps(devices).encode()).warnings.count == 100
    envelope = {f"x{number}": 1 for number in range(300)} | {"devices": [{"productKey": "K"}]}
    assert read(json.dumps(envelope).encode()).warnings.count == 100


ROWS = "".join(f"{number:01000}\n" for number in range(300))


@pytest.mark.parametrize(
    "text",
    [
        '[{"productKey": "ü"}]',
        "Windows Product ID\nü",
        "Windows Product ID\nü\n" + ROWS,
        "Windows Product ID\n" + ROWS + "ü\n",
    ],
    ids=["json", "at the end", "at first", "late"],
)
def test_text_that_is_no_utf_8_is_read_as_windows_1252_with_a_warning(text: str) -> None:
    manifest = read(text.encode("cp1252"))
    assert "ü" in [device.product_key for device in manifest.devices()]
    assert "guessed_encoding" in [warning.code for warning in manifest.warnings.kept]


def test_every_code_of_a_warning_is_met_in_the_tests_of_this_folder() -> None:
    met = {code for _, codes in ODDITIES.values() for code in codes}
    met |= {code for case in (*READ.values(), *CLEANED.values()) for code in case[2]}
    elsewhere = {"guessed_encoding", "unknown_member", "ignored_column", "unknown_column", "id_not_compared"}
    elsewhere |= {"number_cell", "number_padded", "sheet_ignored", "hidden_rows"}
    assert met | elsewhere | {"duplicate_device", "repeated_hash", "repeated_serial"} == set(WARNINGS)
