"""A manifest that has been read: its devices, and everything that is wrong with it."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, override

import msgspec

from shared.manifest.device import Device
from shared.manifest.duplicates import Repeats
from shared.manifest.findings import Findings, Report
from shared.manifest.reading import Content, entries

KEPT_CHARACTERS = 8 * 1024 * 1024
KEPT_DEVICES = 20_000


class Row(NamedTuple):
    """A device of the manifest: its place from 1, and the number from 1 under which it is sent.

    A ``duplicate`` is not sent; its number is that of the device it repeats.
    """

    place: int
    device: Device
    number: int
    duplicate: bool
    line: int | None = None


class Source(msgspec.Struct, frozen=True):
    """Where a manifest's devices come from when they are wanted: from ``kept``, or from the content again."""

    content: Content
    max_bytes: int
    kept: list[Device] | None
    has_duplicates: bool

    @override
    def __repr__(self) -> str:
        return "Source(...)"  # it holds hashes and keys

    def rows(self) -> Iterator[Row]:
        """Give every device with its number."""
        if self.has_duplicates:
            yield from self._rows_with_duplicates()
        else:
            for place, device in enumerate(self.every(Report(0)), 1):
                yield Row(place, device, place, duplicate=False)

    def devices(self, first: int) -> Iterator[Device]:
        """Give the devices to send."""
        if self.has_duplicates:
            return (row.device for row in self.rows() if row.number >= first and not row.duplicate)
        return islice(self.every(Report(0)), first - 1, None)

    def _rows_with_duplicates(self) -> Iterator[Row]:
        report, sent = Report(0), 0
        repeats = Repeats(report)
        repeats.forget()
        for place, device in enumerate(self.every(report), 1):
            number = repeats.first(device, sent + 1)
            is_new = number > sent
            sent += is_new
            yield Row(place, device, number, duplicate=not is_new)

    def every(self, report: Report) -> Iterator[Device]:
        """Give every device, telling ``report`` how far the reading is."""
        if self.kept is not None:
            return iter(self.kept)
        return (entry.device for entry in entries(self.content, self.max_bytes, report))


def is_large(report: Report, count: int) -> bool:
    """Tell whether a manifest's devices, ``count`` so far, are too many to stay in memory: they are read again."""
    return report.characters > KEPT_CHARACTERS or count > KEPT_DEVICES


def reread(content: Content, *, max_bytes: int, has_duplicates: bool) -> Source:
    """Read a manifest again that was found valid, without looking at anything anew."""
    source, report, kept = Source(content, max_bytes, None, has_duplicates), Report(0), list[Device]()
    for device in source.every(report):
        kept.append(device)
        if is_large(report, len(kept)):
            return source
    return msgspec.structs.replace(source, kept=kept)


class Manifest(msgspec.Struct, frozen=True):
    """What was found in a manifest. ``device_count`` leaves out duplicates; ``None`` where it could not be read."""

    customer_id: str | None
    batch_id: str | None
    device_count: int | None
    issues: Findings
    warnings: Findings
    _source: Source

    def rows(self) -> Iterator[Row]:
        """Give every device, duplicates included.

        Raises:
            ValueError: The manifest has issues.
        """
        return self._checked().rows()

    def devices(self, first: int = 1) -> Iterator[Device]:
        """Give the devices to send, from number ``first`` on; raises like ``rows``."""
        return self._checked().devices(first)

    @property
    def has_duplicates(self) -> bool:
        """Tell whether some devices are listed more than once."""
        return self._source.has_duplicates

    def _checked(self) -> Source:
        if self.issues.count:
            raise ValueError("a manifest with issues has no devices to send")
        return self._source
