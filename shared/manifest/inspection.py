"""The reading that finds every issue and warning of a manifest."""

from collections.abc import Callable, Iterable, Iterator

from shared.manifest.customer_and_batch import Ids
from shared.manifest.device import Entry
from shared.manifest.device_rules import DeviceCheck
from shared.manifest.digest import RunningDigest
from shared.manifest.duplicates import Duplicates
from shared.manifest.findings import MANIFEST, MOST_KEPT, Report, UnreadableError
from shared.manifest.line_words import has_number
from shared.manifest.manifest import Manifest, Source, is_large
from shared.manifest.reading import MAX_DEVICES, Content, do_nothing, entries


def inspect(
    content: Content,
    *,
    max_bytes: int,
    max_devices: int = MAX_DEVICES,
    named: Ids | None = None,
    keep: int | None = MOST_KEPT,
    alive: Callable[[], None] = do_nothing,
) -> Manifest:
    r"""Read a whole manifest and return its devices and findings; it raises nothing of its own, whatever the bytes are.

    >>> manifest = inspect(InMemory(b"Windows Product ID\n00329-00000-0003-AA606\n"), max_bytes=1_000_000)
    >>> manifest.device_count, manifest.issues.count
    (1, 0)
    >>> inspect(InMemory(b"[{}]"), max_bytes=1_000_000).issues.kept[0].code
    'missing_identity'

    Args:
        content: The bytes; errors in reading them are passed on.
        max_bytes: Bytes that the manifest may have, packed and unpacked.
        max_devices: Rows that the manifest may have, duplicates included.
        named: Customer and batch in the blob's name: no device may have those of another beside it.
        keep: Issues and warnings to keep of each; ``None`` for all.
        alive: Called at short intervals while the manifest is read.
    """
    report = Report(keep)
    for field, own in (("customerId", named.customer_id), ("batchId", named.batch_id)) if named else ():
        if own:
            report.ids[field] = own
    inspection = _Inspection(report, max_devices)
    try:
        inspection.read(entries(content, max_bytes, report, alive))
    except UnreadableError as error:
        report.break_off(error.finding)
        return inspection.manifest(content, max_bytes, count=None)
    if not inspection.count:
        report.issue(MANIFEST, None, "no_devices", "the manifest")
    elif inspection.numbered == inspection.count > 1:
        report.issue(MANIFEST, None, "numbered_values")
    return inspection.manifest(content, max_bytes, inspection.count - inspection.duplicates)


class _Inspection:
    """What one reading has found so far."""

    def __init__(self, report: Report, max_devices: int) -> None:
        self.count = 0
        self.duplicates = 0
        self.numbered = 0
        """How many devices have the number of their row before an identifier."""
        self._report = report
        self._max_devices = max_devices
        self._check = DeviceCheck(report, max_devices)
        self._kept: list[Entry] | None = []
        self._seen = Duplicates(report)
        self._digest = RunningDigest()

    def read(self, found: Iterator[Iterable[Entry]]) -> None:
        for some in found:
            checked = self._check(some)
            # A list is of flawless devices only, so that all can be handled at once.
            if isinstance(checked, list) and self._seen.are_new(checked):
                new = checked
            else:
                checked, new = self._one_by_one(checked)
            self._digest.add([entry.device for entry in new])
            self.count += len(checked)
            # Devices are kept so that they need not be read again, unless they would fill the memory.
            if self._kept is not None:
                self._kept += checked
                if is_large(self._report, self.count):
                    self._kept = None
                    self._seen.forget()

    def _one_by_one(self, entries: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
        """Return some entries as a list, and those of them that are sent."""
        every, new = list[Entry](), list[Entry]()
        for entry in entries:
            every.append(entry)
            device, rows = entry.device, (entry.place, entry.line)
            self.numbered += has_number(device.serial_number, rows) or has_number(device.product_key, rows)
            if entry.sound and self._is_new(entry):
                new.append(entry)
        return every, new

    def _is_new(self, entry: Entry) -> bool:
        number = entry.number
        first = self._seen.first(entry, number)
        if first != number:
            self.duplicates += 1
            self._report.warning(entry, None, "duplicate_device", "line" if entry.line else "device", first)
        return first == number

    def manifest(self, content: Content, max_bytes: int, count: int | None) -> Manifest:
        report, digest = self._report, self._digest.text()
        source = Source(
            content,
            max_bytes,
            self._max_devices,
            self._kept,
            has_duplicates=self.duplicates > 0,
            is_as_written=not self._check.has_cleaned,
        )
        return Manifest(report.customer_id, report.batch_id, count, digest, report.issues, report.warnings, source)
