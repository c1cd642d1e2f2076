"""The devices that a job has sent, as its manifest has them."""

from collections.abc import Iterator
from functools import cached_property
from itertools import batched, islice, repeat

from shared.config.limit_settings import MANIFEST_BYTES, Limits
from shared.job.faults import READ_OTHERWISE
from shared.job.status_document import Job, Upload
from shared.manifest import MAX_DEVICES, Row, RunningDigest, Source, reread
from shared.manifest.device import Device
from shared.workflow.ports import Storage
from shared.workflow.results_csv import unknown_rows

_MANY = 256  # rows that are digested together


class ReadOtherwiseError(Exception):
    """This version of the app reads other devices than the one that sent them: no outcome can be theirs for certain."""


class SentDevices:
    """The devices that a job has sent, read again from its manifest when they are needed."""

    def __init__(self, storage: Storage, job: Job, limits: Limits) -> None:
        """Read nothing yet."""
        self._storage = storage
        self._job = job
        # It was within bounds when it was accepted; a setting that has been lowered since must not end the following.
        self._max_devices = max(limits.devices, MAX_DEVICES)
        self._max_bytes = max(limits.manifest_bytes, MANIFEST_BYTES)
        self._next = 1

    def devices_of(self, upload: Upload) -> list[Device]:
        """Return an upload's devices; blank ones if the manifest is gone. Uploads must be asked for in their order.

        Raises:
            ReadOtherwiseError: The manifest has fewer.
        """
        skipped = upload.first_device - self._next
        self._next = upload.first_device + upload.device_count
        devices = list(islice(self._devices, skipped, skipped + upload.device_count))
        if len(devices) < upload.device_count:
            raise ReadOtherwiseError
        return devices

    def rows(self) -> Iterator[Row]:
        """Yield every row of the manifest; blank ones if it is gone. Nothing is read before the first is wanted.

        Raises:
            ReadOtherwiseError: After the last row, so that what has been written of them must be discarded.
        """
        if self._manifest is None:
            yield from self.unknown_rows()
            return
        digest = RunningDigest()
        for rows in batched(self._manifest.rows(), _MANY, strict=False):
            digest.add(row.device for row in rows if not row.duplicate)
            yield from rows
        if self._job.internal.digest not in (None, digest.text()):
            raise ReadOtherwiseError

    def unknown_rows(self) -> Iterator[Row]:
        """Return a blank row for each device that is sent, duplicates left out."""
        return unknown_rows(self._job.device_count or 0)

    @cached_property
    def _manifest(self) -> Source | None:
        content = self._storage.open(self._job.manifest, self._job.etag, fingerprint=False)
        # Rows of another reading would be next to outcomes of other devices.
        if content is None or self._job.internal.stopped == READ_OTHERWISE:
            return None
        return reread(
            content,
            max_bytes=self._max_bytes,
            has_duplicates=self._job.internal.has_duplicates,
            is_as_written=self._job.internal.is_as_written,
            max_devices=self._max_devices,
        )

    @cached_property
    def _devices(self) -> Iterator[Device]:
        return self._manifest.devices(1) if self._manifest else repeat(Device())
