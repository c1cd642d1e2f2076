"""A JSON manifest: an array of devices, or an envelope around one."""

from collections.abc import Iterable, Iterator
from itertools import count

from shared.manifest.device import Entry
from shared.manifest.field_names import ID_OF, REMARK, field_of, key
from shared.manifest.findings import MANIFEST, Report, UnreadableError, quoted
from shared.manifest.ids_beside_devices import set_id
from shared.manifest.json_reader.array import Slices
from shared.manifest.json_reader.cursor import Cursor
from shared.manifest.json_reader.device_object import Members, UnknownNames, is_device, text_or_none
from shared.manifest.line_words import is_commented

_ID_OF = {name: ID_OF[name] for name in ("customerid", "customertenantid", "batchid", "devicebatchid")}
"""The id of an envelope for each key."""

_LISTS = frozenset({"devices", "value", "items", "autopilotdata", "importedwindowsautopilotdeviceidentities"})
"""Keys of an array of devices in an object: ours, Windows PowerShell's and Graph's, Partner Center's own, CIPP's."""

_ONE_BY_ONE = (
    " More follows the object: if this is one device after the other, put [ before the first, ] after the last, and a "
    "comma after each other one."
)
_ARRAYS = ' It has objects in {}: if these are the devices, call the array of them "devices".'
_MOST_ARRAYS = 3
_MOST_OTHERS = 100  # unknown members whose names may be misspelt


def document(pieces: Iterator[str], report: Report) -> Iterator[Iterable[Entry]]:
    """Read a manifest that begins with ``[`` or ``{``, some devices at a time.

    Raises:
        UnreadableError: The manifest cannot be read further.
    """
    cursor = Cursor(pieces)
    if cursor.peek() not in ("[", "{"):
        raise cursor.fault("there is an invisible character before it")
    yield from _array(cursor, report) if cursor.peek() == "[" else _Envelope(cursor, report).read()
    if cursor.peek():
        raise cursor.fault("more text follows the end")


def _array(cursor: Cursor, report: Report) -> Iterator[Iterable[Entry]]:
    members, place = Members(report), 1
    for devices, values in Slices(cursor, may_be_issues=report.may_have_issues):
        if devices:
            members.expect_documented()
            yield list(map(Entry, devices, count(place)))
        yield map(members.device, values, count(place))
        place += len(devices) + len(values)


class _Envelope:
    """An object that has the devices among its members, in any order, or is the only device itself."""

    def __init__(self, cursor: Cursor, report: Report) -> None:
        self._cursor = cursor
        self._report = report
        self._ids: dict[str, str] = {}
        self._unknown = UnknownNames(report)
        self._device: dict[str, object] = {}
        self._others: list[str] = []
        self._arrays: dict[str, object] = {}
        self._has_devices = False

    def read(self) -> Iterator[Iterable[Entry]]:
        try:
            yield from self._members()
        finally:
            # Also where the devices cannot be read: what the envelope does say must not be called missing.
            self._report.set_ids(self._ids.get("customerId"), self._ids.get("batchId"))

    def _members(self) -> Iterator[Iterable[Entry]]:
        cursor = self._cursor
        closed = cursor.opens("{", "}")
        while not closed:
            name = self._name()
            cursor.skip(":")
            bare = REMARK.sub("", name)
            if is_commented(name) and (self._is_list(bare) or key(bare) in _ID_OF):
                self._report.issue(MANIFEST, None, "commented_line", f"The member {quoted(name)}")
                name = bare
            if self._is_list(name):
                yield from self._devices()
            else:
                self._member(name)
            closed = cursor.closes("}")
        yield from self._single_device()

    def _is_list(self, name: str) -> bool:
        """Return whether the devices come next; other tools' names for them count only before an array."""
        folded = key(name)
        return folded == "devices" or (folded in _LISTS and self._cursor.peek() == "[")

    def _single_device(self) -> Iterator[Iterable[Entry]]:
        """Read the object itself as a device, as PowerShell writes a list of one."""
        if not self._has_devices and (not self._device or self._cursor.peek()):
            found = _ARRAYS.format(", ".join(map(quoted, self._arrays))) if self._arrays else ""
            raise UnreadableError("missing_devices", _ONE_BY_ONE if self._cursor.peek() else found)
        for name, value in self._arrays.items():
            self._unknown.report(name, value, MANIFEST)
        if self._has_devices:
            for name in self._device:
                self._report.warning(MANIFEST, None, "unknown_member", quoted(name))
        else:
            for name in self._others:
                self._unknown.check_spelling(name, MANIFEST, self._device)
            yield map(Members(self._report).device, (self._device,), (1,))

    def _name(self) -> str:
        if self._cursor.peek() != '"':
            raise self._cursor.fault("a name in double quotes must come here")
        return str(self._cursor.value())

    def _member(self, name: str) -> None:
        self._cursor.peek()
        value = self._cursor.value()
        # Actions of Logic Apps pass a file on as such an object, in base64.
        if name == "$content":
            raise UnreadableError("file_in_json")
        if field := _ID_OF.get(key(name)):
            self._id(field, value)
        elif field_of(name):
            if self._device.setdefault(name, value) != value:
                self._report.issue(MANIFEST, field_of(name), "conflicting_members", name)
        else:
            items = value if isinstance(value, list) else [value] if is_device(value) else []
            # Where nothing else has the devices, these are no hash under another name.
            has_objects = any(isinstance(item, dict) for item in items)
            if has_objects and name not in self._arrays and len(self._arrays) < _MOST_ARRAYS:
                self._arrays[name] = value
            else:
                self._unknown.report(name, value, MANIFEST)
            if len(self._others) < _MOST_OTHERS:
                self._others.append(name)

    def _devices(self) -> Iterator[Iterable[Entry]]:
        # Of two arrays, one may be a leftover.
        if self._has_devices:
            raise UnreadableError("conflicting_members", "devices", field="devices")
        self._has_devices = True
        # The value is read first: a fault in its syntax matters more than its type.
        if self._cursor.peek() != "[":
            value = self._cursor.value()
            if isinstance(value, dict) and "notUploaded" in value:
                raise UnreadableError("status_file")
            raise UnreadableError("wrong_type", "devices", "no array", "an array between [ and ]", field="devices")
        yield from _array(self._cursor, self._report)

    def _id(self, field: str, value: object) -> None:
        text = text_or_none(value, MANIFEST, field, self._report)
        if text is None:
            return
        if not text.strip():
            self._report.issue(MANIFEST, field, "blank_id", field)
        elif self._ids.setdefault(field, text) != text:
            self._report.issue(MANIFEST, field, "conflicting_members", field)
        else:
            set_id(field, text, self._report)
