"""The blob in which the app's processes report to each other what Partner Center's quotas are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property

from azure.core.exceptions import (
    AzureError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobClient, ContainerClient
from urllib3.exceptions import HTTPError

from shared.storage import sdk
from shared.workflow.exchange import BoardUnavailableError

LARGEST = 2**20
"""Bytes that are read: the quotas of thousands of customers, and thousands of calls."""


class NoticeBoard:
    """One blob, written under a condition."""

    def __init__(self, container: Callable[[], ContainerClient], name: str) -> None:
        """Use the blob ``name`` in a container; its client, and both, are made when they are needed: not in calm."""
        self._connect = container
        self._name = name

    @cached_property
    def _container(self) -> ContainerClient:
        return self._connect()

    @cached_property
    def _blob(self) -> BlobClient:
        return self._container.get_blob_client(self._name)

    def read(self) -> tuple[bytes | None, str | None]:
        """Return its content, ``None`` if there is none or it is none of the app's, and its ETag.

        Raises:
            BoardUnavailableError: It cannot be read.
        """
        with _reaching():
            try:
                download = self._blob.download_blob(decompress=False)
            except ResourceNotFoundError:
                return None, None
            return (download.readall() if download.size <= LARGEST else None), download.properties.etag

    def write(self, data: bytes, over: str | None) -> bool:
        """Write it over the ETag that was read; return ``False`` if another process has written meanwhile.

        Raises:
            BoardUnavailableError: It cannot be written.
        """
        with _reaching():
            try:
                self._blob.upload_blob(data, overwrite=True, **sdk.condition_over(over))
            except (ResourceExistsError, ResourceModifiedError):
                return False
            except ResourceNotFoundError:
                self._create_container()
                return False
        return True

    def _create_container(self) -> None:
        # Another process may have created it meanwhile.
        with suppress(ResourceExistsError):
            self._container.create_container()


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    # The SDK does not translate all errors of urllib3; of an answer whose headers it cannot read, it says ValueError.
    except (AzureError, HTTPError, ValueError) as error:
        raise BoardUnavailableError(sdk.reason_of(error)) from error
