"""The one reading that finds everything that is wrong with a manifest."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shared.manifest.device import Entry
from shared.manifest.device_rules import is_valid, look_at
from shared.manifest.duplicates import Repeats
from shared.manifest.findings import Report, UnreadableError
from shared.manifest.manifest import Manifest, Source, is_large
from shared.manifest.messages import ISSUES
from shared.manifest.reading import Content, entries

if TYPE_CHECKING:
    from shared.manifest.device import Device

MAX_DEVICES = 250_000
"""Rows that a manifest may have unless a setting says otherwise, duplicates included."""

_DUPLICATE = "This is the same device as {} {}. It is sent once."


def inspect(content: Content, *, max_bytes: int, max_devices: int = MAX_DEVICES, keep: int | None = 100) -> Manifest:
    """Read a whole manifest and find everything that is wrong with it; no bytes whatever make this fail.

    Args:
        content: The bytes. What reading them raises is passed on.
        max_bytes: What the manifest may have, as it is and unpacked.
        max_devices: Rows that the manifest may have, duplicates included.
        keep: Findings to keep of each kind; ``None`` for all.
    """
    inspection = _Inspection(Report(keep), max_devices)
    try:
        inspection.go_through(entries(content, max_bytes, inspection.report))
    except UnreadableError as error:
        inspection.report.break_off(error.finding)
        return inspection.manifest(content, max_bytes, count=None)
    if not inspection.count:
        inspection.report.issue(None, None, "no_devices", ISSUES["no_devices"])
    return inspection.manifest(content, max_bytes, inspection.count - inspection.duplicates)


class _Inspection:
    """A reading, with an eye on everything."""

    def __init__(self, report: Report, max_devices: int) -> None:
        self.report = report
        self._max_devices = max_devices
        self.count = 0
        self.duplicates = 0
        self._kept: list[Device] | None = []
        self._repeats = Repeats(report)

    def go_through(self, found: Iterator[Entry]) -> None:
        for entry in found:
            if self.count == self._max_devices:
                message = f"The manifest has more than {self._max_devices:,} devices. Split it into several files."
                raise UnreadableError("too_many_devices", message)
            self.count += 1
            if is_valid(entry, self.report) and self._is_new(entry):
                look_at(entry.device, entry.at, self.report)
            if self._kept is not None:
                self._kept.append(entry.device)
                if is_large(self.report, self.count):
                    self._kept = None
                    self._repeats.forget()

    def _is_new(self, entry: Entry) -> bool:
        first = self._repeats.first(entry.device, entry.at)
        if first != entry.at:
            self.duplicates += 1
            self.report.warning(entry.at, None, "duplicate_device", _DUPLICATE, self.report.unit, first)
        return first == entry.at

    def manifest(self, content: Content, max_bytes: int, count: int | None) -> Manifest:
        report = self.report
        source = Source(content, max_bytes, self._kept, has_duplicates=self.duplicates > 0)
        return Manifest(report.customer_id, report.batch_id, count, report.issues, report.warnings, source)
