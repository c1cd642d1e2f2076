"""A manifest's bytes, wherever they lie."""

from collections.abc import Iterator
from typing import Protocol


class Content(Protocol):
    """Bytes that can be read more than once and are the same each time."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes from the first one on, at every call."""
        ...


class InMemory:
    """Bytes that are at hand."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self._data)

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes in one piece."""
        yield self._data
