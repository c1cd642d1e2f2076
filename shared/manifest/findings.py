"""Findings: issues, which reject a manifest, and warnings, which do not."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol
from unicodedata import category

import msgspec

from shared.manifest.messages import ISSUES, WARNINGS

MOST_KEPT = 100
"""Issues and warnings that are kept of each, unless all are asked for."""

_LONGEST_NAME = 40  # characters
_SIGNS = frozenset(" @#$_.:/()-'")
_LAST_DIGITS = re.compile(r"(?<=\D)[0-9]{1,2}$")  # as in Textbox12
_MOST_LISTED = 10  # unknown names in one message


type Note = tuple[str, *tuple[object, ...]]
"""The code of a finding, and the facts of its message."""


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
        """The place in words: by its line, if it has one."""
        if self.line is not None:
            return f"line {self.line}"
        return "manifest" if self.device is None else f"device {self.device}"


class Placed(Protocol):
    """Anything with a place in a manifest."""

    @property
    def at(self) -> Place:
        """Where it is."""
        ...


MANIFEST = Place()
"""The manifest as a whole."""


class Finding(msgspec.Struct, frozen=True):
    """An issue or a warning.

    ``where`` is "device 3", "line 4" or "manifest"; ``field`` is the API's name of the member that it is about;
    ``device`` and ``line`` are the numbers that the results have in these columns.
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
        """Return other findings, then these."""
        before = tuple(earlier)
        return Findings(before + self.kept, len(before) + self.count)


def quoted(name: str) -> str:
    """Return a name from the manifest as messages quote it, unless it may be a secret: keys and hashes have digits."""
    text = _LAST_DIGITS.sub("", name[: _LONGEST_NAME + 1])
    # Vowels of some scripts are marks.
    is_name = text[:1] not in "_.:/()-' " and all(sign in _SIGNS or category(sign)[0] in "LM" for sign in text)
    return repr(name) if is_name and len(name) <= _LONGEST_NAME else "(name not shown)"


class UnreadableError(Exception):
    """A manifest cannot be read to its end; ``facts`` are filled into the message of ``code``."""

    def __init__(self, code: str, *facts: object, at: Place = MANIFEST, field: str | None = None) -> None:
        super().__init__(code)
        self.finding = _finding(at, field, code, ISSUES[code].format(*facts))

    def on_line(self, number: int) -> "UnreadableError":
        """Add a line, unless the error has a place already."""
        if self.finding.where == MANIFEST.where:
            place = Place(line=number)
            self.finding = msgspec.structs.replace(self.finding, where=place.where, line=number)
        return self


class Report:
    """Collects what a reading finds. The first ``keep`` issues and warnings are kept, ``None`` for all."""

    may_have_issues = True

    def __init__(self, keep: int | None) -> None:
        self.customer_id: str | None = None
        self.batch_id: str | None = None
        self.characters = 0
        """Characters read so far."""
        self.ids: dict[str, str] = {}
        """Customer and batch by their fields, as far as the blob's name and the envelope have them."""
        self.first_ids: dict[str, str] = {}
        """Those beside the first device that has any, where they were not known yet; also its tenant's ``domain``."""
        self._unknown_names: list[str] = []
        self._issues = _Notes(keep)
        self._warnings = _Notes(keep)

    def set_ids(self, customer_id: str | None, batch_id: str | None) -> None:
        """Set the ids that the envelope has."""
        self.customer_id, self.batch_id = customer_id, batch_id

    def add_characters(self, count: int) -> None:
        """Count characters that have been read."""
        self.characters += count

    def add_unknown_name(self, name: str) -> None:
        """Remember an unknown column or member, quoted, for the message about devices that cannot be identified."""
        if len(self._unknown_names) < _MOST_LISTED:
            self._unknown_names.append(name)

    def issue(self, at: Placed, field: str | None, code: str, *facts: object) -> None:
        """Add an issue, which rejects the manifest; ``facts`` are filled into the message of ``code``."""
        self._issues.count += 1
        if self._issues.count <= self._issues.keep:
            self._issues.kept.append(_finding(at.at, field, code, ISSUES[code].format(*facts)))

    def warning(self, at: Placed, field: str | None, code: str, *facts: object) -> None:
        """Add a warning; ``facts`` are filled into the message of ``code``."""
        self._warnings.count += 1
        if self._warnings.count <= self._warnings.keep:
            self._warnings.kept.append(_finding(at.at, field, code, WARNINGS[code].format(*facts)))

    def add_warnings(self, at: Placed, field: str, notes: Sequence[Note]) -> None:
        """Add warnings about a value."""
        # A file may have millions, which are then only counted.
        if self.keeps_no_more_warnings:
            self.count_warnings(len(notes))
        else:
            for note in notes:
                self.warning(at, field, *note)

    def count_warnings(self, count: int) -> None:
        """Count warnings that would not be kept."""
        self._warnings.count += count

    def break_off(self, finding: Finding) -> None:
        """Put the issue that stopped the reading first: it must be corrected before any other can be trusted."""
        self._issues.count += 1
        self._issues.kept.insert(0, finding)

    @property
    def unknown_names(self) -> str:
        """The first unknown columns or members, as a list in words."""
        return ", ".join(self._unknown_names) or "none"

    @property
    def keeps_no_more_issues(self) -> bool:
        """Whether further issues are only counted, so that their facts need not be looked for."""
        return self._issues.count >= self._issues.keep

    @property
    def keeps_no_more_warnings(self) -> bool:
        """Whether further warnings are only counted."""
        return self._warnings.count >= self._warnings.keep

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


class NoReport(Report):
    """For reading a valid manifest again: what could only be an issue need not be looked for."""

    may_have_issues = False

    def __init__(self) -> None:
        super().__init__(0)


def _finding(at: Place, field: str | None, code: str, message: str) -> Finding:
    return Finding(at.where, field, code, message, at.device, at.line)


class _Notes:
    """Findings of one kind: only the first ``keep`` are kept, as a bad file may have millions."""

    def __init__(self, keep: int | None) -> None:
        self.kept: list[Finding] = []
        self.count = 0
        self.keep = sys.maxsize if keep is None else keep

    def findings(self) -> Findings:
        return Findings(tuple(self.kept[: self.keep]), self.count)
