"""What a sweep costs, counted at the wire: pages of the listing, and nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import override

import pytest
from azure.storage.blob import ContainerClient
from requests.structures import CaseInsensitiveDict

from local.stand_ins.web import Request, Response, Server, Site
from shared.job.blob_names import status_of
from shared.storage.blobs import Storage
from shared.workflow.sweep import Sweep
from tests.fakes import Clock, FakeQueue

CLOCK = Clock()
PAGE = 5000
"""Blobs in a page (Blob service REST reference, List Blobs)."""

BLOB = (
    "<Blob><Name>{name}</Name><Properties><Last-Modified>{modified}</Last-Modified><Etag>0x1</Etag>"
    "<BlobType>BlockBlob</BlobType></Properties><Metadata>{metadata}</Metadata></Blob>"
)
AT_REST = "<state>completed</state><etag>{etag}</etag><due></due>"


@dataclass(eq=False)
class Account(Site):
    """A storage account that lists manifests and their statuses, all at rest but one, and knows nothing else."""

    blobs: int
    page: int
    requests: list[Request] = field(default_factory=list)

    @override
    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        start = int(request.query.get("marker", "0"))
        end = min(start + self.page, self.blobs)
        blobs = "".join(map(self._blob, range(start, end)))
        marker = end if end < self.blobs else ""
        body = f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>"
        return Response(200, CaseInsensitiveDict({"Content-Type": "application/xml"}), body.encode())

    def _blob(self, number: int) -> str:
        name = f"customer/batch/{number // 2:06}.json"
        modified = format_datetime(CLOCK.now - timedelta(days=6), usegmt=True)
        if number % 2 == 0:
            return BLOB.format(name=name, modified=modified, metadata="")
        etag = "0x0" if number + 1 == self.blobs else "0x1"
        return BLOB.format(name=status_of(name), modified=modified, metadata=AT_REST.format(etag=etag))


@contextmanager
def storage(account: Account) -> Iterator[Storage]:
    with Server(account) as server, ContainerClient(f"{server.url}/account", "manifests") as container:
        yield Storage(container)


@pytest.mark.parametrize(
    ("blobs", "page"),
    [(5_000, 250), pytest.param(100_000, PAGE, marks=[pytest.mark.soak, pytest.mark.timeout(300)])],
)
def test_a_sweep_asks_for_the_pages_of_the_listing_and_reads_no_blob(blobs: int, page: int) -> None:
    account, queue = Account(blobs, page), FakeQueue(CLOCK)
    with storage(account) as listed:
        assert Sweep(listed, queue, CLOCK).run() == 1
    assert [wake_up.manifest for wake_up in queue.wake_ups()] == [f"customer/batch/{blobs // 2 - 1:06}.json"]
    assert len(account.requests) == blobs / page == 20
    assert {(request.method, request.path) for request in account.requests} == {("GET", "/account/manifests")}
    for request in account.requests:
        assert (request.query["comp"], request.query["include"]) == ("list", "metadata")
        assert int(request.query.get("maxresults", PAGE)) == PAGE
