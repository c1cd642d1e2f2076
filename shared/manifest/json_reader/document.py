"""A JSON manifest: an array of devices, or an envelope around one."""

from collections.abc import Iterator
from itertools import count

from shared.manifest.device import Entry
from shared.manifest.findings import Report, UnreadableError, quoted
from shared.manifest.json_reader.array import Slices
from shared.manifest.json_reader.cursor import Cursor
from shared.manifest.json_reader.device_object import NAMES_TOLD, Members, text_or_none

_IDS = {"customerid": "customerId", "batchid": "batchId"}
_BLANK = "{} is blank. Fill it in, or leave it out and name the blob by the ids."
_ONE_BY_ONE = (
    'The JSON object has no "devices", and more follows it. If this is one device after the other, put [ before the '
    "first, ] after the last, and a comma after each other one."
)
_UNKNOWN = "The envelope's member {} is not known and is ignored. If it matters, correct its name."
_CONFLICT = "The envelope has two values of {}. Keep the right one."


def document(pieces: Iterator[str], report: Report) -> Iterator[Entry]:
    """Read a manifest that begins with ``[`` or ``{``.

    Raises:
        UnreadableError: What is wrong stops the reading.
    """
    cursor = Cursor(pieces)
    yield from _array(cursor, report) if cursor.peek() == "[" else _Envelope(cursor, report).read()
    if cursor.peek():
        raise cursor.fault("more text follows the end")


def _array(cursor: Cursor, report: Report) -> Iterator[Entry]:
    members, place = Members(report), 1
    for devices, values in Slices(cursor):
        yield from map(Entry, devices, count(place))
        yield from map(members.device, values, count(place))
        place += len(devices) + len(values)


class _Envelope:
    """An object with the devices in it, before, between or after its other members."""

    def __init__(self, cursor: Cursor, report: Report) -> None:
        self._cursor = cursor
        self._report = report
        self._ids: dict[str, str] = {}
        self._told: set[str] = set()
        self._seen = False

    def read(self) -> Iterator[Entry]:
        cursor = self._cursor
        cursor.skip("{")
        closed = cursor.peek() == "}"
        cursor.at += closed
        while not closed:
            name = self._name()
            cursor.skip(":")
            if name.lower() == "devices":
                yield from self._devices()
            else:
                self._other(name)
            closed = cursor.closes("}")
        if not self._seen:
            raise UnreadableError("missing_devices", _ONE_BY_ONE if cursor.peek() else "")
        self._report.customer_id, self._report.batch_id = self._ids.get("customerId"), self._ids.get("batchId")

    def _name(self) -> str:
        if self._cursor.peek() != '"':
            raise self._cursor.fault("a name in double quotes must come here")
        return str(self._cursor.value())

    def _other(self, name: str) -> None:
        self._cursor.peek()
        value = self._cursor.value()
        if field := _IDS.get(name.lower()):
            self._id(field, value)
        elif name not in self._told and len(self._told) < NAMES_TOLD:
            self._told.add(name)
            self._report.warning(None, None, "unknown_member", _UNKNOWN, quoted(name))

    def _devices(self) -> Iterator[Entry]:
        if self._seen:
            raise UnreadableError("conflicting_members", "The envelope has devices twice. Keep one.", field="devices")
        self._seen = True
        if self._cursor.peek() != "[":
            self._cursor.value()
            message = "devices must be an array. Put the devices between [ and ]."
            raise UnreadableError("wrong_type", message, field="devices")
        yield from _array(self._cursor, self._report)

    def _id(self, field: str, value: object) -> None:
        text = text_or_none(value, None, field, self._report)
        if text is None:
            return
        if not text.strip():
            self._report.issue(None, field, "blank_id", _BLANK, field)
        elif self._ids.setdefault(field, text) != text:
            self._report.issue(None, field, "conflicting_members", _CONFLICT, field)
