"""A workbook's archive is believed only where it is checked, and other kinds of files are named as what they are."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest

from shared.manifest import ISSUES
from shared.manifest.decoding.file_type import ole_code
from tests.manifest.files import devices_in, issues_in, read
from tests.manifest.workbook_reader.workbooks import DECLARATION, MAIN, parts, relations, table, zipped

ONE = ("S1", "Contoso", "M1")
PARTS = parts(table(ONE))
WHOLE = zipped(PARTS)
STORED = zipped(PARTS, zipfile.ZIP_STORED)
SHEET = b"xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def central(data: bytes, part: bytes = SHEET) -> int:
    """Return where the central directory lists a part."""
    return data.rindex(part) - 46


def local(data: bytes, part: bytes = SHEET) -> int:
    return data.index(part) - 30


def patched(data: bytes, at: int, form: str, *values: object) -> bytes:
    new = struct.pack(form, *values)
    return data[:at] + new + data[at + len(new) :]


def compressed(method: int) -> bytes:
    return zipped(PARTS, method)


def doubled(name: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for part, text in (*PARTS.items(), ("other", PARTS[SHEET.decode()])):
            archive.writestr(part, text)
        archive.infolist()[-1].filename = name
    return data.getvalue()


def zip64() -> bytes:
    """Move what the archive says of its end and of one part into the fields of zip64."""
    at, end = central(WHOLE), len(WHOLE) - 22
    start = struct.unpack_from("<L", WHOLE, end + 16)[0]
    packed, size = struct.unpack_from("<LL", WHOLE, at + 20)
    extra = struct.pack("<HHL", 9, 4, 0) + struct.pack("<HHQQ", 1, 16, size, packed)
    entry = patched(WHOLE, at + 20, "<LL", 0xFFFFFFFF, 0xFFFFFFFF)[at : at + 46 + len(SHEET)]
    entry = patched(entry, 30, "<H", len(extra)) + extra
    directory = WHOLE[start:at] + entry + WHOLE[at + 46 + len(SHEET) : end]
    head = WHOLE[:start] + directory
    end64 = struct.pack("<4sQHHLLQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 9, 9, len(directory), start)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, len(head), 1)
    return head + end64 + locator + struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 9, 9, 0xFFFFFFFF, 0xFFFFFFFF, 0)


def behind() -> bytes:
    """Add bytes between a part's content and the next part, and count them to it."""
    end = local(WHOLE) + 30 + len(SHEET) + struct.unpack_from("<L", WHOLE, central(WHOLE) + 20)[0]
    longer = WHOLE[:end] + bytes(20_000) + WHOLE[end:]
    longer = patched(longer, central(longer) + 20, "<L", end - local(WHOLE) - 30 - len(SHEET) + 20_000)
    return patched(longer, len(longer) - 6, "<L", struct.unpack_from("<L", WHOLE, len(WHOLE) - 6)[0] + 20_000)


DAMAGED = {
    "another content behind its checksum": STORED.replace(b">S1<", b">S9<"),
    "another checksum": patched(WHOLE, central(WHOLE) + 16, "<L", 1),
    "a shorter length": patched(WHOLE, central(WHOLE) + 24, "<L", 10),
    "a longer length": patched(WHOLE, central(WHOLE) + 24, "<L", 1 << 20),
    "fewer packed bytes": patched(WHOLE, central(WHOLE) + 20, "<L", 10),
    "no packed bytes": patched(WHOLE, central(WHOLE) + 20, "<L", 0),
    "more packed bytes": patched(WHOLE, central(WHOLE) + 20, "<L", 1_000),
    "many more packed bytes": patched(WHOLE, central(WHOLE) + 20, "<L", 1 << 30),
    "fewer stored bytes": patched(STORED, central(STORED) + 20, "<LL", 10, 10),
    "another place": patched(WHOLE, central(WHOLE) + 42, "<L", 7),
    "a place at the end": patched(WHOLE, central(WHOLE) + 42, "<L", len(WHOLE) - 400),
    "a place behind the end": patched(WHOLE, central(WHOLE) + 42, "<L", 1 << 31),
    "a local header that is too long": patched(WHOLE, local(WHOLE) + 28, "<H", 60_000),
    "another local name": patched(WHOLE, local(WHOLE) + 30, "<4s", b"abcd"),
    "bytes that are not packed": patched(WHOLE, local(WHOLE) + 60, "<QQQ", 1, 2, 3),
    "cut off": WHOLE[: len(WHOLE) // 2],
    "cut off in the end": WHOLE[:-5],
    "the beginning alone": WHOLE[:4],
    "a directory of nonsense": patched(WHOLE, central(WHOLE), "<L", 0),
    "a directory beyond the end": patched(WHOLE, len(WHOLE) - 10, "<LL", 1 << 20, 1 << 30)[: len(WHOLE)],
    "half an entry in the directory": patched(WHOLE, len(WHOLE) - 10, "<L", 60),
    "packed bytes with more behind them": behind(),
    "zip64 without its directory": zip64()[:-98].ljust(len(zip64()) - 42, b"x") + zip64()[-42:],
    "zip64 without its end": patched(WHOLE, len(WHOLE) - 6, "<L", 0xFFFFFFFF),
    "a part twice": doubled(SHEET.decode()),
    "a part twice in other case": doubled("XL/Worksheets/Sheet1.XML"),
    "LZMA": compressed(zipfile.ZIP_LZMA),
    "BZIP2": compressed(zipfile.ZIP_BZIP2),
    "a sheet that is missing": zipped({part: text for part, text in PARTS.items() if "sheet1" not in part}),
    "a sheet without a relation": zipped({**PARTS, "xl/_rels/workbook.xml.rels": relations({})}),
    "nothing that says where it begins": zipped({part: text for part, text in PARTS.items() if part != "_rels/.rels"}),
    "a workbook part that is missing": zipped({**PARTS, "xl/workbook.xml": ""}),
    "no XML": zipped({**PARTS, SHEET.decode(): "Dear colleague"}),
    "XML that is cut off": zipped({**PARTS, SHEET.decode(): str(PARTS[SHEET.decode()])[:-9]}),
    "an encoding that there is not": zipped({**PARTS, "xl/workbook.xml": '<?xml version="1.0" encoding="x9"?><x/>'}),
    "an encoding that XML cannot have": zipped(
        {**PARTS, "xl/workbook.xml": '<?xml version="1.0" encoding="utf-7"?><x/>'}
    ),
    "a document type": zipped({**PARTS, "xl/workbook.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}),
    "an external document type": zipped({**PARTS, "xl/workbook.xml": '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>'}),
}


@pytest.mark.parametrize("data", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_workbook_is_an_issue(data: bytes) -> None:
    assert issues_in(data)[0] == ("manifest", "workbook_damaged")


def test_no_device_of_a_damaged_workbook_is_counted() -> None:
    assert read(DAMAGED["another content behind its checksum"]).device_count is None


def test_an_encrypted_part_is_a_protection() -> None:
    assert issues_in(patched(WHOLE, central(WHOLE) + 8, "<H", 1)) == [("manifest", "workbook_protected")]


def commented() -> bytes:
    return patched(WHOLE, len(WHOLE) - 2, "<H", 7) + b"comment"


def with_descriptors() -> bytes:
    """Write as programs do that cannot go back: with lengths behind the content."""

    class Stream(io.BytesIO):
        def seekable(self) -> bool:
            return False

    data = Stream()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in PARTS.items():
            archive.writestr(part, text)
    return data.getvalue()


def with_broken_extra() -> bytes:
    """Add an extra field that is cut off, as some programs pad with it."""
    at, start = central(WHOLE), struct.unpack_from("<L", WHOLE, len(WHOLE) - 6)[0]
    longer = patched(WHOLE, at + 30, "<H", 3)
    longer = longer[: at + 46 + len(SHEET)] + b"\0\0\0" + longer[at + 46 + len(SHEET) :]
    return patched(longer, len(longer) - 10, "<L", len(WHOLE) - 22 - start + 3)


WAYS: dict[str, Callable[[], bytes]] = {
    "zip64": zip64,
    "a comment": commented,
    "descriptors": with_descriptors,
    "a broken extra field": with_broken_extra,
    "a byte more": lambda: WHOLE + b"\n",
    "packed once more": lambda: zlib.compress(WHOLE, wbits=31),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_what_archives_may_rightly_be_is_read(way: Callable[[], bytes]) -> None:
    assert [device.serial_number for device in devices_in(way())] == ["S1"]


STRICT = str(PARTS["xl/workbook.xml"]).replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main")
WORD = DECLARATION + '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>'
XML_2003 = (
    '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:html="http://www.w3.org/TR/REC-html40"/>'
)
FODS = '<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>'
PAGE = '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table><tr><td>Hardware Hash</td></tr></table></html>'
RELATIVES = {
    "xls": (OLE + bytes(2_000) + "Workbook".encode("utf-16-le"), "old_excel_workbook"),
    "protected": (OLE + bytes(2_000) + "EncryptedPackage".encode("utf-16-le") + bytes(9), "workbook_protected"),
    "xlsb": (zipped({"_rels/.rels": relations({"r": "officeDocument xl/workbook.bin"})}), "binary_workbook"),
    "ods": (zipped({"mimetype": "x", "content.xml": "<x/>", "META-INF/manifest.xml": "<x/>"}), "opendocument_file"),
    "fods": (FODS.encode(), "opendocument_file"),
    "strict": (zipped({**PARTS, "xl/workbook.xml": STRICT}), "strict_workbook"),
    "docx": (
        zipped({"_rels/.rels": relations({"r": "officeDocument word/document.xml"}), "word/document.xml": WORD}),
        "office_document",
    ),
    "an Office file without a document": (zipped({"[Content_Types].xml": "<Types/>"}), "office_document"),
    "xml of 2003": (XML_2003.encode(), "spreadsheet_xml"),
    "xml of 2003 without an instruction": (XML_2003.rsplit("\n", maxsplit=1)[-1].encode(), "spreadsheet_xml"),
    "sylk": (b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"Hardware Hash"\r\n', "sylk_file"),
    "a page": (PAGE.encode(), "html_page"),
    "a bare table": (b"<table><tr><td>Hardware Hash</td></tr></table>", "html_page"),
    "a zip with a CSV": (zipped({"devices.csv": "Hardware Hash"}), "zip_archive"),
    "an empty zip": (zipped({}), "zip_archive"),
}


@pytest.mark.parametrize(("data", "code"), RELATIVES.values(), ids=RELATIVES)
def test_a_relative_is_named_with_what_to_do(data: bytes, code: str) -> None:
    [issue] = read(data).issues.kept
    assert (issue.where, issue.code, issue.message) == ("manifest", code, ISSUES[code])


def test_what_marks_an_encrypted_file_is_found_across_chunks() -> None:
    data = RELATIVES["protected"][0]
    for cut in range(len(data) - 60, len(data)):
        assert ole_code(iter((data[:cut], data[cut:]))) == "workbook_protected"


def test_a_csv_of_that_name_is_read_by_its_content() -> None:
    assert len(devices_in(b"ID;Product Key\r\n1;K1\r\n")) == 1
