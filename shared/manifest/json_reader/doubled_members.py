"""Members that an object has twice, which typed decoders do not notice: the last one would win."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import msgspec

from shared.manifest.device import Device

_HASH = Device.__struct_fields__.index("hardware_hash")
_BEGINNING = 16  # characters of a hash that are searched for
_GAP = 2_000  # characters between two hashes
_ESCAPED = "\\u003"  # the colon is \u003a


def has_doubled(window: str, items: Sequence[msgspec.Struct], columns: Sequence[Sequence[Any]]) -> bool:
    """Return whether objects may have a member twice, by counting colons: one belongs to each name.

    Args:
        window: Their text.
        items: All that are in it; a member that is no field is an empty ``Raw`` where it is absent.
        columns: Their fields; a value that is absent has the default.
    """
    colons = _colons(window, columns[_HASH])
    if colons == sum(map(all, columns)) * len(items):
        return False
    return colons != _expected(items, columns) or ("\\" in window and _ESCAPED in window)


def _expected(items: Sequence[msgspec.Struct], columns: Sequence[Sequence[Any]]) -> int:
    """Return how many colons belong to names, other members, and values but hashes."""
    absent = type(items[0]).__struct_defaults__[0]
    names = sum(len(column) - column.count(absent) for column in columns)
    values = "".join(filter(None, chain.from_iterable(column for at, column in enumerate(columns) if at != _HASH)))
    others = [raw for item in items for raw in msgspec.structs.astuple(item)[len(columns) :] if raw]
    return names + values.count(":") + len(others) + b"".join(others).count(b":")


def _colons(window: str, hashes: Iterable[str | None]) -> int:
    """Count the colons. Hashes are most of a text, and what has no colon is searched faster than it is counted."""
    colons = start = gap = 0
    for value in filter(None, hashes):
        at, size = start + gap, len(value)
        # In most files all are about as far from each other.
        if window.find(":", at, at + size) >= 0:
            at = window.find(value[:_BEGINNING], start, start + _GAP)
            # It is escaped, or has a colon.
            if at < 0 or window.find(":", at, at + size) >= 0:
                return window.count(":")
            gap = at - start
        colons += window.count(":", start, at)
        start = at + size
    return colons + window.count(":", start)
