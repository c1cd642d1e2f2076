"""The shared strings of a workbook, which its cells refer to by number."""

from array import array
from collections.abc import Sequence
from typing import IO

from shared.manifest.findings import UnreadableError

_MOST = 1_048_576  # in the file
_MOST_BYTES_KEPT = 32 * 1024 * 1024
_OVERHEAD, _WIDEST = 64, 4  # bytes of a text beside its characters, and of the widest character


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

    def add(self, texts: Sequence[str]) -> None:
        """Add texts after the others.

        Raises:
            UnreadableError: There are too many.
        """
        together = "".join(texts)
        size = _OVERHEAD * len(texts) + (1 if together.isascii() else _WIDEST) * len(together)
        if self.are_in_memory and size <= self._room:
            self._kept += texts
            self._room -= size
            return
        for text in texts:
            self._ends.append(self._ends[-1] + self._file.write(text.encode()))
        if len(self._ends) > _MOST:
            raise UnreadableError("workbook_too_large")
