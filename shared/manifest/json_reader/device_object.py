"""Turns JSON values into devices, and reports what is wrong with them."""

from collections.abc import Iterable
from types import NoneType

from shared.manifest.device import FIELDS, NO_DEVICE, Device, Entry
from shared.manifest.field_names import DELIMITERS, FIELD_OF, ID_OF, NOT_ACCEPTED, OF_RESULTS, field_of, key, mixed
from shared.manifest.findings import MANIFEST, Place, Report, quoted
from shared.manifest.hardware_hash import looks_like_one
from shared.manifest.ids_beside_devices import check_id, may_be_id, warn_of_no_id
from shared.manifest.json_reader.array import DOCUMENTED
from shared.manifest.json_reader.cursor import Doubled
from shared.manifest.line_words import is_commented
from shared.manifest.misspelt_names import meant_by

_TYPES = {
    dict: "an object",
    Doubled: "an object",
    list: "an array",
    str: "a string",
    bool: "true or false",
    float: "a number",
    NoneType: "null",
}
_MOST_NAMES = 100  # unknown ones that are reported
_MOST_COMPARED = 1_000  # unknown ones that are compared with the known ones


def text_or_none(value: object, at: Place, field: str, report: Report) -> str | None:
    """Return a string, or ``None`` for null and for anything else, which is reported as an issue."""
    if not isinstance(value, str | None):
        report.issue(at, field, "wrong_type", field, _TYPES[type(value)], "a string between quotes")
        return None
    if value and not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        report.issue(at, field, "unpaired_surrogate", field)
        return None
    return value


def is_device(value: object) -> bool:
    """Return whether a value is an object that has a field of a device."""
    return isinstance(value, dict) and any(map(field_of, value))


def _what_it_is(value: object) -> str | None:
    """Return in words what a value is that is not the object of a device; ``None`` if it may be one."""
    if not isinstance(value, dict):
        is_list = isinstance(value, list) and any(map(is_device, value))
        return "an array of them: leave out its brackets" if is_list else _TYPES[type(value)]
    if is_device(value):
        return None
    # As a shell writes an array in an object, or a list of results.
    wrapped = (
        name for name, inner in value.items() if any(map(is_device, inner if isinstance(inner, list) else [inner]))
    )
    return next((f"one around it: take out what is in {quoted(name)}" for name in wrapped), None)


def _holds_hash(value: object) -> bool:
    """Return whether a value is a hash, or an object that has one among its members."""
    inner = value.values() if isinstance(value, dict) else (value,)
    return any(isinstance(text, str) and looks_like_one(text) for text in inner)


class UnknownNames:
    """Reports unknown names, each once, and once more where it turns out to be misspelt."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._seen: set[str] = set()
        self._with_hash: set[str] = set()
        self._misspelt: set[str] = set()
        self._meant: dict[str, str | None] = {}

    def report(self, name: str, value: object, at: Place) -> None:
        """Report a name; a hardware hash under it is an issue: the device must not be sent without."""
        # A hash may be in a later device only, so that it is looked for in each.
        if name not in self._with_hash and len(self._with_hash) < _MOST_NAMES and _holds_hash(value):
            self._with_hash.add(name)
            self._report.issue(at, None, "misplaced_hash", f"The member {quoted(name)}")
        field, text = ID_OF.get(key(name)), "" if value is None else value
        if field and isinstance(text, str) and may_be_id(field, text):
            check_id(field, text, f"The member {quoted(name)}", at, self._report)
            return
        if name in self._seen or len(self._seen) == _MOST_NAMES or (folded := key(name)) in DOCUMENTED:
            return
        self._seen.add(name)
        if name in self._with_hash:
            return
        if folded == OF_RESULTS:
            self._report.issue(at, None, "results_file")
            return
        # As in Manufacturer;Model, where a table was read by another separator than its own.
        if sign := mixed(name):
            self._report.issue(at, None, "mixed_delimiters", f"The member {quoted(name)}", DELIMITERS[sign])
            return
        if field:
            warn_of_no_id(field, f"The member {quoted(name)}", at, self._report)
            return
        self._report.warning(at, None, "ignored_member" if folded in NOT_ACCEPTED else "unknown_member", quoted(name))
        if at != MANIFEST:
            self._report.add_unknown_name(quoted(name))

    def check_spelling(self, name: str, at: Place, beside: Iterable[str]) -> bool:
        """Return whether a name means a field that no name ``beside`` it has, which is an issue."""
        folded = key(name)
        # To compare one takes longer than to read a device, and a sender may write any number of them.
        if folded not in self._meant and len(self._meant) < _MOST_COMPARED:
            self._meant[folded] = meant_by(name)
        meant = self._meant.get(folded)
        if meant is None or FIELD_OF[meant] in map(field_of, beside):
            return False
        if name not in self._misspelt and len(self._misspelt) < _MOST_NAMES:
            self._misspelt.add(name)
            field = FIELD_OF[meant]
            self._report.issue(at, field, "misspelt_name", f"The member {quoted(name)}", field)
        return True


class Members:
    """Reads devices from objects."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._unknown = UnknownNames(report)
        self._names: dict[str, tuple[str, Place]] = {}

    def expect_documented(self) -> None:
        """Compare later names with the documented ones, which other devices have."""
        for field in FIELDS:
            self._compare(field, field, MANIFEST)

    def device(self, value: object, place: int) -> Entry:
        """Read one device; whether it is identified is checked later."""
        at = Place(place)
        other = _what_it_is(value)
        if other or not isinstance(value, dict):
            self._report.issue(at, None, "not_an_object", other)
            return Entry(NO_DEVICE, place, sound=False)
        before = self._report.issue_count
        if isinstance(value, Doubled):
            for field in sorted({field for name in value.names if (field := field_of(name))}):
                self._report.issue(at, field, "conflicting_members", field)
        values = self._values(value, at)
        sound = self._report.issue_count == before
        return Entry(Device(*[values.get(field) for field in FIELDS]), place, sound=sound)

    def _values(self, members: dict[str, object], at: Place) -> dict[str, str]:
        values: dict[str, str] = {}
        for name, value in members.items():
            field = field_of(name)
            if field is None:
                if not self._unknown.check_spelling(name, at, members):
                    self._unknown.report(name, value, at)
            else:
                text = text_or_none(value, at, field, self._report)
                if text:
                    self._compare(field, name, at)
                # A blank under one name leaves room for the value under another.
                if not text or text.isspace():
                    if text:
                        values.setdefault(field, text)
                elif values.get(field, " ").isspace():
                    values[field] = text
                elif values[field] != text:
                    self._report.issue(at, field, "conflicting_members", field)
        return values

    def _compare(self, field: str, name: str, at: Place) -> None:
        """Report a member that was made a comment: elsewhere it has no sign, as in the first column of a table.

        A table's first column may begin with ``#``, which some formats put before the names; no other sign is one's.
        """
        if is_commented(name) and not name.lstrip().startswith("#"):
            self._report.issue(at, field, "commented_line", f"The member {quoted(name)}")
            return
        first, place = self._names.setdefault(field, (name, at))
        if first == name or is_commented(first) == is_commented(name):
            return
        if is_commented(first):
            self._names[field] = name, at
            name, at = first, place
        self._report.issue(at, field, "commented_line", f"The member {quoted(name)}")
