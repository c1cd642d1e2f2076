"""XML, parsed piece by piece within bounds. Document types are refused, and with them all entities."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, NoReturn, Protocol
from xml.parsers import expat

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.unreadable import damaged

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
"""What the names of a workbook's elements begin with, whatever prefix the file has."""

URI = re.escape(MAIN.rstrip("}"))
"""The same as an expression, without the brace."""

TRUE = ("1", "true")
"""The values of an attribute that is true."""

_LONGEST_TAG = 1_048_576
_LONGEST_URI = 1_000
_MOST_IN_NAMES = 500_000  # characters, of elements, attributes and prefixes: expat remembers each name
_DEEPEST = 200


class Handler(Protocol):
    """Receives the parser's events, and counts in ``depth`` how many elements are open."""

    depth: int

    def start(self, name: str, attributes: dict[str, str], /) -> None:
        """Receive a start tag."""
        ...

    def end(self, name: str, /) -> None:
        """Receive an end tag."""
        ...

    def text(self, text: str, /) -> None:
        """Receive text, which may come in several pieces."""
        ...


def parse(pieces: Iterator[bytes], handler: Handler) -> Iterator[None]:
    """Parse a document for ``handler``, and yield after each piece, so that the caller can take what it has found.

    Raises:
        UnreadableError: It is not XML, has a document type, or exceeds a bound. Errors of ``handler`` are passed on.
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
    # Unknown encodings raise the latter two.
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise damaged("one of its parts is no valid XML") from error


def _check_names(names: dict[str, str]) -> None:
    if sum(map(len, filter(None, names))) > _MOST_IN_NAMES:  # the default namespace has none
        raise UnreadableError("workbook_too_large")


def _see_prefix(_: str | None, uri: str | None) -> None:
    """Bound the URI, which is put before every name. With a handler, the parser adds the prefix to ``names``."""
    if uri and len(uri) > _LONGEST_URI:
        raise UnreadableError("workbook_too_large")


def _refuse(*_: object) -> NoReturn:
    raise damaged("one of its parts has a document type, which no spreadsheet program writes")


class Element(NamedTuple):
    """A start tag; the name begins with its namespace and a closing brace."""

    name: str
    attributes: Mapping[str, str]


def elements(pieces: Iterator[bytes]) -> Iterator[Element]:
    """Read the start tags of a document; raise like ``parse``."""
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
