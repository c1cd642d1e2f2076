"""Devices in any layout with what goes wrong on the way: read as they are meant, or rejected; never sent otherwise."""

import base64
import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.manifest.device import Device
from tests.manifest.files import AUTOPILOT_INFO, MANAGED_DESKTOP, TEMPLATE, csv_text, encoded, read
from tests.manifest.workbook_reader.workbooks import inline, row, sheet, workbook

type Lines = list[str]

CSV = ("utf-8", "utf-8-sig", "utf-16-le")

MAKERS = ("LENOVO", "Dell Inc.", "Micro-Star International Co., Ltd.", "Fictia, LLC", "Müller & Söhne")


def device(number: int, columns: Iterable[str], dice: random.Random) -> Device:
    """Make up a device that the columns can hold, with all that they have."""
    value = base64.b64encode(dice.randbytes(1_500)).decode()
    key = f"00330-{number:05}-00000-AAOEM" if "Windows Product ID" in columns and dice.random() < 0.5 else None
    maker, model = (dice.choice(MAKERS), "20L7001LMH") if "Manufacturer" in " ".join(columns) else (None, None)
    hardware_hash = value if not (maker or key) or dice.random() < 0.5 else None
    return Device(f"SN{number:05}", key, hardware_hash, maker, model)


def second_header(lines: Lines, _delimiter: str, dice: random.Random) -> None:
    text = dice.choice((str.upper, str.lower, str.title))(lines[0])
    lines.insert(dice.randrange(1, len(lines) + 1), dice.choice(("", "\ufeff")) + text)


def other_header(lines: Lines, delimiter: str, dice: random.Random) -> None:
    names = lines[0].split(delimiter)
    lines.insert(dice.randrange(1, len(lines) + 1), delimiter.join(names[1:] + names[:1]))


def footer(lines: Lines, _delimiter: str, dice: random.Random) -> None:
    lines += ["", dice.choice((f"({len(lines) - 1} rows affected)", "3 rows selected.", "Completion time: 2026-11-01"))]


def rule(lines: Lines, delimiter: str, _dice: random.Random) -> None:
    lines.insert(1, delimiter.join(["------"] * (lines[0].count(delimiter) + 1)))


def nulls(lines: Lines, delimiter: str, dice: random.Random) -> None:
    word = dice.choice(("NULL", "N/A", "none", "-", "nil", "(null)", "\0", " "))
    lines[1:] = [delimiter.join(cell or word for cell in line.split(delimiter)) for line in lines[1:]]


def wrapped(lines: Lines, delimiter: str, _dice: random.Random) -> None:
    for place, line in enumerate(lines[1:], 1):
        cells = line.split(delimiter)
        lines[place] = delimiter.join(f'"{cell[:30]}\r\n{cell[30:]}"' if len(cell) > 60 else cell for cell in cells)


def mixed_delimiter(lines: Lines, delimiter: str, dice: random.Random) -> None:
    other = dice.choice([sign for sign in ",;\t" if sign != delimiter])
    head, _, tail = lines[0].rpartition(delimiter)
    lines[0] = f"{head}{other}{tail}"


def excel_number(lines: Lines, delimiter: str, dice: random.Random) -> None:
    number = dice.choice(("1.23E+11", "3,3E+12", "1.23457e+014"))
    shown = f'"{number}"' if delimiter in number else number
    line = dice.randrange(1, len(lines))
    lines[line] = re.sub(r"\bSN\d{5}\b", shown, lines[line])


def shifted(lines: Lines, delimiter: str, _dice: random.Random) -> None:
    lines[:] = [lines[0] + delimiter + "Group Tag", *(line.replace('"', "") + delimiter for line in lines[1:])]


def type_line(lines: Lines, _delimiter: str, dice: random.Random) -> None:
    lines.insert(dice.randrange(0, len(lines) + 1), "#TYPE System.Management.Automation.PSCustomObject")


def template_row(lines: Lines, delimiter: str, _dice: random.Random) -> None:
    lines.insert(1, delimiter.join(f"<{name}>" for name in lines[0].split(delimiter)))


def comment(lines: Lines, delimiter: str, dice: random.Random) -> None:
    line = dice.randrange(1, len(lines))
    # A sign that is the delimiter becomes a cell, which a workbook and JSON do not show.
    signs = [sign for sign in ("#", "// ", "; ", "-- ", "* ", "1. ", "/* ", ":: ") if not sign.startswith(delimiter)]
    # A manufacturer may be called Rem.
    if not lines[0].strip(">\ufeff ").lower().startswith("manufacturer"):
        signs.append(dice.choice(("REM ", "rem ", "Rem ")))
    lines[line] = dice.choice(signs) + lines[line]


def totals(lines: Lines, delimiter: str, dice: random.Random) -> None:
    lines.append(delimiter.join((dice.choice(("Total", "Count:")), f"{len(lines) - 1}")))


def quoted_in_mail(lines: Lines, _delimiter: str, _dice: random.Random) -> None:
    lines[:] = [f"> {line}" for line in lines]


def as_tuples(lines: Lines, _delimiter: str, _dice: random.Random) -> None:
    lines[1:] = [f"({line})," for line in lines[1:]]


def as_bytes(lines: Lines, delimiter: str, _dice: random.Random) -> None:
    lines[1:] = [delimiter.join(f"b'{cell}'" if cell else "" for cell in line.split(delimiter)) for line in lines[1:]]


def types(lines: Lines, delimiter: str, dice: random.Random) -> None:
    lines.insert(1, delimiter.join(dice.choice(("text", "nvarchar(50)")) for _ in lines[0].split(delimiter)))


def column_numbers(lines: Lines, delimiter: str, dice: random.Random) -> None:
    lines.insert(1, delimiter.join(dice.choice(("12345", "ABCDE"))[: lines[0].count(delimiter) + 1]))


def tags(lines: Lines, delimiter: str, dice: random.Random) -> None:
    form = dice.choice(("{}<br>", "<td>{}</td>", "/* {} */", "{} <!-- old -->"))
    lines[1:] = [delimiter.join(form.format(cell) for cell in line.split(delimiter)) for line in lines[1:]]


def conflict(lines: Lines, _delimiter: str, dice: random.Random) -> None:
    line = dice.randrange(1, len(lines))
    lines[line : line + 1] = ["<<<<<<< HEAD", lines[line], "=======", lines[line].replace("SN0", "SN9"), ">>>>>>> b"]


NUISANCES: tuple[Callable[[Lines, str, random.Random], None], ...] = (
    second_header, other_header, footer, rule, nulls, wrapped, mixed_delimiter, excel_number, shifted, type_line,
    template_row, comment, totals, quoted_in_mail, as_tuples, as_bytes, types, column_numbers,
    tags, conflict,
)  # fmt: skip


def records(lines: Lines, delimiter: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO("\r\n".join(lines), newline=""), delimiter=delimiter))


def in_workbook(lines: Lines, delimiter: str) -> bytes:
    """Write lines as a workbook, as somebody does who opens them in Excel and saves them; XML knows no U+0000."""
    cells = [[inline(cell.replace("\0", "_x0000_")) for cell in cells] for cells in records(lines, delimiter)]
    return workbook(sheet(*(row(number, *texts) for number, texts in enumerate(cells, 1))))


def in_json(lines: Lines, delimiter: str) -> bytes:
    """Write lines as JSON, as ``Import-Csv | ConvertTo-Json`` does: what more cells there are than names is dropped."""
    names, *rows = (cells for cells in records(lines, delimiter) if cells)
    return json.dumps([dict.fromkeys(names) | dict(zip(names, cells, strict=False)) for cells in rows]).encode()


def written(lines: Lines, delimiter: str, form: str) -> bytes:
    match form:
        case "workbook":
            return in_workbook(lines, delimiter)
        case "json":
            return in_json(lines, delimiter)
    return encoded("\r\n".join(lines) + "\r\n", form)


@given(
    st.integers(0, 2**32),
    st.lists(st.sampled_from(NUISANCES), max_size=3),
    st.sampled_from([TEMPLATE, AUTOPILOT_INFO, MANAGED_DESKTOP]),
    st.sampled_from(",;\t"),
    st.sampled_from([*CSV, "workbook", "json"]),
)
@settings(deadline=None, max_examples=600)
def test_what_goes_wrong_on_the_way_is_read_as_meant_or_rejected(
    seed: int,
    nuisances: list[Callable[[Lines, str, random.Random], None]],
    columns: tuple[str, ...],
    delimiter: str,
    form: str,
) -> None:
    dice = random.Random(seed)
    devices = [device(number, columns, dice) for number in range(dice.randrange(1, 5))]
    lines = csv_text(devices, columns, delimiter).splitlines()
    for nuisance in nuisances:
        nuisance(lines, delimiter, dice)
    manifest = read(written(lines, delimiter, form))
    if not manifest.issues.count:
        assert [*manifest.devices()] == devices


@given(
    st.integers(0, 2**32),
    st.sampled_from([second_header, footer, rule, nulls, type_line, totals]),
    st.sampled_from(",;\t"),
    st.sampled_from(["utf-8", "workbook"]),
)
@settings(deadline=None, max_examples=150)
def test_what_a_tool_adds_is_read_as_meant(
    seed: int, nuisance: Callable[[Lines, str, random.Random], None], delimiter: str, form: str
) -> None:
    dice = random.Random(seed)
    devices = [device(number, TEMPLATE, dice) for number in range(dice.randrange(1, 5))]
    devices = [Device(one.serial_number, one.product_key, one.hardware_hash, "LENOVO", "20L7") for one in devices]
    lines = csv_text(devices, TEMPLATE, delimiter).splitlines()
    nuisance(lines, delimiter, dice)
    manifest = read(written(lines, delimiter, form))
    assert manifest.issues.count == 0, manifest.issues
    assert [*manifest.devices()] == devices
