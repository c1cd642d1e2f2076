"""JSON values into devices, with everything that is wrong with them. Names match without regard to case."""

from types import NoneType

from shared.manifest.device import FIELDS, Device, Entry
from shared.manifest.findings import Report, quoted
from shared.manifest.json_reader.array import DOCUMENTED

_TYPES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "true or false",
    float: "a number",
    NoneType: "null",
}
NAMES_TOLD = 100
"""Unknown names that are told at most."""

_NOBODY = Device()
_NAMES = {field.lower(): field for field in FIELDS}

_WRONG_TYPE = "{} is {} but must be a string. Put the value between quotes."
_SURROGATE = "{} has half a character (\\ud800 to \\udfff). Write the whole character."
_NO_OBJECT = "The device is {} but must be an object. Write it as {{...}} with its members."
_CONFLICT = "{} stands there in two spellings with different values. Keep the right one."
_UNKNOWN = "The member {} is not known and is ignored, here and in other devices. If it matters, correct its name."


def text_or_none(value: object, at: int | None, field: str, report: Report) -> str | None:
    """Take a string or null; anything else is an issue."""
    if not isinstance(value, str | None):
        report.issue(at, field, "wrong_type", _WRONG_TYPE, field, _TYPES[type(value)])
        return None
    if value and not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        report.issue(at, field, "unpaired_surrogate", _SURROGATE, field)
        return None
    return value


class Members:
    """Reads devices off objects, and tells of each unknown name once."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._told: set[str] = set()

    def device(self, value: object, at: int) -> Entry:
        """Read one device; without a fault of its own it may still lack what identifies it."""
        if not isinstance(value, dict):
            self._report.issue(at, None, "not_an_object", _NO_OBJECT, _TYPES[type(value)])
            return Entry(_NOBODY, at, sound=False)
        before = self._report.issue_count
        values = self._values(value, at)
        sound = self._report.issue_count == before
        return Entry(Device(*[values.get(field) for field in FIELDS]), at, sound)

    def _values(self, members: dict[str, object], at: int) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, value in members.items():
            field = _NAMES.get(name.lower())
            if field is None:
                self._look_at_name(name, at)
            else:
                text = text_or_none(value, at, field, self._report)
                if text and not text.isspace() and values.setdefault(field, text) != text:
                    self._report.issue(at, field, "conflicting_members", _CONFLICT, field)
        return values

    def _look_at_name(self, name: str, at: int) -> None:
        if name not in self._told and len(self._told) < NAMES_TOLD and name.lower() not in DOCUMENTED:
            self._told.add(name)
            self._report.warning(at, None, "unknown_member", _UNKNOWN, quoted(name))
