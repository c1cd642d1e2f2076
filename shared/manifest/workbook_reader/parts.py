"""The parts of a workbook, and which part refers to which."""

import posixpath
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.archive import Archive
from shared.manifest.workbook_reader.markup import MAIN, TRUE, Element, elements
from shared.manifest.workbook_reader.unreadable import damaged

_MOST_BYTES = 4 * 1024 * 1024
_RELATIONSHIP = "http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT = "http://purl.oclc.org/ooxml/"


class Relation(NamedTuple):
    """What a part refers to: ``kind`` is the last word of its type, ``target`` the name of a part."""

    kind: str
    target: str


class SheetEntry(NamedTuple):
    """A worksheet as the workbook lists it."""

    name: str
    part: str


class WorkbookPart(NamedTuple):
    """The workbook part: the visible worksheets in their order, and the names of the other parts."""

    sheets: list[SheetEntry]
    styles: str | None
    strings: str | None
    recalculates: bool


def relations(archive: Archive, part: str) -> dict[str, Relation]:
    """Return by id what ``part`` refers to; the empty name is the archive as a whole."""
    folder, name = posixpath.split(part)
    found: dict[str, Relation] = {}
    source = posixpath.join(folder, "_rels", f"{name}.rels")
    if source not in archive:
        return found
    for tag, attributes in elements(archive.read(source, _MOST_BYTES)):
        if tag == _RELATIONSHIP and attributes.get("TargetMode") != "External":
            target = unquote(attributes.get("Target", "")).replace("\\", "/")
            path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[attributes.get("Id", "")] = Relation(attributes.get("Type", "").rpartition("/")[2], path)
    return found


def _main_part(archive: Archive) -> str:
    for relation in relations(archive, "").values():
        if relation.kind == "officeDocument":
            return relation.target
    if "mimetype" in archive and "content.xml" in archive:
        raise UnreadableError("opendocument_file")
    if "xl/workbook.xml" in archive:
        raise damaged("nothing says where it begins")
    raise UnreadableError("office_document" if "[Content_Types].xml" in archive else "zip_archive")


def read_workbook_part(archive: Archive) -> WorkbookPart:
    """Read the workbook part.

    Raises:
        UnreadableError: The archive is another kind of file or document, or a sheet is missing.
    """
    part = _main_part(archive)
    if part.endswith(".bin"):
        raise UnreadableError("binary_workbook")
    tags = elements(archive.read(part, _MOST_BYTES))
    _check_root(next(tags, Element("", {})).name)
    related = relations(archive, part)
    sheets, recalculates = [], False
    for name, attributes in tags:
        if name == f"{MAIN}sheet":
            sheets.append(attributes)
        elif name == f"{MAIN}calcPr":
            recalculates = attributes.get("fullCalcOnLoad") in TRUE
    parts = {relation.kind: relation.target for relation in related.values()}
    visible = list(_visible(sheets, related))
    return WorkbookPart(visible, parts.get("styles"), parts.get("sharedStrings"), recalculates)


def _visible(sheets: list[Mapping[str, str]], related: dict[str, Relation]) -> Iterator[SheetEntry]:
    for attributes in sheets:
        relation = related.get(attributes.get(f"{_OFFICE}}}id", ""))
        if relation is None:
            raise damaged("a sheet that it lists is missing")
        # Sheets of other kinds are charts, dialogs and macros.
        if relation.kind == "worksheet" and attributes.get("state", "visible") == "visible":
            yield SheetEntry(attributes.get("name", ""), relation.target)


def _check_root(name: str) -> None:
    if name.startswith(_STRICT):
        raise UnreadableError("strict_workbook")
    if name != f"{MAIN}workbook":
        raise UnreadableError("office_document")
