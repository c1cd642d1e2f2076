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
