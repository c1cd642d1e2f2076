"""A manifest that has been read: its devices, and everything that is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from shared.device import Device
from shared.manifest.content import Content
from shared.manifest.finding import Findings
from shared.manifest.reading import entries
from shared.manifest.repeats import Repeats
from shared.manifest.report import Report


class Row(NamedTuple):
    """A device of the manifest: its place from 1, and the number from 1 under which it is sent.

    A ``duplicate`` is not sent; its number is that of the device it repeats.
    """

    place: int
    device: Device
    number: int
    duplicate: bool


@dataclass(frozen=True)
class Source:
    """Where a manifest's devices come from when they are wanted: from ``kept``, or from the content again."""

    content: Content
    max_bytes: int
    kept: list[Device] | None
    has_duplicates: bool

    def rows(self) -> Iterator[Row]:
        """Give every device with its number."""
        if self.has_duplicates:
            yield from self._rows_with_duplicates()
        else:
            for place, device in enumerate(self._devices(Report(0)), 1):
                yield Row(place, device, place, duplicate=False)

    def devices(self, first: int) -> Iterator[Device]:
        """Give the devices to send."""
        if self.has_duplicates:
            return (row.device for row in self.rows() if row.number >= first and not row.duplicate)
        return islice(self._devices(Report(0)), first - 1, None)

    def _rows_with_duplicates(self) -> Iterator[Row]:
        report, sent = Report(0), 0
        repeats = Repeats(report)
        repeats.forget()
        for place, device in enumerate(self._devices(report), 1):
            number = repeats.first(device, sent + 1)
            is_new = number > sent
            sent += is_new
            yield Row(place, device, number, duplicate=not is_new)

    def _devices(self, report: Report) -> Iterator[Device]:
        if self.kept is not None:
            return iter(self.kept)
        return (entry.device for entry in entries(self.content, self.max_bytes, report))


@dataclass(frozen=True)
class Manifest:
    """What was found in a manifest. ``device_count`` leaves out duplicates; ``None`` where it could not be read."""

    customer_id: str | None
    batch_id: str | None
    device_count: int | None
    issues: Findings
    warnings: Findings
    _source: Source = field(repr=False)  # holds hashes and keys

    def rows(self) -> Iterator[Row]:
        """Give every device, duplicates included.

        Raises:
            ValueError: The manifest has issues.
        """
        return self._checked().rows()

    def devices(self, first: int = 1) -> Iterator[Device]:
        """Give the devices to send, from number ``first`` on; raises like ``rows``."""
        return self._checked().devices(first)

    def _checked(self) -> Source:
        if self.issues.count:
            raise ValueError("a manifest with issues has no devices to send")
        return self._source
