"""What was found in a manifest: issues, which reject it, and warnings, which do not."""

import re
from collections.abc import Iterable
from typing import NamedTuple, Protocol

import msgspec

from shared.manifest.messages import ISSUES, WARNINGS

_NAME = re.compile(r"[A-Za-z@#$][A-Za-z @#$_.:/()-]{0,39}")


class Place(NamedTuple):
    """Where something is: the device's place in the manifest, and its line in a CSV, each from 1."""

    device: int | None = None
    line: int | None = None

    @property
    def at(self) -> "Place":
        """The place itself."""
        return self

    @property
    def where(self) -> str:
        """Name the place for a person: by its line, where there is one."""
        if self.line is not None:
            return f"line {self.line}"
        return "manifest" if self.device is None else f"device {self.device}"


class Placed(Protocol):
    """What has a place in a manifest."""

    @property
    def at(self) -> Place:
        """Where it is."""
        ...


MANIFEST = Place()
"""The manifest as a whole."""


class Finding(msgspec.Struct, frozen=True):
    """One thing to know about a manifest.

    ``where`` is "device 3", "line 4" or "manifest"; ``field`` the API's name of the member in question; ``device`` and
    ``line`` are those of the results.
    """

    where: str
    field: str | None
    code: str
    message: str
    device: int | None = None
    line: int | None = None


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
    """Why reading a manifest cannot go on; ``facts`` are filled into the message of the code."""

    def __init__(self, code: str, *facts: object, at: Place = MANIFEST, field: str | None = None) -> None:
        super().__init__(code)
        self.finding = Finding(at.where, field, code, ISSUES[code].format(*facts), at.device, at.line)

    def on_line(self, number: int) -> "UnreadableError":
        """Add the line where whoever raised it did not know it."""
        if self.finding.where == MANIFEST.where:
            place = Place(line=number)
            self.finding = msgspec.structs.replace(self.finding, where=place.where, line=number)
        return self


class Report:
    """The findings so far, and the ids of the envelope. The first ``keep`` of each kind are kept, ``None`` for all."""

    def __init__(self, keep: int | None) -> None:
        self.customer_id: str | None = None
        self.batch_id: str | None = None
        self.characters = 0
        """Characters read so far."""
        self.unknown_names: list[str] = []
        """Columns or members that are not known, as they are named in messages."""
        self._issues = _Notes(keep)
        self._warnings = _Notes(keep)

    def issue(self, at: Placed, field: str | None, code: str, *facts: object) -> None:
        """Note what rejects the manifest; ``facts`` are filled into the message of the code."""
        if self._issues.has_room():
            self._issues.kept.append(_finding(at.at, field, code, ISSUES[code].format(*facts)))

    def warning(self, at: Placed, field: str | None, code: str, *facts: object) -> None:
        """Note what only looks odd; ``facts`` are filled into the message of the code."""
        if self._warnings.has_room():
            self._warnings.kept.append(_finding(at.at, field, code, WARNINGS[code].format(*facts)))

    def break_off(self, finding: Finding) -> None:
        """Note why the rest could not be read: before all else, as it may be what a person must correct first."""
        self._issues.has_room()
        self._issues.kept.insert(0, finding)

    @property
    def has_all_issues(self) -> bool:
        """Whether further issues are only counted, so that nobody needs facts about them."""
        return self._issues.is_full()

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


def _finding(at: Place, field: str | None, code: str, message: str) -> Finding:
    return Finding(at.where, field, code, message, at.device, at.line)


class _Notes:
    """Findings of one kind; only the first ``keep`` are kept, as a bad file may have millions."""

    def __init__(self, keep: int | None) -> None:
        self.kept: list[Finding] = []
        self.count = 0
        self._keep = keep

    def has_room(self) -> bool:
        """Count one more, and return whether it is to be kept."""
        self.count += 1
        return self._keep is None or self.count <= self._keep

    def is_full(self) -> bool:
        return self._keep is not None and self.count >= self._keep

    def findings(self) -> Findings:
        return Findings(tuple(self.kept[: self._keep]), self.count)
