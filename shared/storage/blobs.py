"""The blobs of the container: reads manifests and status blobs, writes status and results blobs.

Every write of a status is conditional; see "Specifying conditional headers
for Blob service operations" in the Blob service REST reference.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any
from uuid import uuid4

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
from shared.job.status_document import Job, encode
from shared.job.status_metadata import is_marked, metadata_of
from shared.storage.manifest_content import ManifestContent, bare, open_blob, properties_of, reaching
from shared.storage.sdk import condition_over, reason_of
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
"""Blob clients that are cached: as many as a few dozen threads use at a time."""

BLOCK = 4 * 2**20
"""Bytes of results that one request sends."""


class Storage:
    """The blobs of the manifests' container."""

    def __init__(self, container: ContainerClient) -> None:
        """Work in ``container``."""
        self._container = container
        # Making a client takes a tenth of the time of a call.
        self._blob = lru_cache(_CLIENTS)(container.get_blob_client)

    def load(self, manifest: str) -> Stored | Foreign | None:
        """Read a manifest's job; ``None`` if it has no status blob, ``Foreign`` if this app did not write that.

        Raises:
            ConflictError: It was replaced or deleted while it was being read.
            StatusUnavailableError: It cannot be read.
        """
        with _reaching_status():
            try:
                download = self._blob(status_of(manifest)).download_blob(decompress=False)
            except ResourceNotFoundError as error:
                _require_container(error)
                return None
            properties = download.properties
            # Anyone with access to the container may write here: no more is read than this app ever writes.
            if download.size > LARGEST_STATUS:
                job: Job | str = "too large"
            else:
                try:
                    job = read(download.readall(), manifest)
                # A large one is read in several ranges, all of the same ETag.
                except (ResourceModifiedError, ResourceNotFoundError):
                    raise ConflictError(manifest) from None
        if isinstance(job, Job):
            return Stored(job, properties.etag, is_marked(job, properties.metadata or {}))
        return Foreign(job, properties.etag, properties.last_modified, (properties.metadata or {}).get("etag"))

    def save(self, job: Job, version: str | None) -> Stored:
        """Write a job over ``version``, the ETag that it was read with; with ``None``, only if there is no status yet.

        Raises:
            ConflictError: Somebody else wrote it first.
            StatusUnavailableError: It cannot be written.
        """
        with _reaching_status():
            try:
                answer = self._blob(status_of(job.manifest)).upload_blob(
                    encode(job),
                    content_settings=_STATUS_TYPE,
                    metadata=metadata_of(job),
                    overwrite=True,
                    **condition_over(version),
                )
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
                return self._own_write(job)
        return Stored(job, answer["etag"])

    def _own_write(self, job: Job) -> Stored:
        """Return the stored job if it is ``job``: its write was not answered, and the SDK's retry met a conflict."""
        stored = self.load(job.manifest)
        if not isinstance(stored, Stored) or stored.job != job:
            raise ConflictError(job.manifest) from None
        return stored

    def open(self, manifest: str, etag: str | None = None, *, fingerprint: bool = True) -> ManifestContent | None:
        """Begin to read a manifest, of this ``etag`` if it is not ``None``; return ``None`` if the blob does not exist.

        Without ``fingerprint``, that of a large manifest, which takes time, is not computed.

        Raises:
            ManifestChangedError: It has another ETag by now.
            StorageUnavailableError: It cannot be read.
        """
        with reaching(manifest):
            try:
                first = open_blob(self._blob(manifest), etag)
                return ManifestContent(self._blob(manifest), first, fingerprint=fingerprint)
            except ResourceNotFoundError as error:
                _require_container(error)
                return None
            except ManifestChangedError:
                # To a condition on a missing blob Azure answers 404, Azurite 412.
                if self.properties(manifest) is None:
                    return None
                raise

    def properties(self, manifest: str) -> Properties | None:
        """Read a manifest's properties; ``None`` if it does not exist; raises ``StorageUnavailableError``."""
        with reaching(manifest):
            try:
                properties = properties_of(self._blob(manifest).get_blob_properties())
            except ResourceNotFoundError:
                return None
        return properties

    def results(self, manifest: str) -> ResultsBlob | None:
        """Return which run's results are next to a manifest, if any; raises ``StorageUnavailableError``."""
        with reaching(manifest):
            try:
                found = self._blob(results_of(manifest)).get_blob_properties()
            except ResourceNotFoundError:
                return None
        return ResultsBlob(found.etag, (found.metadata or {}).get("run", ""))

    def write_results(self, job: Job, pieces: Iterable[bytes], over: ResultsBlob | None) -> str:
        """Write a job's results over those read before, ``None`` for none, and return the blob's name.

        Raises:
            ConflictError: Results have been written, or those deleted, meanwhile; perhaps by a retry of the SDK.
            StorageUnavailableError: They cannot be written.
        """
        name = results_of(job.manifest)
        with reaching(job.manifest):
            try:
                self._write(
                    self._blob(name),
                    pieces,
                    metadata={"run": str(job.internal.run)},
                    **condition_over(over and over.etag),
                )
            # Whatever the metadata of those there say: whoever reads the run in the status can repeat it.
            except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError) as error:
                raise ConflictError(job.manifest) from error
        return name

    def _write(self, blob: BlobClient, pieces: Iterable[bytes], **options: Any) -> None:  # noqa: ANN401 - the SDK's
        """Send small results in one request, large ones in blocks that become visible together at the end."""
        blocks, waiting = list[BlobBlock](), b""
        # Another process may stage blocks of its own meanwhile; by the same ids, each would commit the other's.
        writer = uuid4().hex
        for piece in pieces:
            waiting += piece
            if len(waiting) >= BLOCK:
                blocks.append(BlobBlock(f"{writer}{len(blocks):08}"))
                blob.stage_block(blocks[-1].id, waiting)
                waiting = b""
        if not blocks:
            blob.upload_blob(waiting, overwrite=True, content_settings=_RESULTS_TYPE, **options)
            return
        blocks.append(BlobBlock(f"{writer}{len(blocks):08}"))
        blob.stage_block(blocks[-1].id, waiting)
        blob.commit_block_list(blocks, content_settings=_RESULTS_TYPE, **options)

    def delete_results(self, manifest: str, seen: ResultsBlob) -> None:
        """Delete the results that were read before.

        Raises:
            ConflictError: There are other results by now.
            StorageUnavailableError: They cannot be deleted.
        """
        with reaching(manifest), suppress(ResourceNotFoundError):
            try:
                self._blob(results_of(manifest)).delete_blob(
                    etag=seen.etag, match_condition=MatchConditions.IfNotModified
                )
            except ResourceModifiedError as error:
                raise ConflictError(manifest) from error

    def listing(self, prefix: str = "") -> Iterator[BlobEntry]:
        """List the container in the order of names, with metadata; pages are requested as they are needed."""
        for blob in self._container.list_blobs(name_starts_with=prefix or None, include=["metadata"]):
            # The SDK returns an empty value as None.
            metadata = {name: value or "" for name, value in (blob.metadata or {}).items()}
            yield BlobEntry(blob.name, bare(blob.etag), blob.last_modified, metadata)


def _require_container(error: ResourceNotFoundError) -> None:
    """Raise the error again if the container is missing, which is a wrong setting; a missing blob is no error."""
    if getattr(error, "error_code", None) == StorageErrorCode.CONTAINER_NOT_FOUND:
        raise error


@contextmanager
def _reaching_status() -> Iterator[None]:
    """Raise ``StatusUnavailableError`` for every error of the SDK; no job can record such an error."""
    try:
        yield
    except (AzureError, HTTPError) as error:
        raise StatusUnavailableError(reason_of(error)) from error
