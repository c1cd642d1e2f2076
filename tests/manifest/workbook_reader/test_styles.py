"""Styles that no XML parser sees are read as the parser reads them: single quotes leave all to it."""

import random
import re
import tracemalloc
from collections.abc import Sequence
from contextlib import suppress

import pytest

from shared.manifest import UnreadableError
from shared.manifest.workbook_reader.cell_values import Format, Mark
from shared.manifest.workbook_reader.looks import without_looks
from shared.manifest.workbook_reader.styles import cell_formats
from tests.manifest.workbook_reader.workbooks import DECLARATION, MAIN

PLAIN = (
    '<xf numFmtId="49"/>',
    '<xf fontId="{0}" fillId="{0}" applyFont="1" numFmtId="1"/>',
    '<xf numFmtId="164" fontId="0" xfId="0" applyNumberFormat="1" />',
    '<xf fontId="{0}"/>',
    '<xf numFmtId="14"><alignment horizontal="left" wrapText="1"/><protection locked="0" /></xf>',
    '<xf numFmtId="999"></xf>',
)
ODD = (
    '<xf numFmtId="49"><extLst><ext uri="u"/></extLst></xf>',
    '<xf xr:uid="1" numFmtId="165"/>',
    "<xf numFmtId='14'/>",
    '<xf numFmtId=" 49"/>',
    '<xf numFmtId="&#49;"/>',
    *('<xf numFmtIdx="1" numFmtId="14"/>', '<xf anumFmtId="14"/>', '<xf a="" umFmtId="14"/>', "<xf></xf>", "<xf/>"),
    '\n<xf numFmtId="165"/>',
    '<x/><xf numFmtId="1"/>',
    '<xf numFmtId="12345678901"/>',
    *('<xf xmlns="u" numFmtId="14"/>', '<xf xmlns="" numFmtId="14"/>', '<xf  numFmtId="14"/>', '<xf numFmtId = "14"/>'),
)
WRONG = ('<xf numFmtId="1"', '<xf numFmtId="1" numFmtId="1"/>', "<xf numFmtId=1/>", "</xf>", '<xf a="&b;"/>', "<xf>")
ASIDE = (
    *("<!-- <cellXfs><xf/></cellXfs> -->", "<?x <fonts>?>", "<!-- </fonts> -->", "<dxfs><dxf><font/></dxf></dxfs>"),
    '<dxfs><dxf><numFmt numFmtId="164" formatCode="yy"/></dxf></dxfs>',
    '<ext xmlns="u"><cellXfs><xf numFmtId="14"/></cellXfs></ext>',
    '<fontsX a="1"><fonts><font/></fonts></fontsX>',
    '<?x <cellXfs><xf numFmtId="14"/></cellXfs>?>',
    '<xr:cellXfs><xr:xf numFmtId="14"/></xr:cellXfs>',
)
LOOKS = (
    *("<fonts><font/><font><b/></font></fonts>", "<fills/>", '<fills count="1"><fill/></fills>', "<borders></borders>"),
    '<fonts a=">" b="1"><font/></fonts>',
)
CODES = ('<numFmt numFmtId="164" formatCode="0000"/>', '<numFmt numFmtId="165" formatCode="_-??!yy"/>')


def read(text: str, length: int = 97) -> list[Format] | str:
    part = text.encode()
    try:
        return cell_formats(without_looks(part[start : start + length] for start in range(0, len(part), length)))
    except UnreadableError as error:
        return error.finding.code


def written_cells(forms: Sequence[str], dice: random.Random) -> str:
    cells = [dice.choice(forms).format(number) for number in range(dice.choice((0, 1, 9, 900)))]
    if dice.random() < 0.2:
        cells.insert(dice.randrange(len(cells) + 1), dice.choice(WRONG))
    return f"<cellXfs>{''.join(cells)}</cellXfs>"


def written(seed: int, quote: str) -> str:
    dice = random.Random(seed)
    forms = (*PLAIN * 20, *ODD) if dice.random() < 0.5 else PLAIN
    parts = [
        *(f"<numFmts>{''.join(dice.sample(CODES, dice.randrange(3)))}</numFmts>", *dice.sample(LOOKS, 3)),
        '<cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs>',
        *(written_cells(forms, dice) for _ in range(dice.choice((0, 1, 1, 1, 1, 1, 1, 2)))),
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0"/></cellStyles>',
    ]
    if dice.random() < 0.3:
        parts.insert(dice.randrange(len(parts)), dice.choice(ASIDE))
    text = "".join(parts)
    if dice.random() < 0.1:
        text = re.sub("><", ">\n  <", text)
    declaration = DECLARATION if dice.random() < 0.9 else ""
    names = [f"xmlns={quote}{MAIN}{quote}", f"xmlns:xr={quote}{dice.choice(('u', MAIN))}{quote}"]
    dice.shuffle(names)
    return f"{declaration}<styleSheet {' '.join(names)}>{text}</styleSheet>"


@pytest.mark.parametrize("odd", [*PLAIN, *ODD, *WRONG, *ASIDE])
@pytest.mark.parametrize("other", ["u", MAIN])
def test_each_style_among_plain_ones_is_read_as_by_the_parser(odd: str, other: str) -> None:
    cells = "".join(each.format(1) for each in PLAIN * 9)
    for text in (f"<cellXfs>{cells}{odd}{cells}</cellXfs>", f"{odd}<cellXfs>{cells}</cellXfs>{odd}"):
        names = f"xmlns='{MAIN}' xmlns:xr=\"{other}\""
        whole = f"<styleSheet {names}><numFmts>{''.join(CODES)}</numFmts>{text}</styleSheet>"
        assert read(whole.replace("'", '"', 2)) == read(whole)


@pytest.mark.parametrize("filling", ["", "<fonts>{0}</fonts><fills/>", "<fills>{0}</fills>", "<x>{0}</x>"])
def test_styles_are_read_the_same_however_many_looks_there_are(filling: str) -> None:
    cells = '<xf numFmtId="14"/>' + '<xf numFmtId="1"><alignment horizontal="left"/></xf>' * 3
    text = f'<styleSheet xmlns="{MAIN}">{filling.format("<font/>" * 50_000)}<cellXfs>{cells}</cellXfs></styleSheet>'
    assert read(text, 8_192) == [Mark.DATE, 1, 1, 1]


@pytest.mark.parametrize("seed", range(20))
def test_styles_are_read_the_same_wherever_their_pieces_end(seed: int) -> None:
    text = written(seed, '"')
    assert read(text, 1) == read(text, 2) == read(text, len(text))


@pytest.mark.parametrize("form", PLAIN)
def test_each_plain_style_is_read_without_the_parser(form: str) -> None:
    """It would refuse an attribute that is there twice."""
    cells = f'{form * 3}<xf a="1" a="1" numFmtId="14"/>'.replace("{0}", "1")
    assert read(f'<styleSheet xmlns="{MAIN}"><cellXfs>{cells}</cellXfs></styleSheet>')[3:] == [Mark.DATE]


@pytest.mark.parametrize("quote", ["'", '"'])
def test_styles_beyond_the_bound_are_left_out(quote: str) -> None:
    cells = '<xf numFmtId="1"/>' * 100_001
    assert (
        len(read(f"<styleSheet xmlns={quote}{MAIN}{quote}><cellXfs>{cells}</cellXfs></styleSheet>", 8_192)) == 100_000
    )


LOOKS_APART = f'<fonts a="1">{"<font/>" * 50}</fonts><fills><fill/></fills><borders><border/></borders>'


def test_looks_are_left_out_while_they_are_unpacked() -> None:
    text = f'<styleSheet xmlns="{MAIN}">{LOOKS_APART}<cellXfs/></styleSheet>'.encode()
    left = text.replace(b"<font/>", b"").replace(b"<fill/>", b"").replace(b"<border/>", b"")
    for end in range(len(text)):
        assert without_looks(iter([text[:end], text[end:]])) == left


@pytest.mark.parametrize("before", ["<!-- ", "<?x ", "<fontsX>", "<fonts a='1'>", "<fonts >"])
def test_looks_stay_where_something_odd_is_before_them(before: str) -> None:
    text = f'<styleSheet xmlns="{MAIN}">{before}{LOOKS_APART.removeprefix('<fonts a="1">')}'.encode()
    assert b"<font/>" in without_looks(iter([text]))


# With how many copies of it may be in memory at once.
MANY = {
    "styles": ("<cellXfs>{}</cellXfs>".format(f'<xf a="{"x" * 100}"/>' * 99_990), 3),
    "long styles": ("<cellXfs>{}</cellXfs>".format(f'<xf a="{"x" * 200}"/>' * 65_000), 1.5),
    "namespaces": (f"<cellXfs><xf /></cellXfs>{' xmlns=' * 1_500_000}", 2),
    "attributes of fonts": (f"<fonts{' a="b"' * 1_500_000}></fonts><cellXfs><xf /></cellXfs>", 2),
}


@pytest.mark.parametrize("many", MANY)
@pytest.mark.parametrize("attributes", [1, 1_000_000])
def test_styles_take_little_memory_beside_themselves(many: str, attributes: int) -> None:
    text, copies = MANY[many]
    part = f'<styleSheet{' a="b"' * attributes} xmlns="{MAIN}">{text}</styleSheet>'.encode()
    tracemalloc.start()
    with suppress(UnreadableError):
        cell_formats(without_looks(part[start : start + 8_192] for start in range(0, len(part), 8_192)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Four copies took the process to 156 MB.
    assert peak < copies * len(part)


TWICE = {
    "<borders></borders><cellXfs>{0}</cellXfs><fonts></fonts><fills></fills><borders></borders>": [Mark.DATE],
    "<fonts><font/></fonts ><cellXfs>{0}</cellXfs><fonts></fonts>": [Mark.DATE],
    "<cellXfs>{0}</cellXfs><fonts></fonts><cellXfs>{0}</cellXfs>": [Mark.DATE, Mark.DATE],
    "<cellXfs/><cellXfs>{0}</cellXfs>": [Mark.DATE],
    "<x><fonts><fonts><font/></fonts></fonts></x><cellXfs>{0}</cellXfs>": [Mark.DATE],
}


@pytest.mark.parametrize("form", TWICE)
def test_an_element_that_is_there_twice_hides_nothing(form: str) -> None:
    text = f'<styleSheet xmlns="{MAIN}">{form.format('<xf numFmtId="14"/>')}</styleSheet>'
    assert read(text) == TWICE[form]
