"""A manifest that has been read: its devices and its findings."""

from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple, override

import msgspec

from shared.manifest.device import Device, Entry
from shared.manifest.device_rules import DeviceCheck
from shared.manifest.duplicates import Duplicates
from shared.manifest.findings import Findings, NoReport, Report
from shared.manifest.reading import MAX_DEVICES, Content, entries

KEPT_CHARACTERS = 8 * 1024 * 1024
KEPT_DEVICES = 20_000


class Row(NamedTuple):
    """A device of the manifest: its place from 1, and the number from 1 under which it is sent.

    A ``duplicate`` is not sent; its number is that of the device it repeats. ``line`` is its line in a CSV, from 1.
    """

    place: int
    device: Device
    number: int
    duplicate: bool
    line: int | None = None


class Source(msgspec.Struct, frozen=True):
    """The source of a manifest's devices: ``kept`` if they are few, else the content, which is read again."""

    content: Content
    max_bytes: int
    max_devices: int
    kept: list[Entry] | None
    has_duplicates: bool
    is_as_written: bool
    """Every device is sent as it is written."""

    @override
    def __repr__(self) -> str:
        return "Source(...)"  # it holds hashes and keys

    def rows(self) -> Iterator[Row]:
        """Yield every device with its number."""
        if self.has_duplicates:
            return self._rows_with_duplicates()
        return (Row(e.place, e.device, e.place, duplicate=False, line=e.line) for e in self.every(NoReport()))

    def devices(self, first: int) -> Iterator[Device]:
        """Yield the devices to send, from number ``first`` on."""
        if self.has_duplicates:
            return (row.device for row in self.rows() if row.number >= first and not row.duplicate)
        return (entry.device for entry in islice(self.every(NoReport()), first - 1, None))

    def _rows_with_duplicates(self) -> Iterator[Row]:
        report, sent = NoReport(), 0
        seen = Duplicates(report)
        seen.forget()
        for entry in self.every(report):
            number = seen.first(entry, sent + 1)
            is_new = number > sent
            sent += is_new
            yield Row(entry.place, entry.device, number, duplicate=not is_new, line=entry.line)

    def every(self, report: Report) -> Iterator[Entry]:
        """Yield every entry; ``report`` counts the characters."""
        if self.kept is not None:
            return iter(self.kept)
        found = entries(self.content, self.max_bytes, report)
        # Where the first reading cleaned nothing, this one need not look. A record that says so may be forged.
        if self.is_as_written:
            return islice(chain.from_iterable(found), self.max_devices)
        return chain.from_iterable(map(DeviceCheck(report, self.max_devices), found))


def is_large(report: Report, count: int) -> bool:
    """Return whether ``count`` devices are too many to keep in memory, so that they are read again to be sent."""
    return report.characters > KEPT_CHARACTERS or count > KEPT_DEVICES


def reread(
    content: Content,
    *,
    max_bytes: int,
    has_duplicates: bool,
    is_as_written: bool = False,
    max_devices: int = MAX_DEVICES,
) -> Source:
    """Read a valid manifest again, without looking for issues.

    What the first reading has found of it saves time where it is known.

    Raises:
        UnreadableError: It can no longer be read; the iterators of the source raise it, too.
    """
    source = Source(content, max_bytes, max_devices, None, has_duplicates, is_as_written)
    report, kept = NoReport(), list[Entry]()
    for entry in source.every(report):
        kept.append(entry)
        if is_large(report, len(kept)):
            return source
    return msgspec.structs.replace(source, kept=kept)


class Manifest(msgspec.Struct, frozen=True):
    """A manifest that has been read, valid or not.

    ``device_count`` excludes duplicates and is ``None`` if the manifest could not be read to its end; ``digest`` is the
    same as long as the same devices are sent in the same order.
    """

    customer_id: str | None
    batch_id: str | None
    device_count: int | None
    digest: str
    issues: Findings
    warnings: Findings
    _source: Source

    def rows(self) -> Iterator[Row]:
        """Yield every device, duplicates included.

        Raises:
            ValueError: The manifest has issues.
        """
        return self._checked().rows()

    def devices(self, first: int = 1) -> Iterator[Device]:
        """Yield the devices to send, from number ``first`` on; raise like ``rows``."""
        return self._checked().devices(first)

    @property
    def has_duplicates(self) -> bool:
        """Whether some devices are listed more than once."""
        return self._source.has_duplicates

    @property
    def is_as_written(self) -> bool:
        """Whether every device is sent as it is written."""
        return self._source.is_as_written

    def _checked(self) -> Source:
        # What is sent must have been found valid as a whole: all or nothing.
        if self.issues.count:
            raise ValueError("a manifest with issues has no devices to send")
        return self._source
