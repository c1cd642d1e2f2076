"""A manifest's bytes, read from its blob in ranges of one ETag."""

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
    """A manifest's bytes, all of the ETag of the first request; they can be read more than once."""

    def __init__(self, blob: BlobClient, first: StorageStreamDownloader[bytes], *, fingerprint: bool = True) -> None:
        """Keep the answer to the ``first`` request, which has all bytes of a small manifest.

        Without ``fingerprint``, that of a blob which the storage has none of is not computed.
        """
        properties = first.properties
        self.size: int = properties.size
        self.modified: datetime = properties.last_modified
        self.is_directory = marks_directory(properties.metadata or {})
        self.properties = properties_of(properties)
        self._blob = blob
        self._is_hashed = fingerprint
        self._first: StorageStreamDownloader[bytes] | None = first

    def chunks(self) -> Iterator[bytes]:
        """Return all bytes, in pieces of a few MB.

        Raises:
            ManifestChangedError: The blob has been overwritten or deleted.
            StorageUnavailableError: It cannot be read.
        """
        first, self._first = self._first, None
        # The storage computes Content-MD5 only for a blob that was written in one request, not in blocks.
        # What the first reading has computed, the second need not: all bytes are of one ETag.
        digest = sha256() if self._is_hashed and not self.properties.content else None
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
        # The SDK does not notice an answer that is cut short.
        if left:
            raise StorageUnavailableError(self._blob.blob_name)
        if digest:
            self.properties = self.properties._replace(content=f"sha256 {digest.hexdigest()}")


def open_blob(blob: BlobClient, etag: str | None) -> StorageStreamDownloader[bytes]:
    """Begin to read a blob; raises ``ManifestChangedError`` if an ``etag`` is given and the blob has another."""
    condition: dict[str, Any] = {"etag": f'"{etag}"', "match_condition": MatchConditions.IfNotModified} if etag else {}
    # The SDK would decompress a blob with a Content-Encoding without a bound on its size.
    try:
        download: StorageStreamDownloader[bytes] = blob.download_blob(decompress=False, **condition)
    except ResourceModifiedError as error:
        raise ManifestChangedError(blob.blob_name) from error
    return download


def properties_of(blob: BlobProperties) -> Properties:
    """Return what the storage knows of a manifest: ETag, fingerprint and time of creation."""
    md5 = blob.content_settings.content_md5
    content = f"md5 {bytes(md5).hex()} {blob.size}" if md5 else None
    created = blob.creation_time.replace(microsecond=0) if blob.creation_time else None
    return Properties(bare(blob.etag), content, created)


@contextmanager
def reaching(manifest: str) -> Iterator[None]:
    """Raise ``StorageUnavailableError`` for every error of the SDK, whose own retries are used up by then."""
    try:
        yield
    # The SDK does not translate all errors of urllib3.
    except (AzureError, HTTPError) as error:
        raise StorageUnavailableError(manifest) from error


def bare(etag: str | None) -> str:
    """Return an ETag without quotes, as a listing has it; every other answer has it in quotes."""
    return (etag or "").strip('"')
