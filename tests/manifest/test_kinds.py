"""Kinds of what stands in a manifest and is not meant: whatever its values are, it is rejected, or left out."""

import base64
import json
import random
from collections.abc import Callable, Mapping
from string import ascii_lowercase, ascii_uppercase, digits

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.manifest.device import Device
from shared.manifest.field_names import field_of
from tests.manifest.files import (
    API_NAMES,
    AUTOPILOT_INFO,
    MANAGED_DESKTOP,
    TEMPLATE,
    csv_text,
    devices_in,
    in_pascal_case,
    issues_in,
    made_up_hash,
    members,
    read,
    warnings_in,
)

HASH = f"T0{made_up_hash(1)[2:]}"
SCRIPT = ",".join(AUTOPILOT_INFO) + "\n"
LAYOUTS = (API_NAMES, TEMPLATE, AUTOPILOT_INFO, MANAGED_DESKTOP)
SERIALS = st.from_regex(r"[A-Z]{2}[0-9][A-Z0-9]{5}", fullmatch=True)
SEEDS = st.integers(0, 2**32)


def codes(data: bytes) -> list[str]:
    return [code for _, code in issues_in(data)]


def in_json(*devices: Mapping[str, object]) -> bytes:
    return json.dumps(devices).encode()


@given(
    st.lists(SERIALS, min_size=2, max_size=4, unique=True),
    st.sampled_from([",", ", ", ";", "; ", "\n", "\r\n", "\t", " | ", "/", " / ", " ", " & ", "+", " and ", " und "]),
    st.sampled_from(["serialNumber", "productKey"]),
)
@settings(deadline=None, max_examples=200)
def test_several_values_in_one_cell_are_an_issue(values: list[str], between: str, field: str) -> None:
    assert codes(in_json({field: between.join(values), "hardwareHash": HASH})) == ["several_values"]


@given(st.lists(st.from_regex(r"[0-9a-f]{2}", fullmatch=True), min_size=8, max_size=16))
@settings(deadline=None, max_examples=50)
def test_the_blanks_of_a_virtual_machines_serial_are_its_own(pairs: list[str]) -> None:
    serial = f"VMware-{' '.join(pairs[:8])}-{' '.join(pairs[8:])}".rstrip("-")
    assert read(in_json({"serialNumber": serial, "hardwareHash": HASH})).warnings.count == 0


@pytest.mark.parametrize(
    "value",
    ["\u2713", "OK", "sample", "Lenovo", "Dell Inc.", "HP", "laptop", "https://a.example/PF1", "a.b@contoso.com",
     "10.0.0.7", "C:\\Temp\\hash.csv", "\\\\server\\share", "00:1A:2B:3C:4D:5E", "DESKTOP-AB12CD3", "laptop-ab12cd3",
     "Win 11 Pro", "SN 5CG1234567", "SN#5CG1234567", "5CG1234567 und 5CG1234568", "1\u00a0234\u00a0567", "5.01235E11",
     "{0}", "%s", "$($_.SerialNumber)", "<b>5CG1234567</b>"],
)  # fmt: skip
@pytest.mark.parametrize("field", ["serialNumber", "productKey"])
@pytest.mark.parametrize("rows", [1, 600])
def test_what_belongs_elsewhere_is_no_identifier(value: str, field: str, rows: int) -> None:
    others = [{field: f"5CG{number:07}", "hardwareHash": f"T0{number:04}{HASH[6:]}"} for number in range(rows)]
    assert len(codes(in_json(*others, {field: value, "hardwareHash": HASH}))) == 1


@pytest.mark.parametrize(
    "value",
    ["TOP-1234567", "MYDESKTOP-1", "HP1234", "OK12345", "A1/B2", "ABC12 DE", "12.5", "W4269 N2PQ3 H7CR4 KD8TV 9XMJ2",
     "2031-45-67", "45-67-2031"],
)  # fmt: skip
def test_what_only_resembles_it_is_sent(value: str) -> None:
    device = Device(value, None, HASH)
    assert devices_in(in_json(*[members(device)])) == [device]


TOTAL_LINES = st.permutations(["Total", "2", "devices"]) | st.permutations(["Gesamt:", "12 Laptops", ""])


@given(st.sampled_from(LAYOUTS), TOTAL_LINES, st.sampled_from(",;\t"))
@settings(deadline=None, max_examples=60)
def test_a_totals_row_is_left_out_of_every_layout(columns: tuple[str, ...], line: list[str], delimiter: str) -> None:
    devices = [Device(f"S{number}", None, f"T0{number:04}{HASH[6:]}") for number in range(3)]
    data = csv_text(devices, columns, delimiter) + delimiter.join(line) + "\n"
    assert devices_in(data.encode()) == devices


def as_hexadecimal(data: bytes) -> str:
    return data.hex()


def as_bytes_of_dotnet(data: bytes) -> str:
    return data.hex("-").upper()


def in_base64_twice(data: bytes) -> str:
    return base64.b64encode(base64.b64encode(data)).decode()


def in_base64_of_utf_16(data: bytes) -> str:
    return base64.b64encode(base64.b64encode(data).decode().encode("utf-16-le")).decode()


def in_lower_case(data: bytes) -> str:
    return base64.b64encode(data).decode().lower()


FORMS = [as_hexadecimal, as_bytes_of_dotnet, in_base64_twice, in_base64_of_utf_16, in_lower_case]


@pytest.mark.parametrize("form", FORMS)
@given(SEEDS, st.integers(1_500, 3_900))
@settings(deadline=None, max_examples=20)
def test_a_hash_in_another_form_is_an_issue(form: Callable[[bytes], str], seed: int, size: int) -> None:
    value = form(b"OA" + random.Random(seed).randbytes(size))
    assert codes(in_json({"hardwareHash": value})) == ["hash_encoding"]
    assert codes(f'Hardware Hash\n"{value}"\n'.encode()) == ["hash_encoding"]


@pytest.mark.parametrize(
    "value",
    [
        "A" * 4000, "QUJD" * 1000, "deadbeef", base64.b64encode(b"a" * 3000).decode(),
        base64.b16encode(bytes(range(256)) * 8).decode().lower(),
        ascii_uppercase * 100, f"{ascii_lowercase}{digits}" * 100, 2 * HASH[2:2002],
    ],
)  # fmt: skip
def test_a_made_up_hash_is_sent_as_it_is(value: str) -> None:
    assert [device.hardware_hash for device in devices_in(in_json({"hardwareHash": value}))] == [value]


@pytest.mark.parametrize("value", [2 * HASH, f"{HASH}\n{HASH[:-8]}AAAABBBB", f"{HASH} {HASH}"])
def test_two_hashes_in_one_cell_are_an_issue(value: str) -> None:
    assert codes(in_json({"hardwareHash": value})) == ["several_values"]


@given(cut=st.integers(500, 3_500), repeats=st.booleans(), before=st.integers(0, 600))
@example(cut=705, repeats=False, before=0)  # what follows begins like a hash
@settings(deadline=None, max_examples=40)
def test_a_hash_cut_in_two_is_not_sent_as_two(cut: int, *, repeats: bool, before: int) -> None:
    rows = [f"S{number},,T0{number:04}{HASH[6:]}" for number in range(before)]
    rows += [f"SX,,{HASH[:cut]}", f"{'SX' if repeats else ''},,{HASH[cut:]}"]
    assert issues_in((SCRIPT + "\n".join(rows)).encode()) == [(f"line {before + 3}", "hash_in_pieces")]


@pytest.mark.parametrize("between", [0, 3, 700])
@pytest.mark.parametrize("layout", ["csv", "json"])
def test_one_serial_with_two_hashes_is_a_warning_that_names_both(layout: str, between: int) -> None:
    devices = [Device(f"S{number}", None, f"T0{number:06}{HASH[8:]}") for number in (1, *range(2, between + 2))]
    devices.append(Device("S1", None, f"T0{'x' * 1200}{HASH[1202:]}"))
    data = csv_text(devices, AUTOPILOT_INFO).encode() if layout == "csv" else in_json(*map(members, devices))
    last, first = ("line {}", 2) if layout == "csv" else ("device {}", 1)
    (warning,) = read(data).warnings.kept
    assert (warning.code, warning.where) == ("repeated_serial", last.format(between + first + 1))
    assert last.format(first) in warning.message
    assert devices_in(data) == devices


def test_so_is_it_in_a_large_file_where_some_devices_have_no_hash() -> None:
    devices = [Device(f"S{number}", f"K{number}", f"T0{number:06}{HASH[8:]}") for number in range(2_300)]
    devices += [
        Device(f"M{number}", f"L{number}", None if number % 2 else f"T1{number:06}{HASH[8:]}") for number in range(200)
    ]
    again = [devices[0], devices[-1], Device("S1", None, f"T2{HASH[2:]}"), Device("M2", None, f"T3{HASH[2:]}")]
    data = csv_text([*devices, *again], AUTOPILOT_INFO).encode()
    assert devices_in(data) == [*devices, *again[2:]]
    assert warnings_in(data) == [
        ("line 2502", "duplicate_device"),
        ("line 2503", "duplicate_device"),
        ("line 2504", "repeated_serial"),
        ("line 2505", "repeated_serial"),
    ]


def test_devices_that_share_a_placeholder_have_one_warning_each() -> None:
    devices = [members(Device("Default string", None, f"T0{number:04}{HASH[6:]}")) for number in range(3)]
    assert {code for _, code in warnings_in(in_json(*devices))} == {"placeholder_value"}


def written(device: Device, *, names: str, doubled: str | None) -> str:
    """Write an object, one member twice: first with another value."""
    pairs = members(device) | ({"policies": None, "uploadedDate": "0001-01-01T00:00:00"} if "all" in names else {})
    pairs = in_pascal_case(pairs) if "Pascal" in names else pairs
    text = json.dumps(pairs)
    return (
        f'{{"{in_pascal_case({doubled: 0}).popitem()[0] if "Pascal" in names else doubled}": "Z9", {text[1:]}'
        if doubled
        else text
    )


@given(
    SEEDS,
    st.integers(30, 1_500),
    st.sampled_from(["camel", "Pascal", "camel, all", "Pascal, all"]),
    st.sampled_from(["serialNumber", "hardwareHash", "modelName"]),
    st.sampled_from(["20L7", "A:B", "\u00fc"]),
)
@settings(deadline=None, max_examples=60)
def test_a_doubled_member_is_found_wherever_it_is(seed: int, count: int, names: str, field: str, model: str) -> None:
    dice = random.Random(seed)
    value = HASH if count < 200 else HASH[:40]
    devices = [
        Device(f"S{number}", dice.choice((None, "K:1")), f"T0{number:04}{value[6:]}", dice.choice((None, "A")), model)
        for number in range(count)
    ]
    place = dice.randrange(count)
    texts = [written(device, names=names, doubled=field if at == place else None) for at, device in enumerate(devices)]
    assert issues_in(f"[{', '.join(texts)}]".encode()) == [(f"device {place + 1}", "conflicting_members")]
    texts[place] = written(devices[place], names=names, doubled=None)
    assert devices_in(f"[{', '.join(texts)}]".encode()) == devices


def test_an_escaped_colon_hides_no_doubled_member() -> None:
    texts = [f'{{"productKey": "K{number}", "modelName": "A\\u003aB"}}' for number in range(1_000)]
    assert len(devices_in(f"[{', '.join(texts)}]".encode())) == 1_000
    texts[700] = texts[700].replace("{", '{"productKey": "K",')
    assert issues_in(f"[{', '.join(texts)}]".encode()) == [("device 701", "conflicting_members")]


DECORATIONS = (
    "1. {}",
    "12) {}",
    "* {}",
    "{} *",
    "{} (required)",
    "{} (Optional)",
    "{} [mandatory] *",
    "2. {} - optional",
)


@pytest.mark.parametrize("form", DECORATIONS)
@pytest.mark.parametrize("columns", LAYOUTS)
def test_a_decorated_header_is_known_and_is_no_device_where_it_is_repeated(form: str, columns: tuple[str, ...]) -> None:
    header = ",".join(map(form.format, columns)) + "\n"
    device = Device("S1", None, HASH)
    text = csv_text([device], columns).partition("\n")[2]
    assert devices_in((header + text).encode()) == [device]
    assert read((header + text + header).encode()).issues.count or devices_in((header + text + header).encode()) == [
        device
    ]


@pytest.mark.parametrize(
    "name", ["Serial Number (Monitor)", "Model 2", "1st Serial Number", "optional", "Serial2. Number"]
)
def test_another_name_does_not_become_one_by_its_decoration(name: str) -> None:
    assert field_of(name) is None
