"""Whatever devices are written in whatever layout: they come back the same."""

import base64
import gzip
import json
import random
import re
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.manifest.device import Device
from shared.manifest.device_rules import is_identified
from tests.manifest.files import (
    API_NAMES,
    AUTOPILOT_INFO,
    COLUMNS,
    MANAGED_DESKTOP,
    MARKS,
    TEMPLATE,
    csv_text,
    devices_in,
    documented,
    encoded,
    in_pascal_case,
    issues_in,
    members,
    read,
)

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufffd"), max_size=12)
# What is neither cleaned nor refused: it begins like a serial number, does not end in what cannot be seen, is no
# address of mail or of a page, and nothing in it is masked, left out or escaped.
REFUSED = re.compile(r"@|://|\u2026|\*\*\*|###|\?\?\?|&#?\w+;|%2|\\u", re.IGNORECASE)
VALUE = TEXT.map(lambda text: f"x1{text}y").filter(lambda text: not REFUSED.search(text))
# As the only cell of a line, a value with another delimiter for each column would be an issue.
CELL = VALUE.filter(lambda text: max(map(text.count, ",;\t|")) < 2)
# What is shorter may be a word, as the end of a company's name: U+AB.
HASH = st.binary(min_size=6, max_size=30).map(lambda value: base64.b64encode(value).decode())
# A short one that begins like a real one counts as cut off, which the next one would continue.
HASH = HASH.filter(lambda value: not value.startswith("T0"))
# What no UTF-8 can be: bytes from C0 on that nothing below C0 follows but ASCII.
LATIN = st.text(
    st.sampled_from(" &.-()" + "".join(map(chr, (*range(48, 58), *range(97, 123), *range(0xC0, 0x100))))), min_size=1
).map(lambda text: f"x1{text}y")

LAYOUTS = (API_NAMES, TEMPLATE, AUTOPILOT_INFO, MANAGED_DESKTOP)

type Table = tuple[list[str], list[Device]]


def devices_of(values: st.SearchStrategy[str], columns: Iterable[str] = API_NAMES) -> st.SearchStrategy[list[Device]]:
    """Make devices of what these columns can hold."""
    fields = {COLUMNS[name]: st.none() | (HASH if COLUMNS[name] == "hardware_hash" else values) for name in columns}
    one = st.builds(Device, **fields).filter(is_identified)
    return st.lists(one, min_size=1, max_size=8, unique=True)


def tables_of(values: st.SearchStrategy[str]) -> st.SearchStrategy[Table]:
    """Choose a layout, the order of its columns, and devices for it."""
    return st.sampled_from(LAYOUTS).flatmap(
        lambda columns: st.tuples(st.permutations(columns), devices_of(values, columns))
    )


@given(devices_of(VALUE), st.sampled_from(["utf-8", *MARKS]), st.sampled_from([None, 1]), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=150)
def test_json_gives_back_what_was_written(
    devices: list[Device],
    encoding: str,
    indent: int | None,
    escaped: bool,  # noqa: FBT001 - hypothesis passes it by position
    enveloped: bool,  # noqa: FBT001 - hypothesis passes it by position
) -> None:
    ways = (members, documented, lambda device: in_pascal_case(documented(device)))
    way = ways[len(devices) % 3]
    array = [way(device) for device in devices]
    whole = {"devices": array, "batchId": "b"} if enveloped else array
    assert devices_in(encoded(json.dumps(whole, indent=indent, ensure_ascii=escaped), encoding)) == devices


@given(
    tables_of(CELL),
    st.sampled_from(["utf-8-sig", "utf-16-le", "utf-16-be"]),
    st.sampled_from(",;\t"),
    st.booleans(),
)
@settings(deadline=None, max_examples=150)
def test_csv_gives_back_what_was_written(
    table: Table,
    encoding: str,
    delimiter: str,
    quote: bool,  # noqa: FBT001 - hypothesis passes it by position
) -> None:
    columns, devices = table
    assert devices_in(encoded(csv_text(devices, columns, delimiter, quote=quote), encoding)) == devices


@given(tables_of(LATIN), st.sampled_from(",;\t"))
@settings(deadline=None, max_examples=100)
def test_csv_in_windows_1252_gives_back_what_was_written(table: Table, delimiter: str) -> None:
    columns, devices = table
    assert devices_in(csv_text(devices, columns, delimiter).encode("cp1252")) == devices


@given(st.lists(st.sampled_from(["", " ", "\t", "\u00a0", "a", " a", "\x0c"]), min_size=1, max_size=5))
@settings(deadline=None, max_examples=100)
def test_blank_is_absent_in_every_layout(keys: list[str]) -> None:
    in_json = json.dumps([{"productKey": key, "modelName": "M"} for key in keys]).encode()
    in_csv = csv_text([Device(None, key, None, None, "M") for key in keys], API_NAMES).encode()
    blank = [place for place, key in enumerate(keys) if not key.strip()]
    assert issues_in(in_json) == [(f"device {place + 1}", "missing_identity") for place in blank]
    assert issues_in(in_csv) == [(f"line {place + 2}", "missing_identity") for place in blank]


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=300)
def test_any_bytes_give_devices_or_issues(data: bytes) -> None:
    for file in (
        data,
        b"[" + data,
        b'[{"productKey":"' + data + b'"}]',
        b"Hardware Hash\n" + data,
        gzip.compress(data),
    ):
        manifest = read(file)
        assert manifest.issues.count or [*manifest.devices()]


@given(st.integers(0, 2**32), st.sampled_from(["},{", "} ,\n{", "}\n,{", "},\r\n\t  {", "}," + " " * 200 + "{"]))
@settings(deadline=None, max_examples=40)
def test_a_large_array_is_read_as_a_small_one(seed: int, between: str) -> None:
    """Windows may be cut anywhere, also where a value or a nested object looks like the end of a device."""
    dice = random.Random(seed)
    keys = [f"{number}{dice.choice(('', '},{', '},', '[', chr(92), chr(34), 'é', '😀'))}" for number in range(400)]
    texts = []
    for key in keys:
        nested = dice.choice(("null", '{"objectType": "Device"}', '[{"a": 1},{"a": {}}]', '"},{"', "NaN", "[1, 2]"))
        rest = f'"policies": {nested}, ' if dice.random() < 0.8 else ""
        texts.append(f'{rest}"hardwareHash": "{"Ab" * dice.choice((2, 2000))}", "productKey": {json.dumps(key)}')
    text = "[{" + between.join(texts) + "}]"
    assert [device.product_key for device in devices_in(text.encode())] == keys
