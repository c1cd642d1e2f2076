"""The blobs of the data account: manifests are read, status and results blobs written.

The only file that knows the SDK for blobs. Every write of a status is conditional; see "Specifying conditional headers
for Blob service operations" in the Blob service REST reference.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobClient, ContainerClient, ContentSettings, StorageErrorCode, StorageStreamDownloader
from urllib3.exceptions import HTTPError

from shared.job.blob_names import marks_directory, results_of, status_of
from shared.job.record import Job, decode, encode, timestamp
from shared.workflow.ports import BlobEntry, ConflictError, ManifestChangedError, StorageUnavailableError, Stored

if TYPE_CHECKING:
    from datetime import datetime

_STATUS_TYPE = ContentSettings(content_type="application/json; charset=utf-8")
_RESULTS_TYPE = ContentSettings(content_type="text/csv; charset=utf-8")

_CLIENTS = 256
"""Blob clients that are kept: as many as a few dozen threads use at a time."""

LARGEST_FOREIGN = 2**20
"""Bytes of a status blob that somebody else has written, which are read all the same: they may be a copy of ours."""


class UnreadableStatusError(Exception):
    """A status blob that holds something else: somebody else has written it, or a later version of the app."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} is no status of this app ({reason}). Delete it, and drop the manifest again.")


class ManifestContent:
    """A manifest's bytes, pinned to the ETag of the first request, readable again from the start."""

    def __init__(self, blob: BlobClient, first: StorageStreamDownloader[bytes]) -> None:
        """Hold on to the answer of the ``first`` request, so that a small manifest is read with one."""
        properties = first.properties
        self.etag = _bare(properties.etag)
        self.size: int = properties.size
        self.modified: datetime = properties.last_modified
        self.is_directory = marks_directory(properties.metadata or {})
        self._blob = blob
        self._first: StorageStreamDownloader[bytes] | None = first

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes from the first to the last, in pieces of a few MB.

        Raises:
            ManifestChangedError: It was overwritten or deleted meanwhile.
            StorageUnavailableError: It cannot be read now.
        """
        first, self._first = self._first, None
        left = self.size
        with _reaching(self._blob.blob_name):
            try:
                for chunk in (first or _open(self._blob, self.etag)).chunks():
                    left -= len(chunk)
                    yield chunk
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise ManifestChangedError(self._blob.blob_name) from error
        if left:  # the SDK takes a range for whole that an answer has cut short
            raise StorageUnavailableError(self._blob.blob_name)


class Storage:
    """The blobs of the manifests' container."""

    def __init__(self, container: ContainerClient) -> None:
        """Work in ``container``."""
        self._container = container
        self._blob = lru_cache(_CLIENTS)(container.get_blob_client)  # making one takes a tenth of a call

    def load(self, manifest: str) -> Stored | None:
        """Read a manifest's job; ``None`` if it has no status blob.

        Raises:
            UnreadableStatusError: The status blob is not one that this version of the app can have written.
            ConflictError: It was replaced or deleted while it was being read.
        """
        try:
            download = self._blob(status_of(manifest)).download_blob(decompress=False)
        except ResourceNotFoundError as error:
            _require_container(error)
            return None
        if "state" not in (download.properties.metadata or {}) and download.size > LARGEST_FOREIGN:
            raise UnreadableStatusError(status_of(manifest), "too large")
        try:
            return Stored(decode(download.readall()), download.properties.etag)
        except (ValueError, RecursionError) as error:
            reason = type(error).__name__  # its text may hold anything
            raise UnreadableStatusError(status_of(manifest), reason) from None
        except (ResourceModifiedError, ResourceNotFoundError):  # between two ranges
            raise ConflictError(manifest) from None

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
            answer = self._blob(status_of(job.manifest)).upload_blob(
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
                return ManifestContent(self._blob(manifest), _open(self._blob(manifest), etag))
            except ResourceNotFoundError as error:
                _require_container(error)
                return None
            except ManifestChangedError:
                if self.etag(manifest) is None:  # Azure answers 404 to a condition on a missing blob, Azurite 412
                    return None
                raise

    def etag(self, manifest: str) -> str | None:
        """Ask for a manifest's current ETag; ``None`` if it is gone; raises ``StorageUnavailableError``."""
        with _reaching(manifest):
            try:
                return _bare(self._blob(manifest).get_blob_properties().etag)
            except ResourceNotFoundError:
                return None

    def write_results(self, manifest: str, results: bytes) -> str:
        """Write the device results beside a manifest and give the blob's name; raises ``StorageUnavailableError``."""
        name = results_of(manifest)
        with _reaching(manifest):
            self._blob(name).upload_blob(results, overwrite=True, content_settings=_RESULTS_TYPE)
        return name

    def delete_results(self, manifest: str) -> None:
        """Delete the device results of an earlier run, if there are any; raises ``StorageUnavailableError``."""
        with _reaching(manifest), suppress(ResourceNotFoundError):
            self._blob(results_of(manifest)).delete_blob()

    def listing(self, prefix: str = "") -> Iterator[BlobEntry]:
        """List the container in the order of names, metadata included, page by page, without reading blobs."""
        for blob in self._container.list_blobs(name_starts_with=prefix or None, include=["metadata"]):
            metadata = {name: value or "" for name, value in (blob.metadata or {}).items()}  # empty ones come as None
            yield BlobEntry(blob.name, _bare(blob.etag), blob.last_modified, metadata)


def _open(blob: BlobClient, etag: str | None) -> StorageStreamDownloader[bytes]:
    condition: dict[str, Any] = {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified} if etag else {}
    try:  # what the SDK unpacks by itself, of a blob with a Content-Encoding, has no bounds
        download: StorageStreamDownloader[bytes] = blob.download_blob(decompress=False, **condition)
    except ResourceModifiedError as error:
        raise ManifestChangedError(blob.blob_name) from error
    return download


def _require_container(error: ResourceNotFoundError) -> None:
    """Tell a missing container, which is a wrong setting, from a missing blob, which is none."""
    if getattr(error, "error_code", None) == StorageErrorCode.CONTAINER_NOT_FOUND:
        raise error


@contextmanager
def _reaching(manifest: str) -> Iterator[None]:
    """Turn what the SDK raises, once its own retries are used up, into what a job waits for."""
    try:
        yield
    except (AzureError, HTTPError) as error:  # the SDK lets some of the connection's own faults through
        raise StorageUnavailableError(manifest) from error


def _metadata(job: Job) -> dict[str, str]:
    """Repeat what tells an overdue job, so that a listing is enough to find it."""
    return {"state": job.state, "etag": job.etag, "due": timestamp(job.due) if job.due else ""}


def _bare(etag: str | None) -> str:
    return (etag or "").strip('"')  # a listing gives ETags without quotes, every other answer with them
