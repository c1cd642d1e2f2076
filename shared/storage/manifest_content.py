"""A manifest's bytes as they are read from its blob, in ranges that are pinned to one ETag."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties, StorageStreamDownloader
from urllib3.exceptions import HTTPError

from shared.job.blob_names import marks_directory
from shared.workflow.ports import ManifestChangedError, Properties, StorageUnavailableError

if TYPE_CHECKING:
    from datetime import datetime


class ManifestContent:
    """A manifest's bytes, pinned to the ETag of the first request, readable again from the start."""

    def __init__(self, blob: BlobClient, first: StorageStreamDownloader[bytes]) -> None:
        """Hold on to the answer of the ``first`` request, so that a small manifest is read with one."""
        properties = first.properties
        self.size: int = properties.size
        self.modified: datetime = properties.last_modified
        self.is_directory = marks_directory(properties.metadata or {})
        self.properties = properties_of(properties)
        self._blob = blob
        self._first: StorageStreamDownloader[bytes] | None = first

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes from the first to the last, in pieces of a few MB.

        Raises:
            ManifestChangedError: It was overwritten or deleted meanwhile.
            StorageUnavailableError: It cannot be read now.
        """
        first, self._first = self._first, None
        # A blob that was written in blocks has no Content-MD5, unless its writer gave one.
        digest = None if self.properties.content else sha256()
        left = self.size
        with reaching(self._blob.blob_name):
            try:
                for chunk in (first or open_blob(self._blob, self.properties.etag)).chunks():
                    left -= len(chunk)
                    if digest:
                        digest.update(chunk)
                    yield chunk
            except (ResourceModifiedError, ResourceNotFoundError) as error:
                raise ManifestChangedError(self._blob.blob_name) from error
        if left:  # the SDK takes a range for whole that an answer has cut short
            raise StorageUnavailableError(self._blob.blob_name)
        if digest:
            self.properties = self.properties._replace(content=f"sha256 {digest.hexdigest()}")


def open_blob(blob: BlobClient, etag: str | None) -> StorageStreamDownloader[bytes]:
    """Begin to read a blob, of the ``etag`` if one is given; raises ``ManifestChangedError`` if it has another."""
    condition: dict[str, Any] = {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified} if etag else {}
    try:  # what the SDK unpacks by itself, of a blob with a Content-Encoding, has no bounds
        download: StorageStreamDownloader[bytes] = blob.download_blob(decompress=False, **condition)
    except ResourceModifiedError as error:
        raise ManifestChangedError(blob.blob_name) from error
    return download


def properties_of(blob: BlobProperties) -> Properties:
    """Return what the storage says of a manifest."""
    md5 = blob.content_settings.content_md5
    content = f"md5 {bytes(md5).hex()} {blob.size}" if md5 else None
    created = blob.creation_time.replace(microsecond=0) if blob.creation_time else None
    return Properties(bare(blob.etag), content, created)


@contextmanager
def reaching(manifest: str) -> Iterator[None]:
    """Turn what the SDK raises, once its own retries are used up, into what a job waits for."""
    try:
        yield
    except (AzureError, HTTPError) as error:  # the SDK lets some of the connection's own faults through
        raise StorageUnavailableError(manifest) from error


def bare(etag: str | None) -> str:
    """Return an ETag without quotes."""
    return (etag or "").strip('"')  # a listing gives ETags without quotes, every other answer with them
