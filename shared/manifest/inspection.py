"""The one reading that finds everything that is wrong with a manifest."""

from collections.abc import Callable, Iterator

from shared.manifest.device import Entry
from shared.manifest.device_rules import is_valid
from shared.manifest.digest import RunningDigest
from shared.manifest.duplicates import Duplicates
from shared.manifest.findings import MANIFEST, Report, UnreadableError
from shared.manifest.manifest import Manifest, Source, is_large
from shared.manifest.reading import MAX_DEVICES, Content, entries, unheard


def inspect(
    content: Content,
    *,
    max_bytes: int,
    max_devices: int = MAX_DEVICES,
    keep: int | None = 100,
    alive: Callable[[], None] = unheard,
) -> Manifest:
    r"""Read a whole manifest and find everything that is wrong with it; no bytes whatever make this fail.

    >>> manifest = inspect(InMemory(b"Windows Product ID\n00329-00000-0003-AA606\n"), max_bytes=1_000_000)
    >>> manifest.device_count, manifest.issues.count
    (1, 0)
    >>> inspect(InMemory(b"[{}]"), max_bytes=1_000_000).issues.kept[0].code
    'missing_identity'

    Args:
        content: The bytes. What reading them raises is passed on.
        max_bytes: What the manifest may have, as it is and unpacked.
        max_devices: Rows that the manifest may have, duplicates included.
        keep: Findings to keep of each kind; ``None`` for all.
        alive: Called now and then while the reading goes on.
    """
    inspection = _Inspection(Report(keep))
    try:
        inspection.go_through(entries(content, max_bytes, inspection.report, max_devices, alive))
    except UnreadableError as error:
        inspection.report.break_off(error.finding)
        return inspection.manifest(content, max_bytes, max_devices, count=None)
    if not inspection.count:
        inspection.report.issue(MANIFEST, None, "no_devices", "the manifest")
    return inspection.manifest(content, max_bytes, max_devices, inspection.count - inspection.duplicates)


class _Inspection:
    """A reading, with an eye on everything."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.count = 0
        self.duplicates = 0
        self._kept: list[Entry] | None = []
        self._seen = Duplicates(report)
        self._digest = RunningDigest()

    def go_through(self, found: Iterator[Entry]) -> None:
        for entry in found:
            self.count += 1
            if is_valid(entry, self.report) and self._is_new(entry):
                self._digest.add(entry.device)
            if self._kept is not None:
                self._kept.append(entry)
                if is_large(self.report, self.count):
                    self._kept = None
                    self._seen.forget()

    def _is_new(self, entry: Entry) -> bool:
        number = entry.line or entry.place
        first = self._seen.first(entry, number)
        if first != number:
            self.duplicates += 1
            self.report.warning(entry, None, "duplicate_device", "line" if entry.line else "device", first)
        return first == number

    def manifest(self, content: Content, max_bytes: int, max_devices: int, count: int | None) -> Manifest:
        report = self.report
        source = Source(content, max_bytes, max_devices, self._kept, has_duplicates=self.duplicates > 0)
        digest = self._digest.text()
        return Manifest(report.customer_id, report.batch_id, count, digest, report.issues, report.warnings, source)
