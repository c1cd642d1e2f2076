"""Whatever is in the parts of a workbook, reading it gives devices or issues: never an exception."""

import random

import pytest

from shared.manifest import CODES
from tests.manifest.files import read
from tests.manifest.workbook_reader.workbooks import TUPLE, Parts, parts, row, sheet, strings, styles, zipped

FORMULA = '<c r="A3" t="str"><f>B9</f><v>S2</v></c>'
PADDED = '<c r="A4" s="1"><v>45</v></c>'
SHARED = '<c r="B2" t="s"><v>0</v></c>'
SEED = parts(
    {"Devices": sheet(row(1, *TUPLE), row(2, "S1", SHARED, "M"), row(3, FORMULA, "C", "M"), row(4, PADDED, "C", "M"))}
    | {"More": sheet(row(1, "prose"))},
    shared=strings("Contoso", "<si><r><t>a</t></r></si>"),
    formats=styles("000"),
    settings='<calcPr fullCalcOnLoad="1"/>',
)
TOKENS = (
    *('<row r="2">', "</row>", "<c>", "</c>", '<c r="A1"/>', "<v>", "</v>", "<f/>", "<is>", "<t>", "<si/>", "</si>"),
    *("<!--", "-->", "<![CDATA[", "]]>", "<?x?>", "<!DOCTYPE x>", "&amp;", "&x;", "&#0;", "&#xD800;", "\0", "\ufeff"),
    *("\ud800", "<", ">", '"', "'", ' r="A9"', ' t="s"', ' t="n"', ' t="e"', ' s="9"', ' xmlns="x"', "-1", "1e999"),
    *("9" * 5000, "0", "_x0000_", "../", "/xl/", "worksheet", "hidden", 'state="hidden"', "xl/styles.xml", " "),
    *("x" * 40_000, "<x>" * 300),
)  # fmt: skip


def mutated(dice: random.Random) -> bytes:
    written: Parts = dict(SEED)
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        part = dice.choice(list(written))
        text = str(written[part])
        start = dice.randrange(len(text) + 1)
        end = dice.choice((start, start, start + 1, start + dice.randrange(60)))
        written[part] = text[:start] + dice.choice((*TOKENS, "", text[end : end + 50])) + text[end:]
        if dice.random() < 0.05:
            del written[part]
    return zipped({part: str(text).encode("utf-8", "surrogatepass") for part, text in written.items()})


def read_many(count: int, seed: int) -> set[str]:
    dice, met = random.Random(seed), set[str]()
    for _ in range(count):
        manifest = read(mutated(dice))
        met |= {issue.code for issue in manifest.issues.kept}
        if not manifest.issues.count:
            met.add("devices")
            assert len(list(manifest.devices())) == manifest.device_count
    return met


def test_mutated_workbooks_give_devices_or_issues() -> None:
    met = read_many(500, seed=1)
    assert met >= {"devices", "workbook_damaged"}
    assert met <= {*CODES, "devices"}


@pytest.mark.soak
@pytest.mark.timeout(1_200)
def test_very_many_mutated_workbooks_give_devices_or_issues() -> None:
    assert read_many(100_000, seed=2) <= {*CODES, "devices"}
