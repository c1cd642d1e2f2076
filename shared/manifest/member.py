"""JSON values into devices, with everything that is wrong with them. Names match without regard to case."""

from shared.device import FIELDS, Device
from shared.manifest.batches import DOCUMENTED
from shared.manifest.entry import Entry
from shared.manifest.finding import quoted
from shared.manifest.report import Report

_TYPES = {dict: "an object", list: "an array", bool: "true or false", float: "a number"}
_NAMES_TOLD = 100
_NAMES = {field.lower(): field for field in FIELDS}


def text_or_none(value: object, at: int | None, field: str, report: Report) -> str | None:
    """Take a string or null; anything else is an issue."""
    if not isinstance(value, str | None):
        message = f"{field} is {_TYPES[type(value)]} but must be a string. Put the value between quotes."
        report.issue(at, field, "wrong_type", message)
        return None
    if value and not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        message = f"{field} has half a character (\\ud800 to \\udfff). Write the whole character."
        report.issue(at, field, "unpaired_surrogate", message)
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
            what = "null" if value is None else _TYPES.get(type(value), "a string")
            message = f"The device is {what} but must be an object. Write it as {{...}} with its members."
            self._report.issue(at, None, "not_an_object", message)
            return Entry(Device(), at, sound=False)
        return self._from_object(value, at)

    def _from_object(self, members: dict[str, object], at: int) -> Entry:
        before = self._report.issue_count
        values: dict[str, str] = {}
        for name, value in members.items():
            field = _NAMES.get(name.lower())
            if field is None:
                self._look_at_name(name, at)
            else:
                text = text_or_none(value, at, field, self._report)
                if text and not text.isspace() and values.setdefault(field, text) != text:
                    self._conflict(field, at)
        sound = self._report.issue_count == before
        return Entry(Device(*[values.get(field) for field in FIELDS]), at, sound)

    def _conflict(self, field: str, at: int) -> None:
        message = f"{field} stands there in two spellings with different values. Keep the right one."
        self._report.issue(at, field, "conflicting_members", message)

    def _look_at_name(self, name: str, at: int) -> None:
        if name.lower() in DOCUMENTED or name in self._told or len(self._told) >= _NAMES_TOLD:
            return
        self._told.add(name)
        message = f"The member {quoted(name)} is not known and is ignored, here and in other devices."
        self._report.warning(at, None, "unknown_member", f"{message} If it matters, correct its name.")
