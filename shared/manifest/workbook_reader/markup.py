"""XML, parsed piece by piece within bounds. Document types are refused, and with them all entities and references."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, NoReturn, Protocol
from xml.parsers import expat

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.faults import damaged

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
"""What the names of a workbook's elements begin with, whatever prefix the file has."""

TRUE = ("1", "true")
"""The values of an attribute that is true."""

_LONGEST_TAG = 1_048_576
_LONGEST_URI = 1_000
_MOST_IN_NAMES = 500_000  # characters, of elements, attributes and prefixes: expat remembers each name
_DEEPEST = 200


class Handler(Protocol):
    """What receives the elements. It counts in ``depth`` how many are open."""

    depth: int

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """Note that an element begins."""
        ...

    def end(self, name: str, /) -> None:
        """Note that an element ends."""
        ...

    def text(self, text: str, /) -> None:
        """Note text, which may come in several pieces."""
        ...


def parse(pieces: Iterator[bytes], handler: Handler) -> Iterator[None]:
    """Pass the elements of a document to ``handler``, and yield after each piece, so that its findings can be taken.

    Raises:
        UnreadableError: It is no XML, has a document type, or exceeds a bound. What ``handler`` raises is passed on.
    """
    names: dict[str, str] = {}
    parser = _parser(handler, names)
    fed = known = 0
    for piece in pieces:
        fed += len(piece)
        _feed(parser, piece)
        # Expat keeps the whole of a tag that has not ended, every open element, and every name that it has seen.
        if fed - parser.CurrentByteIndex > _LONGEST_TAG or handler.depth > _DEEPEST:
            raise UnreadableError("workbook_too_large")
        if len(names) > known:
            known = len(names)
            _check_names(names)
        yield
    _feed(parser, b"", is_last=True)
    yield


def _parser(handler: Handler, names: dict[str, str]) -> expat.XMLParserType:
    parser = expat.ParserCreate(None, "}", names)
    parser.buffer_text = True
    parser.StartElementHandler = handler.start
    parser.EndElementHandler = handler.end
    parser.CharacterDataHandler = handler.text
    parser.StartNamespaceDeclHandler = _see_prefix
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _feed(parser: expat.XMLParserType, piece: bytes, *, is_last: bool = False) -> None:
    try:
        parser.Parse(piece, is_last)
    except (expat.ExpatError, LookupError, ValueError) as error:  # the others are for encodings that are unknown
        raise damaged("one of its parts is no valid XML") from error


def _check_names(names: dict[str, str]) -> None:
    if sum(map(len, filter(None, names))) > _MOST_IN_NAMES:  # the default namespace has none
        raise UnreadableError("workbook_too_large")


def _see_prefix(_: str | None, uri: str | None) -> None:
    """Bound what is put before every name. That there is a handler makes the parser keep the prefix among ``names``."""
    if uri and len(uri) > _LONGEST_URI:
        raise UnreadableError("workbook_too_large")


def _refuse(*_: object) -> NoReturn:
    raise damaged("one of its parts has a document type, which no spreadsheet program writes")


class Element(NamedTuple):
    """A start tag. The name has the namespace before it, closed by a brace."""

    name: str
    attributes: Mapping[str, str]


def elements(pieces: Iterator[bytes]) -> Iterator[Element]:
    """Read the start tags of a document; raises like ``parse``."""
    tags = _Tags()
    for _ in parse(pieces, tags):
        found, tags.found = tags.found, []
        yield from found


class _Tags:
    def __init__(self) -> None:
        self.depth = 0
        self.found: list[Element] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.found.append(Element(name, attributes))

    def end(self, _: str) -> None:
        self.depth -= 1

    def text(self, _: str) -> None:
        pass
