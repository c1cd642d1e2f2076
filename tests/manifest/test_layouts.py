"""The same devices, in every layout, encoding and delimiter, come out the same."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence

import pytest

from shared.manifest.device import Device
from tests.manifest.files import (
    API_NAMES,
    AUTOPILOT_INFO,
    MANAGED_DESKTOP,
    TEMPLATE,
    csv_text,
    devices_in,
    documented,
    encoded,
    in_pascal_case,
    json_file,
    made_up_hash,
    members,
    warnings_in,
)
from tests.manifest.workbook_reader.workbooks import row, sheet, strings, workbook

# What every layout has room for: Managed Desktop knows no product key, the script neither manufacturer nor model.
PLAIN = [Device("5CG1234567", None, made_up_hash(1)), Device("5CG1234568", None, made_up_hash(2))]
KEYED = [Device("5CG1234567", "00329-00000-0003-AA606", made_up_hash(1)), Device(None, "00329-00000-0003-AA607")]
MODELLED = [
    Device("5CG1234567", None, made_up_hash(1), "Müller & Söhne", "Größe 14"),
    Device("0012", None, None, "LENOVO", "20L7001LMH"),
]
FULL = [*KEYED, *MODELLED]

LAYOUTS = {
    "partner center": (TEMPLATE, FULL),
    "autopilot info": (AUTOPILOT_INFO, PLAIN + KEYED[1:]),
    "intune": ((*AUTOPILOT_INFO, "Group Tag", "Assigned User"), PLAIN),
    "order id": ((*AUTOPILOT_INFO, "Order ID"), KEYED),
    "managed desktop": (MANAGED_DESKTOP, MODELLED),
    "the api's names": (API_NAMES, FULL),
    "another order": (TEMPLATE[::-1], FULL),
    "another case": (tuple(name.upper() for name in TEMPLATE), FULL),
    "other spaces": (
        ("DeviceSerialNumber", " windows  product id ", "Hardware_Hash", "manufacturername", "MODEL"),
        FULL,
    ),
    "an unknown column": (("Asset", *TEMPLATE), FULL),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}


def written(layout: str, delimiter: str, *, quote: bool = False) -> tuple[str, list[Device]]:
    header, devices = LAYOUTS[layout]
    by_key = {
        name.lower().replace(" ", "").replace("_", ""): name for name in (*TEMPLATE, *MANAGED_DESKTOP, *API_NAMES)
    }
    known = [by_key.get(name.lower().replace(" ", "").replace("_", ""), name) for name in header]
    text = csv_text(devices, known, delimiter, quote=quote)
    first_line = csv_text([], header, delimiter, quote=quote)
    return first_line + text.split("\r\n", 1)[1], devices


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_csv_file_gives_its_devices(layout: str, encoding: str, delimiter: str) -> None:
    text, devices = written(layout, DELIMITERS[delimiter])
    assert devices_in(encoded(text, encoding)) == devices


def with_inline_strings(rows: Sequence[Sequence[str]]) -> bytes:
    return workbook(sheet(*(row(number, *cells) for number, cells in enumerate(rows, 1))))


def with_shared_strings(rows: Sequence[Sequence[str]]) -> bytes:
    texts = sorted({cell for cells in rows for cell in cells})
    markup = ([f'<c t="s"><v>{texts.index(cell)}</v></c>' for cell in cells] for cells in rows)
    return workbook(sheet(*(row(number, *cells) for number, cells in enumerate(markup, 1))), shared=strings(*texts))


@pytest.mark.parametrize("write", [with_inline_strings, with_shared_strings])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_workbook_gives_its_devices(layout: str, write: Callable[[Sequence[Sequence[str]]], bytes]) -> None:
    text, devices = written(layout, ",")
    assert devices_in(write(list(csv.reader(io.StringIO(text, newline=""))))) == devices


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_quotes_change_nothing(layout: str, encoding: str) -> None:
    text, devices = written(layout, ",", quote=True)
    assert devices_in(encoded(text, encoding)) == devices


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("pretty", [None, 2], ids=["dense", "pretty"])
@pytest.mark.parametrize("shape", ["array", "envelope", "devices first"])
@pytest.mark.parametrize("case", ["camel", "pascal", "odd", "documented"])
def test_every_json_file_gives_its_devices(case: str, shape: str, pretty: int | None, encoding: str) -> None:
    devices: list[object] = []
    for device in FULL:
        plain = members(device)
        devices.append(
            {
                "camel": plain,
                "pascal": in_pascal_case(documented(device)),
                "odd": {name.upper(): value for name, value in plain.items()},
                "documented": documented(device),
            }[case]
        )
    whole = {
        "array": devices,
        "envelope": {"customerId": "c", "batchId": "b", "devices": devices},
        "devices first": {"Devices": devices, "more": [{"a": 1}], "BatchID": "b", "CUSTOMERID": "c"},
    }[shape]
    text = json.dumps(whole, indent=pretty, ensure_ascii=False)
    assert devices_in(encoded(text, encoding)) == FULL


@pytest.mark.parametrize("data", [json_file(FULL), written("partner center", ",")[0].encode()], ids=["json", "csv"])
def test_gzip_is_unpacked(data: bytes) -> None:
    assert devices_in(gzip.compress(data)) == FULL
    assert devices_in(gzip.compress(data[:100]) + gzip.compress(data[100:]) + bytes(512)) == FULL


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace("\r\n", "\r"),
        lambda text: text.replace("\r\n", "\r\n\r\n"),
        lambda text: text.replace("\r\n", ",,,\r\n"),
        lambda text: text.replace("\r\n", "\r\n,,,,\r\n"),
        lambda text: text.replace("\r\n", "\r\n , ,\r\n"),
        lambda text: text.replace("\r\n", "\r\n, ,\r\n"),
        lambda text: text.removesuffix("\r\n"),
        lambda text: "\r\n\n\r" + text,
        lambda text: "#TYPE System.Management.Automation.PSCustomObject\r\n" + text,
        lambda text: "sep=,\r\n" + text,
        lambda text: '"","",""\r\n' + text,
        lambda text: text.replace("LENOVO", '"LENOVO"'),
        lambda text: text.replace("20L7001LMH\r\n", "20L7001LMH,\r\n"),
        lambda text: text.replace("AA607,,,", "AA607"),
        lambda text: text + text,
        lambda text: text + "\ufeff" + text,
        lambda text: csv_text([], TEMPLATE, quote=True) + "\ufeff" + csv_text([], TEMPLATE, quote=True) + text,
        lambda text: "\ufeff\ufeff" + text,
        lambda text: text + "\x1a",
    ],
    ids=[
        "lf", "cr", "blank lines", "trailing delimiters", "empty records", "blank records", "half blank records",
        "no last line end", "blank lines first", "export-csv", "excel's hint", "an empty record first", "one quote",
        "one delimiter too many", "cells left out", "twice",
        "two files in one", "headers in quotes", "two marks", "end of file",
    ],
)  # fmt: skip
def test_what_spreadsheets_and_scripts_add_changes_nothing(change: object) -> None:
    assert callable(change)
    text, devices = written("partner center", ",")
    assert devices_in(change(text).encode()) == devices


def test_a_second_header_is_reported_and_is_no_device() -> None:
    text, devices = written("partner center", ",")
    second = csv_text([Device("5CG1234569", "K")], TEMPLATE)
    assert devices_in((text + second).encode()) == [*devices, Device("5CG1234569", "K")]
    assert ("line 6", "repeated_header") in warnings_in((text + second).encode())


def test_a_file_may_be_marked_twice() -> None:
    assert devices_in("\ufeff\ufeff".encode() + json_file(FULL)) == FULL


def test_quotes_within_a_value_are_read_as_csv_does() -> None:
    text = 'Serial Number,Manufacturer,Model\r\n"1","Micro-Star, Ltd.","15"" wide"\r\n2,A "B" C,"D"\r\n3,"E\r\nF",G\r\n'
    assert devices_in(text.encode()) == [
        Device("1", None, None, "Micro-Star, Ltd.", '15" wide'),
        Device("2", None, None, 'A "B" C', "D"),
        Device("3", None, None, "E\r\nF", "G"),
    ]


def test_only_line_ends_end_a_line() -> None:
    for oddity in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029":
        assert devices_in(f'Windows Product ID\na{oddity}b\n"c{oddity}d"\n'.encode()) == [
            Device(None, f"a{oddity}b"),
            Device(None, f"c{oddity}d"),
        ]


def test_zeros_and_space_in_a_value_stay() -> None:
    text = "Windows Product ID\n 007 \n" + "0\n" * 2000 + "x\0y\n"
    assert devices_in(text.encode()) == [Device(None, " 007 "), Device(None, "0"), Device(None, "x\0y")]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Hardware Hash,Group Tag,Assigned User,Order ID", ["ignored_column"] * 3),
        ("Hardware Hash,Asset,,Owner of it", ["unknown_column"] * 3),
        ("Hardware Hash,,", []),
    ],
)
def test_a_column_without_a_place_is_reported_once(header: str, expected: list[str]) -> None:
    row = f"{made_up_hash(1)}{',x' * len(expected)}\n{made_up_hash(2)}\n"
    assert warnings_in(f"{header}\n{row}".encode()) == [("line 1", code) for code in expected]
