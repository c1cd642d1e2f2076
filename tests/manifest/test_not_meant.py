"""What is certainly not meant is not sent: ends of files, words of templates, pieces of hashes, doubled members."""

import json

import pytest

from tests.manifest.files import devices_in, made_up_hash, read

HASH = f"T0{made_up_hash(1)[2:]}"
KEYS, HASHES, SERIALS = "Windows Product ID\n", "Hardware Hash\n", "Serial Number,Hardware Hash\n"


def codes(text: str) -> list[tuple[str, str | None, str]]:
    return [(issue.where, issue.field, issue.code) for issue in read(text.encode()).issues.kept]


@pytest.mark.parametrize(
    "word", ["END", "EOF", "Total", "Totals", "Confidential", "internal", "Ende", "End of file", "Total: 12"]
)
@pytest.mark.parametrize(
    "before",
    [
        f"{KEYS}00329-00000-0003-AA606\n",
        f"{HASHES}{HASH}\n",
        f"{SERIALS}S1,{HASH}\n",
        "Serial,Windows Product ID\nS1,K1-2\n,",
    ],
)
def test_a_word_that_ends_a_file_is_no_device(before: str, word: str) -> None:
    manifest = read(f"{before}{word}\n".encode())
    assert (manifest.issues.count, manifest.device_count) == (0, 1)
    assert [warning.code for warning in manifest.warnings.kept] == ["skipped_line"]


@pytest.mark.parametrize("word", ["Endeavour", "TOTAL01", "Total-1", "Fin2"])
def test_a_device_may_be_called_nearly_so(word: str) -> None:
    assert [device.product_key for device in devices_in(f"{KEYS}{word}\n".encode())] == [word]


@pytest.mark.parametrize("width", [76, 500, 1000])
def test_a_hash_in_pieces_is_not_sent_piece_by_piece(width: int) -> None:
    pieces = [HASH[start : start + width] for start in range(0, len(HASH), width)]
    assert codes(HASHES + "\n".join(pieces)) == [("line 3", "hardwareHash", "hash_in_pieces")]
    devices = [{"hardwareHash": piece} for piece in pieces]
    assert codes(json.dumps(devices)) == [
        (f"device {place}", "hardwareHash", "hash_in_pieces") for place in range(2, len(pieces) + 1)
    ]


@pytest.mark.parametrize("width", [64, 76, 2000, 3900])
@pytest.mark.parametrize(
    ("header", "before", "after"),
    [
        ("Device Serial Number,Windows Product ID,Hardware Hash", "S1,,", ""),
        (
            "Device Serial Number,Windows Product ID,Hardware Hash,Manufacturer name,Device model",
            "S1,,",
            ",LENOVO,20L7",
        ),
        ("Windows Product ID,Hardware Hash", ",", ""),
        ("Asset,Windows Product ID,Hardware Hash", "x,,", ""),
        ("Manufacturer,Model,Serial Number,Hardware Hash", "LENOVO,20L7,S1,", ""),
    ],
)
def test_a_hash_that_is_wrapped_without_quotes_is_one_issue(header: str, before: str, after: str, width: int) -> None:
    wrapped = "\n".join(HASH[start : start + width] for start in range(0, len(HASH), width))
    text = f"{header}\n{before}{HASH}{after}\n{before}{wrapped}{after}\n"
    assert codes(text) == [("line 4", "hardwareHash", "hash_in_pieces")]


def test_a_token_before_a_whole_hash_is_no_rest_of_one() -> None:
    text = f"Token,Serial Number,Hardware Hash,Group Tag\n{'Ab1+' * 11},S1,{HASH}\n"
    assert codes(text) == []


@pytest.mark.parametrize(
    "hashes",
    [
        [HASH, "DummyHash1234"],
        ["DummyHash1234", "DummyHash1235"],
        [HASH[:100], HASH, "DummyHash1234"],
        [HASH[:100], f"T1{HASH[2:]}"],
        [HASH[:100], f"T0{HASH[102:200]}"],
    ],
)
def test_hashes_of_their_own_are_no_pieces(hashes: list[str]) -> None:
    assert [device.hardware_hash for device in devices_in((HASHES + "\n".join(hashes)).encode())] == hashes


@pytest.mark.parametrize(
    "value",
    ["YourSerialNumber", "your-serial-number", "SERIAL_NUMBER_HERE", "Enter serial number", "INSERT_SERIAL", "<serial>",
     "Product Key Here", "exampleSerialNumber", "the service tag", "{{serial}}"],
)  # fmt: skip
@pytest.mark.parametrize("field", ["serialNumber", "productKey"])
def test_what_a_template_asks_for_is_not_sent(field: str, value: str) -> None:
    device = {"hardwareHash": HASH, field: value}
    assert codes(json.dumps([device])) == [("device 1", field, "template_value")]


def test_a_product_key_of_one_letter_is_that_of_a_template() -> None:
    assert codes(f"{KEYS}XXXXX-XXXXX-XXXXX-XXXXX-XXXXX\n") == [("line 2", "productKey", "template_value")]


@pytest.mark.parametrize(
    "serial", ["MYSN", "ASN1", "SN12345", "TheSN", "5CG1234567", "Serial-7", "ENTER1", "VMware-56 4d 1a", "HERE"]
)
def test_serials_that_look_a_little_like_words_are_sent(serial: str) -> None:
    assert [device.serial_number for device in devices_in(f"{SERIALS}{serial},{HASH}\n".encode())] == [serial]


@pytest.mark.parametrize(
    "text",
    [
        '[{"serialNumber": "A", "serialNumber": "B", "productKey": "K"}]',
        '[{"SerialNumber": "A", "SerialNumber": "B", "ProductKey": "K"}]',
        '{"devices": [{"productKey": "K", "serialNumber": "A", "serialNumber": "B"}]}',
    ],
)
def test_a_member_with_two_values_is_an_issue(text: str) -> None:
    assert codes(text) == [("device 1", "serialNumber", "conflicting_members")]


def test_so_is_one_of_an_object_in_place_of_an_array() -> None:
    assert codes('{"productKey": "K1", "productKey": "K2"}') == [("manifest", "productKey", "conflicting_members")]


@pytest.mark.parametrize(
    "text",
    [
        '[{"productKey": "K", "productKey": "K"}]',
        '[{"productKey": "K", "x": 1, "x": 2}]',
        '{"productKey": "K", "productKey": "K"}',
        '[{"productKey": "K", "id": {"a": 1, "a": 2}}]',
    ],
)
def test_one_that_says_the_same_twice_or_does_not_matter_is_none(text: str) -> None:
    assert [device.product_key for device in devices_in(text.encode())] == ["K"]


def test_an_item_with_doubled_members_is_still_called_an_object() -> None:
    (issue,) = read(b'[{"serialNumber": {"a": 1, "a": 2}, "productKey": "K"}]').issues.kept
    assert (issue.code, "is an object" in issue.message) == ("wrong_type", True)


@pytest.mark.parametrize("name", ["data", "results", "Table"])
def test_devices_under_another_name_are_named(name: str) -> None:
    (issue,) = read(json.dumps({name: [{"productKey": "K"}], "other": [1]}).encode()).issues.kept
    assert issue.code == "missing_devices"
    assert f"It has objects in '{name}': if these are the devices" in issue.message


def test_a_type_line_that_has_become_a_cell_is_an_issue() -> None:
    wanted = [("line 2", "productKey", "text_for_value")]
    assert codes("Serial,Windows Product ID\nS1,#TYPE System.Management.Automation.PSCustomObject\n") == wanted


def test_thousands_of_different_odd_values_are_each_looked_at() -> None:
    manifest = read((KEYS + "".join(f" K{number}\n" for number in range(5000))).encode())
    assert (manifest.issues.count, manifest.warnings.count) == (0, 5000)


@pytest.mark.parametrize("names", [("Serial Number", "Product Key"), ("SerialNumber", "ProductKey")])
def test_names_of_other_tools_are_known_in_long_arrays_as_well(names: tuple[str, str]) -> None:
    wanted = [(f"S{number}", f"K{number}") for number in range(1000)]
    devices = devices_in(json.dumps([dict(zip(names, values, strict=True)) for values in wanted]).encode())
    assert [(device.serial_number, device.product_key) for device in devices] == wanted


@pytest.mark.parametrize("sign", ["#", "# ", "//", " //", ";", "; ", "--", "-- ", "REM ", "rem ", "Rem "])
def test_a_device_that_was_made_a_comment_is_an_issue(sign: str) -> None:
    assert codes(f"Serial,Make,Model\nS1,A,M\n{sign}S2,A,M\n") == [("line 3", None, "commented_line")]


def test_so_is_one_whose_sign_is_the_delimiter() -> None:
    assert codes("Make;Model;Serial;Key\nA;M;S1;K\n; A;M;S2;\n") == [("line 3", None, "commented_line")]


@pytest.mark.parametrize(
    ("text", "serial"),
    [
        ("Product Key;Serial;Make;Model\n; S1;A;M\n", " S1"),
        ("Product Key; Serial; Make; Model;\n; S1; A; M;\n", " S1"),
        ("Product Key; Serial; Make; Model\n; S1;A;M;\n", " S1"),
        ("Product Key;Serial;Make;Model;\n; S1;A;M;\n", " S1"),
        ("Product Key;Serial;Make;Model\n; S1; A; M;\n", " S1"),
        ("#,Serial,Make,Model\n#1,S1,A,M\n", "S1"),
        ("Serial,Make,Model\nS/1,A,6A2B3EA#ABD\n", "S/1"),
        (f"Hardware Hash,Serial\n//{'A' * 4094},S1\n", "S1"),
    ],
)
def test_the_sign_of_a_comment_elsewhere_is_none(text: str, serial: str) -> None:
    assert [device.serial_number for device in devices_in(text.encode())] == [serial]


@pytest.mark.parametrize(
    "text",
    [
        "\nDevice Serial Number : S1\nWindows Product ID   : \nHardware Hash        : T0GA\n\n",
        "Device Serial Number Hardware Hash\r\n-------------------- -------------\r\nS1     T0GA...\r\n",
        "Serial Number : S1",
    ],
)
def test_what_powershell_shows_on_the_screen_is_told_apart_from_a_csv(text: str) -> None:
    (issue,) = read(text.encode()).issues.kept
    assert (issue.code, "Export-Csv" in issue.message) == ("missing_header", True)


@pytest.mark.parametrize("text", ["a : b\nc\n", "Serial numbers of May\n\nS1\n", "one\n"])
def test_other_text_is_not_said_to_be_of_powershell(text: str) -> None:
    (issue,) = read(text.encode()).issues.kept
    assert (issue.code, "Export-Csv" in issue.message) == ("missing_header", False)
