"""The shared strings of a workbook, which its cells refer to by number."""

import sys
from array import array
from collections.abc import Iterator
from tempfile import TemporaryFile

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.cells import LONGEST, too_long, unescaped
from shared.manifest.workbook_reader.markup import MAIN, parse

_MOST = 4_194_304
_MOST_BYTES_KEPT = 24 * 1024 * 1024
_POINTER = 8

_ITEM, _TEXT, _PHONETIC = f"{MAIN}si", f"{MAIN}t", f"{MAIN}rPh"


class Strings:
    """Texts by their number from 0. The first ones stay in memory, the rest lie in a file without a name."""

    def __init__(self) -> None:
        self._kept: list[str] = []
        self._room = _MOST_BYTES_KEPT
        self._file = TemporaryFile()  # noqa: SIM115 - it is closed, and gone, with the last reference to it
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._kept) + len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        """Return a text.

        Raises:
            IndexError: There is none of that number.
        """
        if 0 <= index < len(self._kept):
            return self._kept[index]
        index -= len(self._kept)
        if index < 0:
            raise IndexError
        start, end = self._ends[index], self._ends[index + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode()

    def add(self, text: str) -> None:
        """Put a text behind the others."""
        if len(self) >= _MOST:
            raise UnreadableError("workbook_too_large")
        if self._room > 0:
            self._kept.append(text)
            self._room -= sys.getsizeof(text) + _POINTER
        else:
            self._ends.append(self._ends[-1] + self._file.write(text.encode()))


def read_strings(pieces: Iterator[bytes]) -> Strings:
    """Read the part that holds the shared strings."""
    items = _Items(Strings())
    for _ in parse(pieces, items):
        pass
    return items.strings


class _Items:
    """Takes the texts of the items, plain or in runs; phonetic runs say how to read them and are no part of them."""

    def __init__(self, strings: Strings) -> None:
        self.depth = 0
        self.strings = strings
        self._text = ""
        self._takes = False
        self._phonetic = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        self.depth += 1
        if name == _TEXT:
            self._takes = not self._phonetic
        elif name == _ITEM:
            self._text = ""
        elif name == _PHONETIC:
            self._phonetic += 1

    def end(self, name: str) -> None:
        self.depth -= 1
        if name == _TEXT:
            self._takes = False
        elif name == _ITEM:
            self.strings.add(unescaped(self._text))
        elif name == _PHONETIC:
            self._phonetic -= 1

    def text(self, text: str) -> None:
        if self._takes:
            self._text += text
            if len(self._text) > LONGEST:
                raise too_long()
