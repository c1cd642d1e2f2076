"""The devices of a JSON array, many at a time.

A window of the text is cut at a comma that seems to be between two devices, put between brackets and decoded. If it
can be decoded, the cut was right: one inside a string or a device would leave something open. A window that cannot be
decoded is read value by value, with the same result.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from types import GenericAlias
from typing import Any, NamedTuple

import msgspec

from shared.manifest.device import Device
from shared.manifest.field_names import key
from shared.manifest.findings import UnreadableError
from shared.manifest.json_reader.cursor import DECODER, Cursor
from shared.manifest.json_reader.doubled_members import has_doubled

WINDOW = 262_144
"""Characters decoded at once."""

_SHORT = 16_384  # characters
_TRIES = 8
_GAP = 64  # white space between two devices, with the comma


class _Documented(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """A device with every documented member; those after the first five are not used."""

    serial_number: str | msgspec.UnsetType | None = msgspec.UNSET
    product_key: str | msgspec.UnsetType | None = msgspec.UNSET
    hardware_hash: str | msgspec.UnsetType | None = msgspec.UNSET
    oem_manufacturer_name: str | msgspec.UnsetType | None = msgspec.UNSET
    model_name: str | msgspec.UnsetType | None = msgspec.UNSET
    id: msgspec.Raw = msgspec.Raw()
    policies: msgspec.Raw = msgspec.Raw()
    uploaded_date: msgspec.Raw = msgspec.Raw()
    allowed_operations: msgspec.Raw = msgspec.Raw()
    attributes: msgspec.Raw = msgspec.Raw()
    created_by: msgspec.Raw = msgspec.Raw()


_MEMBERS = msgspec.structs.fields(_Documented)
DOCUMENTED = frozenset(key(member.encode_name) for member in _MEMBERS)
"""Keys of all documented members."""

_IN_PASCAL_CASE = msgspec.defstruct(
    "_InPascalCase",
    [(member.name, member.type, member.default) for member in _MEMBERS],
    rename="pascal",
    forbid_unknown_fields=True,
    gc=False,
)


# The first one is the quickest: what it decodes need not be copied.
_DECODERS: tuple[msgspec.json.Decoder[Any], ...] = (
    msgspec.json.Decoder(list[Device]),
    msgspec.json.Decoder(list[_Documented]),
    msgspec.json.Decoder(GenericAlias(list, _IN_PASCAL_CASE)),
)


class Slice(NamedTuple):
    """Items of an array: devices, or else values of any type, with which something may be wrong."""

    devices: Sequence[Device]
    values: Sequence[object]


class Slices:
    """The items of the array at a cursor; what could only be an issue is looked for if there ``may_be_issues``."""

    def __init__(self, cursor: Cursor, *, may_be_issues: bool) -> None:
        self._cursor = cursor
        self._may_be_issues = may_be_issues
        self._decoders = list(_DECODERS)

    def __iter__(self) -> Iterator[Slice]:
        """Read the items, and step over the bracket that closes the array."""
        cursor = self._cursor
        closed = cursor.opens("[", "]")
        while not closed:
            if found := self._window():
                yield found
                closed = cursor.closes("]")
            else:
                values = list[object]()
                try:
                    closed = self._one_by_one(values)
                # What is before the fault may have issues of its own, which come first.
                except UnreadableError:
                    yield Slice([], values)
                    raise
                yield Slice([], values)

    def _one_by_one(self, values: list[object]) -> bool:
        """Add values until there is new text, and return whether the array has been closed."""
        cursor = self._cursor
        text = cursor.text
        while cursor.text is text:
            values.append(cursor.value())
            if cursor.closes("]"):
                return True
            cursor.peek()
        return False

    def _window(self) -> Slice | None:
        """Decode a window and step over it; return ``None`` if it cannot be decoded."""
        cursor = self._cursor
        cursor.peek()
        missing = WINDOW - len(cursor.text) + cursor.at
        if missing > 0 and not cursor.ended:
            cursor.more(missing)
        cut = _cut(cursor)
        found = self._decoded(f"[{cursor.text[cursor.at : cut]}]") if cut > cursor.at else None
        if found:
            cursor.go_to(cut)
        return found

    def _decoded(self, window: str) -> Slice | None:
        for decoder in self._decoders if len(window) > _SHORT else ():
            try:
                found = decoder.decode(window)
            except (msgspec.DecodeError, RecursionError):
                continue
            columns = _columns(found)
            # Typed decoders do not notice a repeated name.
            if self._may_be_issues and has_doubled(window, found, columns):
                continue
            # What has worked is tried first the next time.
            self._decoders.remove(decoder)
            self._decoders.insert(0, decoder)
            return Slice(_devices(found, columns), [])
        try:
            return Slice([], DECODER.decode(window))
        except (json.JSONDecodeError, RecursionError):
            return None


def _columns(items: Sequence[Any]) -> list[list[Any]]:
    return [
        [item.serial_number for item in items],
        [item.product_key for item in items],
        [item.hardware_hash for item in items],
        [item.oem_manufacturer_name for item in items],
        [item.model_name for item in items],
    ]


def _devices(items: Sequence[Any], columns: Sequence[Sequence[Any]]) -> Sequence[Device]:
    if type(items[0]) is Device and not any("" in {*column} for column in columns if not all(column)):
        return items
    return list(map(Device, *map(_present, columns)))


def _present(column: Sequence[Any]) -> Iterable[str | None]:
    """Return the values of a field, ``None`` for those that are absent or empty."""
    if all(column):
        return column
    return [value or None for value in column] if any(column) else repeat(None, len(column))


def _cut(cursor: Cursor) -> int:
    """Return where a window may end: at the last bracket of the text, at a comma between two objects, or at any."""
    text, end = cursor.text, len(cursor.text)
    if cursor.ended:
        return text.rfind("]")
    for _ in range(_TRIES):
        end = text.rfind("{", cursor.at, end)
        gap = text[max(end - _GAP, cursor.at) : max(end, cursor.at)]
        if "".join(gap.split()).endswith("},"):
            return text.rfind(",", 0, end)
    return text.rfind(",", cursor.at)
