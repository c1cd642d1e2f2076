"""Shared strings that no XML parser sees are read as the parser reads them: single quotes leave all to it."""

import io
import random
import re

import pytest

from shared.manifest import UnreadableError
from shared.manifest.workbook_reader.archive import PIECE
from shared.manifest.workbook_reader.string_items import read_strings
from shared.manifest.workbook_reader.strings import Strings
from tests.manifest.workbook_reader.workbooks import DECLARATION, MAIN

LOOKS = ("", "<rPr/>", '<rPr><b/><sz val="1.5"/><rFont val="A b"/></rPr>', '<rPr><rFont val="\u6e38"/></rPr>')
ITEMS = (
    *("<si><t>A{0}</t></si>", '<si><t xml:space="preserve"> B{0} </t></si>', "<si><t>C_x0041_{0}</t></si>") * 9,
    *(f"<si><r>{look}<t>D</t></r><r>{look}<t>{{0}}</t></r></si>" for look in LOOKS),
    *("<si/>", "<si></si>", "<si><t/></si>", '<si><t xml:space="preserve" /></si>', "<si><t></t></si>"),
    *("<si><r><t/></r></si>", "<si><r><t>_x00</t></r><r><t>41_</t></r></si>", "<si><r><t>&#60;</t></r></si>"),
    *("<si><t>E&amp;{0}</t></si>", "<si><t>\u00fc{0}</t></si>", "\n<si><t>F{0}</t></si>", "<si><t>a\r\nb</t></si>"),
    '<si><t>G{0}</t><phoneticPr fontId="1" type="noConversion"/></si>',
    '<si><t>G{0}</t><rPh sb="0" eb="1"><t>g</t></rPh><phoneticPr fontId="1"/></si>',
    "<si><r><t>G{0}</t></r><rPh sb='0' eb='1'><t>g</t></rPh></si>",
    '<si><r><t>G</t></r><r><t>{0}</t></r><rPh sb="0" eb="1"><t>g</t></rPh><rPh sb="1" eb="2"><t>h</t></rPh></si>',
    *("<!-- <si><t>H</t></si> -->", "<?x <si><t>H</t></si>?>", "<si><t><![CDATA[H{0}]]></t></si>"),
    *("<si><x/><t>I</t></si>", '<si xml:space="preserve"><t>I</t></si>', '<ext xmlns="urn:x"><si><t>I</t></si></ext>'),
    *("<si><t>J</t><t>{0}</t></si>", "<si><t>&#95;x0041&#95;{0}</t></si>", "<si><t>&#50000;</t></si>"),
    *(f"<e {name}>{'<si><t>I</t></si>' * 3}</e>" for name in ('xmlns="u"', "xmlns ='u'", 'xmlns:x="u"')),
)
WRONG = (
    *("<si><t>a</si>", "<si><t>a</t></r></si>", "<si><r><t>a</t></si>", "<si><t><r><t>a</t></r></t></si>", "</si>"),
    *(
        "<si><t>&b;</t></si>",
        "<si><t>&#1;</t></si>",
        "<si><t><r><t>a</t></r></si>",
        "<si><r><rPr><t>a</rPr><t>b</t></r></si>",
        "<si><t/>a</t></si>",
    ),
    *("<si><t>a</t><rPh><t>b</rPh></si>", "<si><rPh><t>b</t></r></rPh></si>", "<si><t>a</t></r><r><t>b</t></si>"),
    *(f"<si><r><rPr>{look}</rPr><t>a</t></r></si>" for look in ('<rFont val=A"/>', "<b!/>", "<brk a/>", '<b="1"/>')),
    *("<si><t>\1\2</t></si>", "<si>\2a\1</si>", "<si><r><t>a</r></si>", "<si>a</t></si>", "<si><t>\uffff</t></si>"),
    "<si><t>\udcc3</t></si>",
)


def read(text: str) -> list[str] | str:
    data, texts = text.encode(errors="surrogateescape"), Strings(io.BytesIO())
    try:
        read_strings((data[start : start + PIECE] for start in range(0, len(data), PIECE)), texts)
    except UnreadableError as error:
        return error.finding.code
    found = list[str]()
    while True:
        try:
            found.append(texts[len(found)])
        except IndexError:
            return found


def written(seed: int, quote: str) -> str:
    dice = random.Random(seed)
    forms = dice.choice((ITEMS, (*dice.choices(ITEMS, k=3) * 60, *ITEMS), dice.choices(ITEMS, k=4)))
    items = [dice.choice(forms) for _ in range(dice.choice((5, 60, 2_000)))]
    if dice.random() < 0.3:
        items[dice.randrange(len(items))] = dice.choice(WRONG)
    text = "".join(item.format(number) for number, item in enumerate(items))
    # White space in what is wrong may be a part of a text.
    if dice.random() < 0.2 and not {*WRONG} & {*items}:
        text = re.sub(r"><(?!/t>)", ">\n  <", text)
    name = "sst"
    if is_prefixed := dice.random() < 0.2:
        text, name = re.sub(r"(</?)(?=[a-z])", r"\1x:", text), "x:sst"
    names = f"xmlns:x={quote}{MAIN}{quote}" if is_prefixed else f"xmlns={quote}{MAIN}{quote}"
    first = "<si><t>first</t></si>" * (dice.random() < 0.03)
    return f"{DECLARATION}{first}<{name} {names}>{text}</{name}>"


@pytest.mark.parametrize("item", [*ITEMS, *WRONG])
@pytest.mark.parametrize("times", [1, 60])
def test_each_item_among_plain_ones_is_read_as_by_the_parser(item: str, times: int) -> None:
    plain = "<si><t>K</t></si><si><r><t>L</t></r></si>" * times
    text = f"<sst xmlns='{MAIN}'>{plain}{item.format(1)}{plain}{item.format(2)}</sst>"
    assert read(text.replace("'", '"', 2)) == read(text)


def test_items_before_the_root_are_refused() -> None:
    assert read(f'<si><t>A</t></si><sst xmlns="{MAIN}"><si><t>B</t></si></sst>') == "workbook_damaged"
    assert read(f'<si xmlns="{MAIN}"><t>A</t></si>{"<si><t>B</t></si>" * 3}') == "workbook_damaged"
