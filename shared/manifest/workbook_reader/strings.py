"""The shared strings of a workbook, which its cells refer to by number."""

from array import array
from collections.abc import Iterator, Sequence
from typing import IO

from shared.manifest.findings import UnreadableError
from shared.manifest.workbook_reader.cell_values import unescaped
from shared.manifest.workbook_reader.markup import MAIN, parse
from shared.manifest.workbook_reader.unreadable import LONGEST, too_long

_MOST = 1_048_576  # in the file
_MOST_BYTES_KEPT = 32 * 1024 * 1024
_OVERHEAD, _WIDEST = 64, 4  # bytes of a text beside its characters, and of the widest character

_ITEM, _TEXT, _PHONETIC = f"{MAIN}si", f"{MAIN}t", f"{MAIN}rPh"


class Strings:
    """Texts by their number from 0: the first ones in memory, the rest in ``file``."""

    def __init__(self, file: IO[bytes]) -> None:
        self._kept: list[str] = []
        self._room = _MOST_BYTES_KEPT
        self._file = file
        self._ends = array("Q", [0])

    @property
    def are_in_memory(self) -> bool:
        """Return whether each text is there already, however often it is asked for."""
        return len(self._ends) == 1

    def __getitem__(self, index: int) -> str:
        """Return a text.

        Raises:
            IndexError: There is no such number.
        """
        if 0 <= index < len(self._kept):
            return self._kept[index]
        index -= len(self._kept)
        if index < 0:
            raise IndexError
        start, end = self._ends[index], self._ends[index + 1]
        self._file.seek(start)
        return str(self._file.read(end - start), "utf-8")

    def all(self, numbers: Sequence[str]) -> list[str]:
        """Return the texts of at least one number; raise like ``[]``, and ``ValueError`` where it is none."""
        indices = list(map(int, numbers))
        if self.are_in_memory and "-" not in "".join(numbers):
            return list(map(self._kept.__getitem__, indices))
        return [self[index] for index in indices]

    def add(self, text: str) -> None:
        """Add a text after the others."""
        if self._room > 0:
            self._kept.append(text)
            self._room -= _OVERHEAD + (len(text) if text.isascii() else _WIDEST * len(text))
            return
        self._ends.append(self._ends[-1] + self._file.write(text.encode()))
        if len(self._ends) > _MOST:
            raise UnreadableError("workbook_too_large")


def read_strings(pieces: Iterator[bytes], strings: Strings) -> None:
    """Read the part that holds the shared strings."""
    for _ in parse(pieces, _Items(strings)):
        pass


class _Items:
    """Takes the texts of the items, plain or in runs; phonetic runs, which say how to read them, are left out."""

    def __init__(self, strings: Strings) -> None:
        self.depth = 0
        self._strings = strings
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
            self._strings.add(unescaped(self._text))
        elif name == _PHONETIC:
            self._phonetic -= 1

    def text(self, text: str) -> None:
        if self._takes:
            self._text += text
            if len(self._text) > LONGEST:
                raise too_long()
