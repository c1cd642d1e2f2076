"""What no XML parser sees is read as the parser reads it: single quotes around its namespace leave all to it."""

import random
import re
import time
import tracemalloc
from collections.abc import Callable

import pytest

from shared.manifest import UnreadableError
from shared.manifest.workbook_reader.archive import PIECE
from shared.manifest.workbook_reader.cell_values import Mark
from shared.manifest.workbook_reader.plain_rows import PARTS_OF_CELL, PlainRow, PlainRows
from shared.manifest.workbook_reader.skimming import skimmed
from shared.manifest.workbook_reader.workbook import open_workbook
from tests.manifest.files import MOST, devices_in, issues_in
from tests.manifest.workbook_reader.workbooks import (
    DECLARATION,
    MAIN,
    TUPLE,
    Parts,
    name,
    parts,
    row,
    sheet,
    strings,
    styles,
    zipped,
)

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
    *(
        f'<c{{0}} t="inlineStr"><is>{text}</is></c>'
        for text in (
            '<r><rPr><b/><sz val="1.5"/><rFont val="A b"/></rPr><t>S</t></r><r><t xml:space="preserve"> {1}</t></r>',
            "<r><t>&lt;t&gt;\u00fc&#38;{1}</t></r><r><rPr/><t/></r>\n<r><t>\n </t></r>",
            "<r><t></t></r>",
            '<r><rPr><rFont val="\u6e38"/><family /></rPr><t>S{1}</t></r>',
            "<r><rPr><f/></rPr><t>0</t></r>",
            '<r><rPr><rFont val="R&amp;D"/></rPr><t>S{1}</t></r><phoneticPr fontId="1"/>',
            "<r><t>S{1}</t></r><rPh sb='0' eb='1'><t>p</t></rPh>",
            "<r>\n  <rPr>\n <i/>\n </rPr>\n <t>{1}</t>\n </r>\n",
            "<t>a</t><r><t>{1}</t></r>",
        )
    ),
    *('<c{0} t="s"><f>A1</f><v>{1}</v></c>', "<c{0}><f>A1</f></c>", '<c{0} t="str"><v>S{1}</v></c>'),
    *('<c{0} t="e"><v>#N/A</v></c>', "<c{0}><v>1.5</v></c>", '<c{0} s="2"><v>{1}</v></c>', '<c{0} t="b"><v>1</v></c>'),
    '<c{0} t="inlineStr"><is><t>R&amp;D &#252;&#x5f;x0041_ \u8054 &#38;lt; &#128; &#38991; {1}</t></is></c>',
    *('<c{0} t="str"><v>&quot;{1}&#xa0;</v></c>', '<c{0} t="n"><v>&#49;{1}</v></c>', '<c{0} t="s"><v>&#51;</v></c>'),
    *('<c t="s"{0}><v>{1}</v></c>', '<c{0} t="x"><v>1</v></c>', '<c{0} t="s"  s = "1" ><v>{1}</v></c>'),
    *('<c{0} t="s" s="2" ph="1"><v>{1}</v></c>', '<c{0} vm="1" t="e"><v>#VALUE!</v></c>', '<c{0} x="1"><v>1</v></c>'),
    *("<c{0}></c>", '<c{0} t="n" s="1"></c>', '<c{0} t="inlineStr" />', '<c{0} t="e"/>', '<c{0} t="e"><v/></c>'),
    *("<c{0}><v/></c>", '<c{0} t="str"><v></v></c>', '<c{0} t="d"><v>2026-11-30</v></c>', "<c{0}><v> {1} </v></c>"),
    '<c{0} t="str"><f>A1</f><v>&gt;{1}</v></c>',
    *("<c{0}><v>0</v></c>", "<c{0}><v>0{1}</v></c>", "<c{0}><v>12345678901234{1}</v></c>", "<c{0}><v>-{1}</v></c>"),
    *("<c{0}><v>{1}\n</v></c>", "<c{0}><v>{1}\n{1}</v></c>", "<c{0}><v>{1}.5</v></c>"),
    *('<c{0} t="inlineStr"><is><t/></is></c>', '<c{0} t="inlineStr"><is/></c>', "<c{0}><is><t>{1}</t></is></c>"),
    *('<c{0} t="str"><v>a\n\tb&#10;c&#xD;&#9;{1}</v></c>', '<c{0} t="str"><v>a\r\nb{1}</v></c>'),
    *(
        f"<c{{0}}{kind}>{formula}{value}</c>"
        for kind in ("", ' t="str"', ' s="1"', ' cm="1"', ' t="s" s="1"')
        for formula in ("<f>A&amp;&quot;\u00fc&gt;&quot;</f>", '<f t="shared" si="0" />', '<f ca="1"></f>')
        for value in ("<v>{1}</v>", "<v></v>", "<v />", "", "<v>0</v>")
    ),
)
WRONG: tuple[str, ...] = (
    '<c{0} s="9"><v>1</v></c>',
    '<c{0} t="s"><v>99</v></c>',
    '<c r="A1"/>',
    '<c{0} t="s"><v>x</v></c>',
    "</v>",
    '<c{0} s="0" s="0"><v>1</v></c>',
    '<c{0} s="0" t="str" s="0"><v>1</v></c>',
    *(
        f'<c{{0}} t="inlineStr"><is>{text}</is></c>'
        for text in (
            *("<t>a", "<t><r><t>b</t></r>", "<r><t>b</t>", "<t/></t>", "<r><t>b</r>"),
            *("<r><rPr><t>a</rPr><t>b</t></r>", "<r><rPr><v/></rPr><t>b</t></r>", "<r><rPr><c/></rPr><t>b</t></r>"),
        )
    ),
    '<c{0}s="0"><v>1</v></c>',
    "<c{0}><v>1</t></is></c>",
    "<c{0}><f>A1</f></v></c>",
    "<c{0}><f>A1</f><v>1</c>",
    "<c{0}><f>&b;</f><v>1</v></c>",
    "<c{0}><f>&#0;\u00fc</f><v>1</v></c>",
    '<c{0} t="inlineStr"><is>\2a\1</is></c>',
    '<c{0} t="str"><v>\1</v></c>',
    *('<c t="str" r="b9"><v>S{1}</v></c>', '<c s="1" r="9" t="str"><v>S{1}</v></c>', '<c  r="3"><v>{1}</v></c>'),
    *('<c t="str" r = "b9"><v>S{1}</v></c>', '<c{0} t="inlineStr"><is><r><rPr><b c/></rPr><t>S</t></r></is></c>'),
)
WRONG += tuple(f'<c{{0}} t="str"><v>S{each}</v></c>' for each in ("&#0;", "&#xFFFF;", "&#x110000;", "&#xD800;", "&b;"))
ASIDE = '<row></row><row r="5{0}"><c t="str"><v>aside</v></c></row>'
BETWEEN = ("\n", f"<!-- {ASIDE} -->", f"<?x {ASIDE}?>", '<row r="{0}0"/>', "</sheetData><sheetData>")


def odd_row(number: int, dice: random.Random) -> str:
    forms = WRONG if dice.random() < 0.004 else CELLS
    width = 4 if dice.random() < 0.98 else dice.choice((5, 12, 40, 60))
    cells = "".join(
        dice.choice(forms).format(f' r="{name(at)}{number}"' if dice.random() < 0.9 else "", dice.randrange(30))
        for at in range(width)
    )
    attributes = dice.choice(("", "", ' spans="1:4" x14ac:dyDescent="0.25"', ' hidden="1"'))
    tag = f' r="{number}"' if dice.random() < 0.97 else ""
    tag = f"{attributes}{tag}" if dice.random() < 0.1 else f"{tag}{attributes}"
    between = dice.choice(BETWEEN).format(number) if dice.random() < 0.02 else ""
    return (f"<row{tag}>{cells}</row>" if dice.random() < 0.98 else f"<row{tag} />") + between


def written_alike(dice: random.Random) -> Callable[[int, random.Random], str]:
    """Return a writer of rows that has one way to write the cells of each column, for most of them."""
    columns = [[form] * 40 + dice.choices(CELLS, k=2) for form in dice.choices(CELLS, k=4)]
    has_numbers = dice.random() < 0.8

    def written_row(number: int, dice: random.Random) -> str:
        tag = f' r="{number}"' if has_numbers else ""
        cells = "".join(
            dice.choice(forms).format(f' r="{name(at)}{number}"' if has_numbers else "", dice.randrange(30))
            for at, forms in enumerate(columns)
        )
        return f"<row{tag}>{cells}</row>"

    return written_row


def plain_row(number: int, dice: random.Random) -> str:
    return row(number, f"S{number}", "LENOVO", dice.choice(("20L7", f'<c r="C{number}" t="s"><v>2</v></c>')))


def with_empty_cells(written_row: str, number: int, dice: random.Random) -> str:
    start = dice.choice((4, 12, 13, 14, 25, 26, 39, 52))
    columns = range(start, start + dice.choice((1, 9, 20, 60)))
    cells = [f'<c r="{name(at)}{number}"{dice.choice(("", ' s="1"', ' s="9" '))}/>' for at in columns]
    if dice.random() < 0.1:
        dice.shuffle(cells)
    if dice.random() < 0.02:
        more = (
            '<c r="A{0}"/>',
            '<c r="Z{0}0"/>',
            '<c s="1"/>',
            '<c r="AX{0}" t="str"><v>x</v></c>',
            '<c r="ABCD{0}"/>',
        )
        cells.insert(dice.randrange(len(cells) + 1), dice.choice(more).format(number))
    return written_row.replace("</row>", f"{''.join(cells)}</row>", 1)


def written(seed: int, quote: str) -> Parts:
    dice = random.Random(seed)
    made = dice.choice((odd_row, plain_row, written_alike(dice), written_alike(dice)))
    rows = [(made if dice.random() < 0.95 else odd_row)(number, dice) for number in range(2, dice.choice((9, 90, 400)))]
    if dice.random() < 0.2:
        rows = [with_empty_cells(each, number, dice) for number, each in enumerate(rows, 2)]
    if dice.random() < 0.1:
        rows.reverse()
    names = f'xmlns={quote}{MAIN}{quote} xmlns:x14ac="u"'
    cells = f"<worksheet {names}><sheetData>{row(1, *TUPLE)}{''.join(rows)}</sheetData></worksheet>"
    items = f"<sst {names}>{''.join(dice.choice(ITEMS).format(at) for at in range(40))}</sst>"
    if dice.random() < 0.2:
        cells = re.sub(r"><(?!/[vtf]>)", ">\n  <", cells)
    if dice.random() < 0.2:
        cells, items = (
            re.sub(r"(</?)(?=[a-z])", r"\1x:", text).replace(" xmlns=", " xmlns:x=") for text in (cells, items)
        )
    settings = '<calcPr fullCalcOnLoad="1"/>' if dice.random() < 0.2 else ""
    return parts(DECLARATION + cells, shared=DECLARATION + items, formats=styles("0000", 14), settings=settings)


type ReadRow = tuple[int, list[tuple[str, Mark | None]], bool]


def read(content: Parts) -> list[ReadRow] | str:
    try:
        with open_workbook(iter([zipped(content)]), MOST, lambda: None) as [only]:
            return [
                (number, [(cell, getattr(cell, "mark", None)) for cell in cells], number in some.hidden)
                for some in only.rows()
                for number, cells in zip(some.numbers, some.cells, strict=True)
            ]
    except UnreadableError as error:
        return error.finding.code


@pytest.mark.parametrize("form", [*dict.fromkeys((*CELLS, *WRONG))])
def test_each_cell_among_plain_rows_is_read_as_by_the_parser(form: str) -> None:
    numbers = range(2, 60)
    cells = (form.format(f' r="A{number}"', number) + f'<c r="B{number}" t="str"><v>x</v></c>' for number in numbers)
    rows = "".join(f'<row r="{number}">{each}</row>' for number, each in zip(numbers, cells, strict=True))
    text = f"<worksheet xmlns='{MAIN}'><sheetData>{row(1, *TUPLE)}{rows}</sheetData></worksheet>"
    others = {"shared": strings(*map(str, range(70))), "formats": styles("0000", 14)}
    assert read(parts(text.replace("'", '"', 2), **others)) == read(parts(text, **others))


SHARED = '<c r="A{0}"{1} t="s"><v>3</v></c><c r="B{0}"{1} t="s"><v>4</v></c><c r="C{0}"{1} t="s"><v>5</v></c></row>'
INLINE = "<is><t>S{0}</t></is></c>"
FROM_PROGRAMS = {
    "Excel": '<row r="{0}" spans="1:3" x14ac:dyDescent="0.25">' + SHARED.replace("{1}", ' s="1"'),
    "LibreOffice": '<row r="{0}" customFormat="false" ht="12.8" hidden="false" customHeight="false" outlineLevel="0" '
    'collapsed="false">' + SHARED.replace("{1}", ' s="0"'),
    "Google Sheets": '<row r="{0}" ht="15.75" customHeight="1">' + SHARED.replace("{1}", ' s="1"'),
    "openpyxl": '<row r="{0}">' + SHARED.replace("{1}", ""),
    "openpyxl without shared strings": '<row r="{0}"><c r="A{0}" t="inlineStr">' + INLINE + "</row>",
    "openpyxl, rich text": '<row r="{0}"><c r="A{0}" t="inlineStr"><is><r><rPr><rFont val="Calibri"/><b val="1"/>'
    '<color rgb="00FF0000"/><sz val="11"/></rPr><t>S</t></r><r><t xml:space="preserve"> {0}</t></r></is></c></row>',
    "xlsx-populate, a style for each cell": '<row r="{0}"><c r="A{0}" t="s" s="{0}"><v>3</v></c></row>',
    "openpyxl, empty texts": '<row r="{0}"><c r="A{0}" t="inlineStr">' + INLINE + '<c r="B{0}" t="inlineStr" /></row>',
    "openpyxl, formulas": '<row r="{0}"><c r="A{0}"><f>D{0}&amp;" "</f><v /></c><c r="B{0}" s="1" t="n" /></row>',
    "XlsxWriter, formulas": '<row r="{0}"><c r="A{0}"><f>D{0}&amp;" "</f><v>0</v></c></row>',
    "Excel, formulas": '<row r="{0}"><c r="A{0}" t="str"><f t="shared" ref="A1:A9" si="0">D{0}</f><v>S{0}</v></c>'
    '<c r="B{0}" s="1" t="str"><f t="shared" si="0"/><v></v></c><c r="C{0}" cm="1"><f>F{0}</f><v>1.5</v></c></row>',
    "Excel, phonetic": '<row r="{0}">' + SHARED.replace("{1}", ' s="1"').replace(' t="s"', ' t="s" ph="1"'),
    "Excel, blank rows": '<row r="{0}" s="1" customFormat="1" ht="30"/><row r="{0}"><c r="A{0}"/></row>',
    "without references": '<row r="{0}">' + f'<c t="inlineStr">{INLINE}' * 3 + "</row>",
    "without numbers": f'<row><c t="inlineStr">{INLINE}<c/><c s="1"><v>{{0}}</v></c></row>',
    "type before style": '<row r="{0}"><c r="A{0}" t="str" s="1"><v>S{0}</v></c></row>',
    "empty elements with end tags": '<row r="{0}"><c r="A{0}" s="1"></c><c r="B{0}" t="s"><v>3</v></c></row>',
    "indented": '\n    <row r="{0}">\n      <c r="A{0}" t="s">\n        <v>3</v>\n      </c>\n    </row>',
    "SheetJS": '<row r="{0}"><c r="A{0}" t="str"><v>S{0}</v></c><c r="B{0}" t="n"><v>{0}</v></c>'
    '<c r="C{0}" t="d"><v>2026-11-30</v></c><c r="D{0}" t="b"><v>1</v></c><c r="E{0}" t="e"><v>#N/A</v></c></row>',
    "SheetJS, formulas without values": '<row r="{0}"><c r="A{0}"><f>D{0}&amp;&quot; &quot;</f></c></row>',
    "Open XML SDK": '<x:row r="{0}" spans="1:3">'
    + SHARED.replace("{1}", "").replace("</", "</x:").replace("<c", "<x:c").replace("<v", "<x:v"),
}


def taken(text: str) -> list[PlainRow]:
    """Return the rows of a worksheet that need no parser."""
    data, plain_rows = text.encode(), PlainRows()
    pieces = (data[start : start + PIECE] for start in range(0, len(data), PIECE))
    return [row for _ in skimmed(pieces, plain_rows) for row in plain_rows.give()]


@pytest.mark.parametrize("form", FROM_PROGRAMS.values(), ids=FROM_PROGRAMS)
def test_rows_as_programs_write_them_need_no_parser_after_the_first_piece(form: str) -> None:
    names = f'xmlns:x="{MAIN}"' if form.startswith("<x:") else f'xmlns="{MAIN}"'
    rows = "".join(map(form.format, range(1, 2_001)))
    assert len(taken(f"{DECLARATION}<worksheet {names}>{rows}</worksheet>")) > 1_800


def test_many_rows_without_cells_need_no_parser() -> None:
    blank = [f'<row r="{number}" s="1" customFormat="1" ht="30" customHeight="1"/>' for number in range(102, 2_102)]
    rows = [*(row(number, "S1") for number in range(1, 102)), *blank, row(2_102, "S2"), row(2_103, "S3")]
    assert len(taken(sheet(*rows))) > 2_000


@pytest.mark.parametrize("attributes", ['s="0" s="0"', 's="0"s="0"', 's="0 "" "', "s=0"])
def test_attributes_that_are_no_xml_are_refused(attributes: str) -> None:
    text = TABLE.replace('r="C99" ', f'r="C99" {attributes} ')
    assert text != TABLE
    assert issues_in(zipped(parts(text))) == [("manifest", "workbook_damaged")]


@pytest.mark.parametrize("number", [0, 1_048_577])
def test_rows_with_impossible_numbers_are_refused(number: int) -> None:
    numbers = [*range(2, 99), number, *range(99, 302)]
    data = zipped(parts(sheet(row(1, *TUPLE), *(row(each, f"S{each}", "LENOVO", "20L7") for each in numbers))))
    assert issues_in(data) == [("manifest", "workbook_damaged")]


@pytest.mark.parametrize("cell", ['<c r="A99" t="s"><v>9</v></c>', '<c r="A99" s="9"><v>5</v></c>'])
def test_what_a_cell_refers_to_is_missing_on_its_line(cell: str) -> None:
    rows = [row(number, cell if number == 99 else f"S{number}", "LENOVO", "20L7") for number in range(2, 302)]
    assert len(taken(sheet(row(1, *TUPLE), *rows))) > 200
    data = zipped(parts(sheet(row(1, *TUPLE), *rows), formats=styles()))
    assert issues_in(data) == [("line 99", "workbook_damaged")]


def test_a_row_with_another_prefix_of_the_same_name_is_none_of_the_sheet() -> None:
    rows = "".join(row(number, f"S{number}", "LENOVO", "20L7") for number in range(2, 102))
    other = row(102, "S102", "LENOVO", "20L7").replace('r="102"', 'r="102" xmlns:x="urn:x"', 1)
    text = re.sub(
        r"(</?)(?=[a-z])", r"\1x:", f"<worksheet><sheetData>{row(1, *TUPLE)}{rows}{other}</sheetData></worksheet>"
    )
    assert len(devices_in(zipped(parts(text.replace("<x:worksheet>", f'<x:worksheet xmlns:x="{MAIN}">'))))) == 100


def test_rows_without_a_sheet_are_refused() -> None:
    rows = "".join(row(number, f"S{number}", "LENOVO", "20L7") for number in range(2, 102))
    data = zipped(parts(row(1, *TUPLE).replace("<row ", f'<row xmlns="{MAIN}" ') + rows))
    assert issues_in(data) == [("manifest", "workbook_damaged")]


def test_attributes_that_are_no_xml_are_refused_among_cells_with_styles_of_their_own() -> None:
    cells = [(f'<c t="str" s="{number}"><v>S{number}</v></c>', "LENOVO", "20L7") for number in range(2, 302)]
    cells[250] = ('<c t="str" s="1" t="str" s="2"><v>S</v></c>', *cells[250][1:])
    data = zipped(parts(sheet(row(1, *TUPLE), *(row(number, *each) for number, each in enumerate(cells, 2)))))
    assert issues_in(data) == [("manifest", "workbook_damaged")]


SHEET = "xl/worksheets/sheet1.xml"
CALLED = ("R&amp;D", "M\u00fcller &amp; Co", "&#77;&#xfc;ller", "&lt;\u8054\u60f3&gt;", "&quot;&apos;")


@pytest.mark.parametrize("maker", CALLED)
def test_names_need_no_parser_where_their_characters_are_escaped_or_not_of_ascii(maker: str) -> None:
    rows = [f'<row r="{number}"><c t="str"><v>{maker}</v></c></row>' for number in range(1, 101)]
    assert len(taken(sheet(*rows))) > 90


REFUSED = ("&#0;", "&#31;", "&#xFFFF;", "&#55296;", "&#xD800;", "&#x110000;", "&other;", "&amp", "\uffff", "\udc80")


@pytest.mark.parametrize("text", REFUSED)
def test_what_xml_cannot_hold_is_left_to_the_parser(text: str) -> None:
    made = sheet(
        row(1, *TUPLE), '<row r="2"><c t="str"><v>S1</v></c></row>', f'<row r="3"><c t="str"><v>{text}</v></c></row>'
    )
    data = zipped({**parts(sheet()), SHEET: made.encode(errors="surrogateescape")})
    assert issues_in(data) == [("manifest", "workbook_damaged")]


def test_a_text_in_another_encoding_is_left_to_the_parser() -> None:
    made = sheet(row(1, *TUPLE), *(row(number, f"S{number}", "\u00c3\u00bc", "20L7") for number in range(2, 102)))
    declaration = '<?xml version="1.0" encoding="ISO-8859-1"?>'
    data = zipped({**parts(sheet()), SHEET: made.replace(DECLARATION, declaration).encode("latin-1")})
    assert {device.oem_manufacturer_name for device in devices_in(data)} == {"\u00c3\u00bc"}


def wide_row(number: int, columns: int) -> str:
    return row(number, *["x"] * columns)


@pytest.mark.parametrize(("columns", "fewest", "most"), [(104, 93, 99), (256, 87, 99), (257, 0, 0), (300, 0, 0)])
def test_wider_rows_than_devices_have_are_left_to_the_parser(columns: int, fewest: int, most: int) -> None:
    assert fewest <= len(taken(sheet(*(wide_row(number, columns) for number in range(1, 101))))) <= most


def test_a_wide_row_does_not_make_others_wide() -> None:
    rows = taken(sheet(wide_row(1, 104), '<row r="2"></row>', row(3, "S1"), row(4, "S1", "", "", "M1"), row(5, "S1")))
    assert [(len(row) - 2) // PARTS_OF_CELL for row in rows] == [1, 1, 4, 1]


def seconds_for(columns: int) -> float:
    """Return how long it takes to find wide rows, at best of twenty, as the machine may be busy elsewhere."""
    text, best = sheet(*(wide_row(number, columns) for number in range(1, 101))), float("inf")
    for _ in range(20):
        began = time.process_time()
        assert len(taken(text)) > 90
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.untraced
def test_a_column_costs_about_as_much_in_a_wide_row_as_in_a_narrow_one() -> None:
    # Sixteen times as many take sixteen times as long, and thirty where groups copy what those before them have found.
    assert seconds_for(208) < 23 * seconds_for(13)


def test_many_runs_in_the_last_cell_of_a_wide_row_take_no_memory_of_their_own() -> None:
    last = f'<c t="inlineStr"><is>{"<r><t></t></r>" * 1_000}</is></c>'
    rows = [row(number, *["<c><v>1</v></c>"] * 255, last) for number in range(2, 9)]
    text = sheet(wide_row(1, 256), *rows)
    # The first of them shows that runs are to be expected.
    assert len(taken(text)) == 6
    tracemalloc.start()
    taken(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_long_looks_of_runs_take_no_memory_each_time() -> None:
    run = f'<r><rPr><rFont val="{"x" * 20_000}"/></rPr><t>S</t></r>'
    text = sheet(*(f'<row><c t="inlineStr"><is>{run * times}</is></c></row>' for times in (1, 1, 1_000)))
    tracemalloc.start()
    assert len(taken(text)) == 2
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The text itself, as bytes.
    assert peak < len(text) + 3_000_000


def test_rows_with_a_cell_in_the_last_of_many_columns_are_left_to_the_parser() -> None:
    rows = [row(number, *[""] * 99, "x") for number in range(2, 1_002)]
    assert len(taken(sheet(wide_row(1, 100), *rows))) == 0


def test_rows_after_those_of_the_sheet_are_none_of_it() -> None:
    rows = "".join(row(number, f"F{number}", "LENOVO", "20L7") for number in range(302, 402))
    devices = devices_in(zipped(parts(TABLE.replace("</worksheet>", f'<x:e xmlns:x="urn:x">{rows}</x:e></worksheet>'))))
    foreign = devices_in(zipped(parts(TABLE.replace("</worksheet>", f'<ext xmlns="urn:x">{rows}</ext></worksheet>'))))
    assert (len(devices), len(foreign)) == (400, 300)


def test_a_cell_that_fails_at_its_end_is_not_tried_for_each_of_many_columns() -> None:
    bad = f"<row><c/><c><v>{'1' * 24_000}</v><x/></c></row><row/><row/><row/><row/><row/>"
    text = sheet(wide_row(1, 256), bad * 100)
    began = time.process_time()
    taken(text)
    # A hundredth of that where nothing else runs; five seconds where each column is tried.
    assert time.process_time() - began < 2


def test_rows_that_are_taken_few_at_a_time_are_left_to_the_parser() -> None:
    rows = [row(number, f"S{number}", "LENOVO", "\uff32&D" if number % 3 else "20L7") for number in range(2, 2_002)]
    assert 100 < len(taken(sheet(row(1, *TUPLE), *rows))) < 200
    devices = devices_in(zipped(parts(sheet(row(1, *TUPLE), *rows))))
    assert [device.serial_number for device in devices] == [f"S{number}" for number in range(2, 2_002)]


TABLE = sheet(row(1, *TUPLE), *(row(number, f"S{number}", "LENOVO", "20L7") for number in range(2, 302)))
ODD_PREFIXES = ("1", "11", "1x", "x" * 50)


@pytest.mark.parametrize("prefix", ODD_PREFIXES)
def test_a_prefix_that_stands_in_a_text_is_none(prefix: str) -> None:
    text = TABLE.replace("<worksheet ", f"<worksheet x='a xmlns:{prefix}=\"{MAIN}\"' ")
    assert len(taken(text)) > 200
    assert len(devices_in(zipped(parts(text)))) == 300


@pytest.mark.parametrize("prefix", ODD_PREFIXES[:-1])
def test_a_prefix_that_is_no_name_is_refused(prefix: str) -> None:
    text = TABLE.replace(" xmlns=", f" xmlns:{prefix}=")
    assert issues_in(zipped(parts(text))) == [("manifest", "workbook_damaged")]


@pytest.mark.parametrize(("prefix", "fewest"), [("x", 200), ("ns0", 200), ("y", 0), (ODD_PREFIXES[-1], 0)])
def test_a_prefix_that_no_program_writes_is_left_to_the_parser(prefix: str, fewest: int) -> None:
    text = re.sub(r"(</?)(?=[a-z])", rf"\1{prefix}:", TABLE).replace(" xmlns=", f" xmlns:{prefix}=")
    assert bool(taken(text)) is bool(fewest)
    assert len(taken(text)) >= fewest
    assert len(devices_in(zipped(parts(text)))) == 300
