"""Reads the devices of a manifest, whatever kind of file it is."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Protocol

from shared.manifest.csv_reader.table import table
from shared.manifest.decoding.characters import decoded
from shared.manifest.decoding.encoding import encoding_of
from shared.manifest.decoding.file_type import COMPOUND, GZIP, ZIP, check_text, kind_of, ole_code, opened
from shared.manifest.decoding.gzip_stream import unpacked
from shared.manifest.device import Entry
from shared.manifest.device_rules import LARGEST
from shared.manifest.findings import Report, UnreadableError
from shared.manifest.json_reader.document import document

_MARK_IN_CP1252 = "\u00ef\u00bb\u00bf"

MAX_DEVICES = 250_000
"""Rows that a manifest may have unless a setting says otherwise, duplicates included."""


class Content(Protocol):
    """Bytes that can be read more than once and are the same each time."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes from the first one on, at every call."""
        ...


class InMemory:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self._data)

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in one piece."""
        yield self._data


def do_nothing() -> None:
    """Do nothing, where no caller waits for signs of life."""


def entries(
    content: Content, max_bytes: int, report: Report, alive: Callable[[], None] = do_nothing
) -> Iterator[Iterable[Entry]]:
    """Yield all devices as they are written, some at a time, and report the faults of the file.

    A list has plain devices only. Any other iterable reads, and reports, as its devices are taken, so that the findings
    about one device come together.

    Args:
        content: The bytes.
        max_bytes: Bytes that it may have, packed and unpacked.
        report: Receives the findings.
        alive: Called at short intervals, also where a small file unpacks to a large one.

    Raises:
        UnreadableError: The manifest cannot be read further.
    """
    for some in _written(content, max_bytes, report, alive):
        alive()
        yield some


def _written(content: Content, max_bytes: int, report: Report, alive: Callable[[], None]) -> Iterator[Iterable[Entry]]:
    # Before the first byte is read: what is too large costs nothing.
    if content.size > max_bytes:
        raise UnreadableError("manifest_too_large", max_bytes)
    head, chunks = opened(content.chunks())
    if kind_of(head) == GZIP:
        head, chunks = opened(_with_signs_of_life(unpacked(chunks, max_bytes), alive))
        # Only a mistake packs twice, and each layer multiplies what a small file can cost.
        if kind_of(head) == GZIP:
            raise UnreadableError("gzip_in_gzip")
    if not head:
        raise UnreadableError("empty_file")
    kind = kind_of(head)
    if kind == ZIP:
        from shared.manifest.workbook_reader.table import workbook_table  # noqa: PLC0415 - few manifests need it

        yield from workbook_table(chunks, max_bytes, report, alive)
        return
    if kind:
        raise UnreadableError(ole_code(chunks) if kind == COMPOUND else kind)
    start, pieces = _begun(decoded(chunks, encoding_of(head), report))
    check_text(start)
    yield from document(pieces, report) if start[0] in "[{" else table(pieces, report)


def _with_signs_of_life(pieces: Iterator[bytes], alive: Callable[[], None]) -> Iterator[bytes]:
    for piece in pieces:
        alive()
        yield piece


def _begun(pieces: Iterator[str]) -> tuple[str, Iterator[str]]:
    """Return a piece of the text from its first character that is not white space, and the whole text."""
    blank, size = [], 0
    for piece in pieces:
        # There may be a second byte-order mark, also one that was read as Windows-1252 before.
        unmarked = piece.removeprefix(_MARK_IN_CP1252).lstrip("\ufeff")
        blank.append(unmarked)
        if start := unmarked.lstrip():
            return start, chain(blank, pieces)
        # They are kept for the numbers of the lines, and a small gzip file may unpack to any number of them.
        size += len(unmarked)
        if size > LARGEST:
            break
    raise UnreadableError("blank_file")
