"""Writes workbooks by hand, as programs of all kinds write them."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

TUPLE = ("Device Serial Number", "Manufacturer name", "Device model")

type Parts = dict[str, str | bytes]


def name(column: int) -> str:
    before, last = divmod(column, 26)
    return (name(before - 1) if before else "") + chr(65 + last)


def inline(text: str, attributes: str = "") -> str:
    return f'<c {attributes} t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def row(number: int, *cells: str, start: int = 0) -> str:
    """Write a row: each cell as text, or as it is where it is markup already; empty ones are left out."""
    written = [
        text if text.lstrip().startswith("<") else inline(text, f'r="{name(column)}{number}"')
        for column, text in enumerate(cells, start)
        if text
    ]
    return f'<row r="{number}">{"".join(written)}</row>'


def sheet(*rows: str, before: str = "", after: str = "") -> str:
    data = f"{before}<sheetData>{''.join(rows)}</sheetData>{after}"
    return f'{DECLARATION}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}">{data}</worksheet>'


def table(*rows: Iterable[str], header: Iterable[str] = TUPLE) -> str:
    return sheet(*(row(number, *cells) for number, cells in enumerate((header, *rows), 1)))


def strings(*items: str) -> str:
    """Write shared strings: each as text, or as it is where it is markup already."""
    written = (item if item.startswith("<") else f"<si><t>{escape(item)}</t></si>" for item in items)
    return f'{DECLARATION}<sst xmlns="{MAIN}" count="9" uniqueCount="9">{"".join(written)}</sst>'


def styles(*codes: str | int) -> str:
    """Write number formats: the cells' style 0 is General, and style N the Nth of these, a code or a built-in id."""
    own = {code: 164 + place for place, code in enumerate(codes) if isinstance(code, str)}
    formats = "".join(
        f'<numFmt numFmtId="{number}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
        for code, number in own.items()
    )
    used = "".join(f'<xf numFmtId="{own[code] if isinstance(code, str) else code}" xfId="0"/>' for code in codes)
    return (
        f'{DECLARATION}<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts><cellStyleXfs><xf numFmtId="14"/>'
        f'</cellStyleXfs><cellXfs><xf numFmtId="0"/>{used}</cellXfs></styleSheet>'
    )


def relations(targets: Mapping[str, str]) -> str:
    """Write relations from ``kind target``, by id."""
    written = "".join(
        f'<Relationship Id="{key}" Type="{OFFICE}/{target.split()[0]}" Target="{target.split()[1]}"/>'
        for key, target in targets.items()
    )
    return f'{DECLARATION}<Relationships xmlns="{PACKAGE}">{written}</Relationships>'


def parts(
    sheets: Mapping[str, str] | str, *, shared: str = "", formats: str = "", settings: str = "", state: str = ""
) -> Parts:
    """Write the parts of a workbook; ``state`` is that of its first sheet, ``settings`` comes after the sheets."""
    by_name = {"Devices": sheets} if isinstance(sheets, str) else dict(sheets)
    states = {1: f' state="{state}"'} if state else {}
    listed = "".join(
        f'<sheet name="{escape(title)}" sheetId="{place}"{states.get(place, "")} r:id="s{place}"/>'
        for place, title in enumerate(by_name, 1)
    )
    content = f"<sheets>{listed}</sheets>{settings}"
    targets = {f"s{place}": f"worksheet worksheets/sheet{place}.xml" for place in range(1, len(by_name) + 1)}
    written: Parts = {
        "[Content_Types].xml": "<Types/>",
        "_rels/.rels": relations({"r": "officeDocument xl/workbook.xml"}),
        "xl/workbook.xml": f'{DECLARATION}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{content}</workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            targets | {"x1": "sharedStrings sharedStrings.xml", "x2": "styles styles.xml"}
        ),
    }
    written |= {f"xl/worksheets/sheet{place}.xml": text for place, text in enumerate(by_name.values(), 1)}
    return (
        written | ({"xl/sharedStrings.xml": shared} if shared else {}) | ({"xl/styles.xml": formats} if formats else {})
    )


def zipped(content: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for part, text in content.items():
            archive.writestr(part, text)
    return data.getvalue()


def workbook(sheets: Mapping[str, str] | str, **more: str) -> bytes:
    return zipped(parts(sheets, **more))
