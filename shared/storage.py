"""The data account: manifests are read, status and results blobs written, wake-ups queued.

The only file that knows the storage SDKs. Every write of a status is conditional; see "Specifying conditional headers
for Blob service operations" in the Blob service REST reference.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContainerClient, ContentSettings, StorageStreamDownloader
from azure.storage.queue import QueueClient

from shared.job import Job, decode, encode, timestamp
from shared.names import marks_directory, results_of, status_of
from shared.services import BlobEntry, ConflictError, ManifestChangedError, StorageUnavailableError, Stored
from shared.wake_up import WakeUp

_STATUS_TYPE = ContentSettings(content_type="application/json; charset=utf-8")
_RESULTS_TYPE = ContentSettings(content_type="text/csv; charset=utf-8")

LONGEST_DELAY = 7 * 24 * 3600
"""Seconds that a queue message can stay invisible (Queue service REST reference, Put Message)."""


class ManifestContent:
    """A manifest's bytes, pinned to the ETag of the first request, readable again from the start."""

    def __init__(self, container: ContainerClient, name: str, first: StorageStreamDownloader[bytes]) -> None:
        """Hold on to the answer of the ``first`` request, so that a small manifest is read with one."""
        properties = first.properties
        self.etag = _bare(properties.etag)
        self.size: int = properties.size
        self.modified: datetime = properties.last_modified
        self.is_directory = marks_directory(properties.metadata or {})
        self._container = container
        self._name = name
        self._first: StorageStreamDownloader[bytes] | None = first

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes from the first to the last, in pieces of a few MB.

        Raises:
            ManifestChangedError: It was overwritten or deleted meanwhile.
            StorageUnavailableError: It cannot be read now.
        """
        first, self._first = self._first, None
        with _reaching(self._name):
            try:
                yield from (first or _open(self._container, self._name, self.etag)).chunks()
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise ManifestChangedError(self._name) from error


class Storage:
    """The blobs of the manifests' container."""

    def __init__(self, container: ContainerClient) -> None:
        """Work in ``container``."""
        self._container = container

    def load(self, manifest: str) -> Stored | None:
        """Read a manifest's job; ``None`` if it has no status blob.

        Raises:
            msgspec.DecodeError: The status blob is not one that this version of the app can have written.
        """
        try:
            download = self._container.download_blob(status_of(manifest))
        except ResourceNotFoundError:
            return None
        return Stored(decode(download.readall()), download.properties.etag)

    def save(self, job: Job, version: str | None) -> Stored:
        """Write a job over the ``version`` it was read as; ``None``: there must be none yet.

        Raises:
            ConflictError: Somebody else was first.
        """
        condition: dict[str, Any] = (
            {"overwrite": True, "etag": version, "match_condition": MatchConditions.IfNotModified}
            if version
            else {"overwrite": False}
        )
        try:
            answer = self._container.get_blob_client(status_of(job.manifest)).upload_blob(
                encode(job),
                content_settings=_STATUS_TYPE,
                metadata=_metadata(job),
                **condition,
            )
        except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
            return self._own_write(job)
        return Stored(job, answer["etag"])

    def _own_write(self, job: Job) -> Stored:
        """Recognise a write whose answer was lost and that the SDK, repeating it, met as a conflict."""
        stored = self.load(job.manifest)
        if stored is None or stored.job != job:
            raise ConflictError(job.manifest) from None
        return stored

    def open(self, manifest: str, etag: str | None = None) -> ManifestContent | None:
        """Begin to read a manifest, of the ``etag`` if one is given; ``None`` if it is gone.

        Raises:
            ManifestChangedError: It has another ETag by now.
            StorageUnavailableError: It cannot be told now.
        """
        with _reaching(manifest):
            try:
                return ManifestContent(self._container, manifest, _open(self._container, manifest, etag))
            except ResourceNotFoundError:
                return None
            except ManifestChangedError:
                if self.etag(manifest) is None:  # Azure answers 404 to a condition on a missing blob, Azurite 412
                    return None
                raise

    def etag(self, manifest: str) -> str | None:
        """Ask for a manifest's current ETag; ``None`` if it is gone; raises ``StorageUnavailableError``."""
        with _reaching(manifest):
            try:
                return _bare(self._container.get_blob_client(manifest).get_blob_properties().etag)
            except ResourceNotFoundError:
                return None

    def write_results(self, manifest: str, results: bytes) -> str:
        """Write the device results beside a manifest and give the blob's name; raises ``StorageUnavailableError``."""
        name = results_of(manifest)
        with _reaching(manifest):
            self._container.upload_blob(name, results, overwrite=True, content_settings=_RESULTS_TYPE)
        return name

    def delete_results(self, manifest: str) -> None:
        """Delete the device results of an earlier run, if there are any; raises ``StorageUnavailableError``."""
        with _reaching(manifest), suppress(ResourceNotFoundError):
            self._container.delete_blob(results_of(manifest))

    def listing(self, prefix: str = "") -> Iterator[BlobEntry]:
        """List the container in the order of names, metadata included, page by page, without reading blobs."""
        for blob in self._container.list_blobs(name_starts_with=prefix or None, include=["metadata"]):
            metadata = {name: value or "" for name, value in (blob.metadata or {}).items()}  # empty ones come as None
            yield BlobEntry(blob.name, _bare(blob.etag), blob.last_modified, metadata)


class WakeUpQueue:
    """The queue of wake-ups."""

    def __init__(self, queue: QueueClient) -> None:
        """Send to ``queue``, whose client encodes messages as the host's queue trigger expects."""
        self._queue = queue

    def send(self, wake_up: WakeUp, delay: timedelta) -> None:
        """Queue a wake-up that shows itself after ``delay``, rounded up to seconds."""
        seconds = min(max(0, ceil(delay.total_seconds())), LONGEST_DELAY)
        self._queue.send_message(wake_up.encode(), visibility_timeout=seconds, time_to_live=-1)

    def count(self) -> int:
        """Tell about how many wake-ups the queue holds, those included that do not show themselves yet."""
        return int(self._queue.get_queue_properties().approximate_message_count or 0)


def _open(container: ContainerClient, name: str, etag: str | None) -> StorageStreamDownloader[bytes]:
    condition: dict[str, Any] = {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified} if etag else {}
    try:
        download: StorageStreamDownloader[bytes] = container.download_blob(name, **condition)
    except ResourceModifiedError as error:
        raise ManifestChangedError(name) from error
    return download


@contextmanager
def _reaching(manifest: str) -> Iterator[None]:
    """Turn what the SDK raises, once its own retries are used up, into what a job waits for."""
    try:
        yield
    except AzureError as error:
        raise StorageUnavailableError(manifest) from error


def _metadata(job: Job) -> dict[str, str]:
    """Repeat what tells an overdue job, so that a listing is enough to find it."""
    return {"state": job.state, "etag": job.etag, "due": timestamp(job.due) if job.due else ""}


def _bare(etag: str | None) -> str:
    return (etag or "").strip('"')  # a listing gives ETags without quotes, every other answer with them
