"""What was found in a manifest: issues, which reject it, and warnings, which do not."""

import re
from collections.abc import Iterable

import msgspec

from shared.manifest.messages import ISSUES

_NAME = re.compile(r"[A-Za-z@#$][A-Za-z @#$_.:/()-]{0,39}")


class Finding(msgspec.Struct, frozen=True):
    """One thing to know about a manifest.

    ``where`` is "device 3", "line 4" or "manifest"; ``field`` the API's name of the member in question.
    """

    where: str
    field: str | None
    code: str
    message: str


class Findings(msgspec.Struct, frozen=True):
    """The first findings, and how many there are in all."""

    kept: tuple[Finding, ...] = ()
    count: int = 0

    def after(self, earlier: Iterable[Finding]) -> "Findings":
        """Put findings from elsewhere before these."""
        before = tuple(earlier)
        return Findings(before + self.kept, len(before) + self.count)


def quoted(name: str) -> str:
    """Quote a foreign name for a message, unless it could be a value: product keys and hashes have digits."""
    return repr(name) if _NAME.fullmatch(name) else "(name not shown)"


class UnreadableError(Exception):
    """Why reading a manifest cannot go on."""

    def __init__(self, code: str, message: str = "", where: str = "manifest", field: str | None = None) -> None:
        super().__init__(code)
        self.finding = Finding(where, field, code, message or ISSUES[code])

    def on_line(self, number: int) -> "UnreadableError":
        """Name the line for somebody who did not know it."""
        found = self.finding
        if found.where != "manifest":
            return self
        return UnreadableError(found.code, found.message, f"line {number}", found.field)


type Place = int | str | None
"""A number in the report's unit, a place by name, or the manifest as a whole."""


class Report:
    """The findings so far, and the ids of the envelope. Places are counted in ``unit``: "device" or "line"."""

    def __init__(self, keep: int | None) -> None:
        self.customer_id: str | None = None
        self.batch_id: str | None = None
        self.unit = "device"
        self.characters = 0
        """Characters read so far."""
        self._issues = _Notes(keep)
        self._warnings = _Notes(keep)

    def issue(self, at: Place, field: str | None, code: str, message: str, *facts: object) -> None:
        """Note what rejects the manifest; ``facts`` are filled into the message."""
        if self._issues.has_room():
            self._issues.kept.append(Finding(self.where(at), field, code, message.format(*facts)))

    def warning(self, at: Place, field: str | None, code: str, message: str, *facts: object) -> None:
        """Note what only looks odd; ``facts`` are filled into the message."""
        if self._warnings.has_room():
            self._warnings.kept.append(Finding(self.where(at), field, code, message.format(*facts)))

    def break_off(self, finding: Finding) -> None:
        """Note why the rest could not be read: before all else, as it may be what a person must mend first."""
        self._issues.has_room()
        self._issues.kept.insert(0, finding)

    def where(self, at: Place) -> str:
        """Name a place."""
        if isinstance(at, int):
            return f"{self.unit} {at}"
        return at or "manifest"

    @property
    def issue_count(self) -> int:
        """Issues so far."""
        return self._issues.count

    @property
    def issues(self) -> Findings:
        """The issues so far."""
        return self._issues.findings()

    @property
    def warnings(self) -> Findings:
        """The warnings so far."""
        return self._warnings.findings()


class _Notes:
    """Findings of one kind; only the first ``keep`` are kept, as a bad file may have millions."""

    def __init__(self, keep: int | None) -> None:
        self.kept: list[Finding] = []
        self.count = 0
        self._keep = keep

    def has_room(self) -> bool:
        """Count one more, and tell whether it is to be kept."""
        self.count += 1
        return self._keep is None or self.count <= self._keep

    def findings(self) -> Findings:
        return Findings(tuple(self.kept[: self._keep]), self.count)
