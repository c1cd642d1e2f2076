"""Members that an object has twice, which typed decoders do not notice: the last one would win."""

from collections.abc import Iterable, Sequence
from itertools import chain
from operator import attrgetter

import msgspec

from shared.manifest.device import Device

_FIELDS = {name: attrgetter(name) for name in Device.__struct_fields__}
_HASH = _FIELDS["hardware_hash"]
_BEGINNING = 16  # characters of a hash that are searched for
_GAP = 2_000  # characters between two hashes
_ESCAPED = "\\u003"  # the colon is \u003a


def has_doubled(window: str, items: Sequence[msgspec.Struct]) -> bool:
    """Return whether objects may have a member twice, by counting colons: one belongs to each name.

    ``items`` are all that is in the window; a field that is absent is ``UNSET``, any other member an empty ``Raw``.
    """
    colons = _colons(window, map(_HASH, items))
    present = [get for get in _FIELDS.values() if get(items[0])]
    if colons == len(present) * len(items) and all(all(map(get, items)) for get in present):
        return False
    return colons != _expected(items) or ("\\" in window and _ESCAPED in window)


def _expected(items: Sequence[msgspec.Struct]) -> int:
    """Return how many colons belong to names, other members, and values but hashes."""
    columns = {get: list(map(get, items)) for get in _FIELDS.values()}
    names = sum(len(column) - column.count(msgspec.UNSET) for column in columns.values())
    values = "".join(filter(None, chain.from_iterable(column for get, column in columns.items() if get is not _HASH)))
    others = [raw for item in items for raw in msgspec.structs.astuple(item)[len(_FIELDS) :] if raw]
    return names + values.count(":") + len(others) + b"".join(others).count(b":")


def _colons(window: str, hashes: Iterable[str | None]) -> int:
    """Count the colons outside hashes, which make up most of a text and take long to search."""
    colons = start = 0
    for value in filter(None, hashes):
        at = window.find(value[:_BEGINNING], start, start + _GAP)
        # It is escaped, or an earlier one begins like it.
        if not window.startswith(value, at):
            return window.count(":")
        colons += window.count(":", start, at)
        start = at + len(value)
    return colons + window.count(":", start)
