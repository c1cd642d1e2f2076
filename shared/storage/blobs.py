"""The blobs of the data account: manifests are read, status and results blobs written.

The only file that knows the SDK for blobs. Every write of a status is conditional; see "Specifying conditional headers
for Blob service operations" in the Blob service REST reference.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    ContainerClient,
    ContentSettings,
    StorageErrorCode,
)
from urllib3.exceptions import HTTPError

from shared.job.blob_names import results_of, status_of
from shared.job.plausibility import LARGEST_STATUS, Foreign, read
from shared.job.record import Job, encode, timestamp
from shared.storage.manifest_content import ManifestContent, bare, open_blob, properties_of, reaching
from shared.workflow.ports import (
    BlobEntry,
    ConflictError,
    ManifestChangedError,
    Properties,
    ResultsBlob,
    StatusUnavailableError,
    Stored,
)

_STATUS_TYPE = ContentSettings(content_type="application/json; charset=utf-8")
_RESULTS_TYPE = ContentSettings(content_type="text/csv; charset=utf-8")

_CLIENTS = 256
"""Blob clients that are kept: as many as a few dozen threads use at a time."""

BLOCK = 4 * 2**20
"""Bytes of results that are sent at once."""


class Storage:
    """The blobs of the manifests' container."""

    def __init__(self, container: ContainerClient) -> None:
        """Work in ``container``."""
        self._container = container
        self._blob = lru_cache(_CLIENTS)(container.get_blob_client)  # making one takes a tenth of a call

    def load(self, manifest: str) -> Stored | Foreign | None:
        """Read a manifest's job; ``None`` if it has no status blob, ``Foreign`` if that is none of this app's.

        Raises:
            ConflictError: It was replaced or deleted while it was being read.
            StatusUnavailableError: It cannot be read now.
        """
        with _reaching_status():
            try:
                download = self._blob(status_of(manifest)).download_blob(decompress=False)
            except ResourceNotFoundError as error:
                _require_container(error)
                return None
            properties = download.properties
            if download.size > LARGEST_STATUS:
                job: Job | str = "too large"
            else:
                try:
                    job = read(download.readall(), manifest)
                except (ResourceModifiedError, ResourceNotFoundError):  # between two ranges
                    raise ConflictError(manifest) from None
        if isinstance(job, Job):
            return Stored(job, properties.etag)
        return Foreign(job, properties.etag, properties.last_modified, (properties.metadata or {}).get("etag"))

    def save(self, job: Job, version: str | None) -> Stored:
        """Write a job over the ``version`` it was read as; ``None``: there must be none yet.

        Raises:
            ConflictError: Somebody else was first.
            StatusUnavailableError: It cannot be written.
        """
        with _reaching_status():
            try:
                answer = self._blob(status_of(job.manifest)).upload_blob(
                    encode(job),
                    content_settings=_STATUS_TYPE,
                    metadata=_metadata(job),
                    overwrite=True,
                    **_over(version),
                )
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return self._own_write(job)
        return Stored(job, answer["etag"])

    def _own_write(self, job: Job) -> Stored:
        """Recognise a write whose answer was lost and that the SDK, repeating it, met as a conflict."""
        stored = self.load(job.manifest)
        if not isinstance(stored, Stored) or stored.job != job:
            raise ConflictError(job.manifest) from None
        return stored

    def open(self, manifest: str, etag: str | None = None) -> ManifestContent | None:
        """Begin to read a manifest, of the ``etag`` if one is given; ``None`` if it is gone.

        Raises:
            ManifestChangedError: It has another ETag by now.
            StorageUnavailableError: It cannot be told now.
        """
        with reaching(manifest):
            try:
                return ManifestContent(self._blob(manifest), open_blob(self._blob(manifest), etag))
            except ResourceNotFoundError as error:
                _require_container(error)
                return None
            except ManifestChangedError:
                if self.look(manifest) is None:  # Azure answers 404 to a condition on a missing blob, Azurite 412
                    return None
                raise

    def look(self, manifest: str) -> Properties | None:
        """Read a manifest's properties; ``None`` if it is gone; raises ``StorageUnavailableError``."""
        with reaching(manifest):
            try:
                properties = properties_of(self._blob(manifest).get_blob_properties())
            except ResourceNotFoundError:
                return None
        return properties

    def results(self, manifest: str) -> ResultsBlob | None:
        """Read whose results are next to a manifest, if any; raises ``StorageUnavailableError``."""
        with reaching(manifest):
            try:
                found = self._blob(results_of(manifest)).get_blob_properties()
            except ResourceNotFoundError:
                return None
        return ResultsBlob(found.etag, (found.metadata or {}).get("run", ""))

    def write_results(self, job: Job, pieces: Iterable[bytes], over: ResultsBlob | None) -> str:
        """Write a job's results over those that were seen, and return the blob's name.

        Raises:
            ConflictError: Others have been written, or these deleted, meanwhile.
            StorageUnavailableError: They cannot be written now.
        """
        name = results_of(job.manifest)
        with reaching(job.manifest):
            try:
                self._write(
                    self._blob(name), pieces, metadata={"run": str(job.internal.run)}, **_over(over and over.etag)
                )
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                found = self.results(job.manifest)
                if found is None or found.run != str(job.internal.run):
                    raise ConflictError(job.manifest) from None
        return name

    def _write(self, blob: BlobClient, pieces: Iterable[bytes], **options: Any) -> None:  # noqa: ANN401 - the SDK's
        """Send small results at once, large ones in blocks that become one blob at the end."""
        blocks, waiting = list[BlobBlock](), b""
        for piece in pieces:
            waiting += piece
            if len(waiting) >= BLOCK:
                blocks.append(BlobBlock(f"{len(blocks):08}"))
                blob.stage_block(blocks[-1].id, waiting)
                waiting = b""
        if not blocks:
            blob.upload_blob(waiting, overwrite=True, content_settings=_RESULTS_TYPE, **options)
            return
        blocks.append(BlobBlock(f"{len(blocks):08}"))
        blob.stage_block(blocks[-1].id, waiting)
        blob.commit_block_list(blocks, content_settings=_RESULTS_TYPE, **options)

    def delete_results(self, manifest: str, seen: ResultsBlob) -> None:
        """Delete the results that were seen.

        Raises:
            ConflictError: There are others by now.
            StorageUnavailableError: They cannot be deleted now.
        """
        with reaching(manifest), suppress(ResourceNotFoundError):
            try:
                self._blob(results_of(manifest)).delete_blob(
                    etag=seen.etag, match_condition=MatchConditions.IfNotModified
                )
            except ResourceModifiedError as error:
                raise ConflictError(manifest) from error

    def listing(self, prefix: str = "") -> Iterator[BlobEntry]:
        """List the container in the order of names, metadata included, page by page, without reading blobs."""
        for blob in self._container.list_blobs(name_starts_with=prefix or None, include=["metadata"]):
            metadata = {name: value or "" for name, value in (blob.metadata or {}).items()}  # empty ones come as None
            yield BlobEntry(blob.name, bare(blob.etag), blob.last_modified, metadata)


def _require_container(error: ResourceNotFoundError) -> None:
    """Tell a missing container, which is a wrong setting, from a missing blob, which is none."""
    if getattr(error, "error_code", None) == StorageErrorCode.CONTAINER_NOT_FOUND:
        raise error


@contextmanager
def _reaching_status() -> Iterator[None]:
    """Turn what the SDK raises for a status into the one fault that no job can record."""
    try:
        yield
    except (AzureError, HTTPError) as error:
        reason = getattr(error, "error_code", None) or type(error).__name__
        raise StatusUnavailableError(str(reason)) from error


def _over(version: str | None) -> dict[str, Any]:
    """Return the condition of a write over a version; over ``None``, there must be no blob yet."""
    if version is None:
        return {"match_condition": MatchConditions.IfMissing}
    return {"etag": version, "match_condition": MatchConditions.IfNotModified}


def _metadata(job: Job) -> dict[str, str]:
    """Repeat what tells an overdue job, so that a listing is enough to find it."""
    due = timestamp(job.due) if job.due else ""
    return {"state": job.state, "etag": job.etag, "due": due, "run": str(job.internal.run)}
