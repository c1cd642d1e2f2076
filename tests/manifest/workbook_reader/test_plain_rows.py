"""What no XML parser sees is read as the parser reads it: single quotes around its namespace leave all to it."""

import random
import re

import pytest

from shared.manifest import UnreadableError
from shared.manifest.workbook_reader.cell_values import Mark
from shared.manifest.workbook_reader.sheet import Row
from shared.manifest.workbook_reader.workbook import open_workbook
from tests.manifest.files import MOST
from tests.manifest.workbook_reader.workbooks import (
    DECLARATION,
    MAIN,
    TUPLE,
    Parts,
    name,
    parts,
    row,
    styles,
    zipped,
)

SEEDS = 150
ITEMS = (
    *("<si><t>A{0}</t></si>", '<si><t xml:space="preserve"> B{0} </t></si>', "<si><t>C_x0041_{0}</t></si>", "<si/>"),
    *("<si><r><t>D</t></r><r><t>{0}</t></r></si>", "<si><t>E&amp;{0}</t></si>", "<si><t>\u00fc{0}</t></si>"),
    *("<si><t></t></si>", "\n<si><t>F{0}</t></si>", "<si><t>G{0}</t><rPh><t>g</t></rPh></si>", "<si><t/></si>"),
)
CELLS = (
    *('<c{0} t="inlineStr"><is><t>S{1}</t></is></c>', '<c{0} t="s"><v>{1}</v></c>') * 6,
    *('<c{0} s="1"><v>{1}</v></c>', '<c{0} t="n"><v>{1}</v></c>', "<c{0}/>", "<c{0} />", '<c{0} s="9"/>', "") * 2,
    *('<c{0} t="inlineStr"><is><t xml:space="preserve"> _x0041_{1}</t></is></c>', '<c{0} t="s"><v></v></c>'),
    *('<c{0} t="inlineStr"><is><r><t>S{1}</t></r></is></c>', '<c{0} t="inlineStr"><is><t>&lt;\u00fc</t></is></c>'),
    *('<c{0} t="s"><f>A1</f><v>{1}</v></c>', "<c{0}><f>A1</f></c>", '<c{0} t="str"><v>S{1}</v></c>'),
    *('<c{0} t="e"><v>#N/A</v></c>', "<c{0}><v>1.5</v></c>", '<c{0} s="2"><v>{1}</v></c>', '<c{0} t="b"><v>1</v></c>'),
    *('<c t="s"{0}><v>{1}</v></c>', '<c{0} t="x"><v>1</v></c>'),
)
WRONG = ('<c{0} s="9"><v>1</v></c>', '<c{0} t="s"><v>99</v></c>', '<c r="A1"/>', '<c{0} t="s"><v>x</v></c>', "</v>")
ASIDE = '<row></row><row r="5{0}"><c t="str"><v>aside</v></c></row>'
BETWEEN = ("\n", f"<!-- {ASIDE} -->", f"<?x {ASIDE}?>", '<row r="{0}0"/>', "</sheetData><sheetData>")


def odd_row(number: int, dice: random.Random) -> str:
    forms = WRONG if dice.random() < 0.004 else CELLS
    width = 4 if dice.random() < 0.98 else dice.choice((5, 12, 140))
    cells = "".join(
        dice.choice(forms).format(f' r="{name(at)}{number}"' if dice.random() < 0.9 else "", dice.randrange(30))
        for at in range(width)
    )
    attributes = dice.choice(("", "", ' spans="1:4" x14ac:dyDescent="0.25"', ' hidden="1"'))
    tag = f' r="{number}"' if dice.random() < 0.97 else ""
    between = dice.choice(BETWEEN).format(number) if dice.random() < 0.02 else ""
    return f"<row{tag}{attributes}>{cells}</row>{between}"


def plain_row(number: int, dice: random.Random) -> str:
    return row(number, f"S{number}", "LENOVO", dice.choice(("20L7", f'<c r="C{number}" t="s"><v>2</v></c>')))


def written(seed: int, quote: str) -> Parts:
    dice = random.Random(seed)  # noqa: S311 - it must be repeatable
    made = dice.choice((odd_row, plain_row))
    rows = [(made if dice.random() < 0.95 else odd_row)(number, dice) for number in range(2, dice.choice((9, 90, 400)))]
    if dice.random() < 0.1:
        rows.reverse()
    names = f'xmlns={quote}{MAIN}{quote} xmlns:x14ac="u"'
    cells = f"<worksheet {names}><sheetData>{row(1, *TUPLE)}{''.join(rows)}</sheetData></worksheet>"
    items = f"<sst {names}>{''.join(dice.choice(ITEMS).format(at) for at in range(40))}</sst>"
    if dice.random() < 0.2:
        cells, items = (
            re.sub(r"(</?)(?=[a-z])", r"\1x:", text).replace(" xmlns=", " xmlns:x=") for text in (cells, items)
        )
    return parts(DECLARATION + cells, shared=DECLARATION + items, formats=styles("0000", 14))


def rows_of(seed: int, quote: str) -> list[tuple[Row, list[Mark | None]]] | str:
    try:
        with open_workbook(iter([zipped(written(seed, quote))]), MOST, lambda: None) as [only]:
            return [(row, [getattr(cell, "mark", None) for cell in row.cells]) for row in only.rows()]
    except UnreadableError as error:
        return error.finding.code


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_the_parser_does_not_see_is_read_as_by_the_parser(seed: int) -> None:
    assert rows_of(seed, '"') == rows_of(seed, "'")
