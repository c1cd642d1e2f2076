"""What the work on a job needs from outside, stated as small protocols that storage, queue and API fit by shape."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import msgspec

from shared.config.delay_settings import Delays
from shared.config.limit_settings import Limits
from shared.job.blob_names import marks_directory
from shared.job.plausibility import Foreign
from shared.job.status_document import Job
from shared.manifest import Content as Bytes
from shared.partner_center.responses import Accepted
from shared.partner_center.upload_details import Poll
from shared.workflow.pacing import Pacing
from shared.workflow.queue_messages import WakeUp


class ConflictError(Exception):
    """Another process has written the status, or the results, meanwhile."""


class ManifestChangedError(Exception):
    """The manifest no longer has the ETag asked for: overwritten, or gone."""


class StorageUnavailableError(Exception):
    """The manifest, or its results, could not be read or written now."""


class StatusUnavailableError(Exception):
    """The status could not be read or written: nothing about the job can be recorded."""


class Stored(NamedTuple):
    """A job as it was read or written, with the status blob's own ETag, under which it may be written next."""

    job: Job
    version: str
    is_marked: bool = True
    """The blob's metadata say what the job does, so that a listing finds it."""


class Properties(NamedTuple):
    """What the storage says of a manifest without its content."""

    etag: str
    content: str | None
    """Fingerprint of the bytes; ``None`` where it is not known."""
    created: datetime | None

    @property
    def identity(self) -> dict[str, object]:
        """What a job's record keeps of it, to recognise the same content."""
        return {"content": self.content, "created": self.created}


class Content(Bytes, Protocol):
    """A manifest's bytes, pinned to one ETag and readable again from the start.

    ``chunks`` raises ``ManifestChangedError`` or ``StorageUnavailableError``.
    """

    modified: datetime
    is_directory: bool

    @property
    def properties(self) -> Properties:
        """What is known of it; a fingerprint that the storage lacks is known once all bytes have been read."""
        ...


class ResultsBlob(NamedTuple):
    """The device results beside a manifest: their ETag, and the run that wrote them."""

    etag: str
    run: str


class BlobEntry(msgspec.Struct, frozen=True):
    """One line of a listing."""

    name: str
    etag: str
    modified: datetime
    metadata: dict[str, str]

    @property
    def is_directory(self) -> bool:
        """Return whether it only marks an empty directory of a hierarchical namespace."""
        return marks_directory(self.metadata)


class Storage(Protocol):
    """Manifests, and the status and results blobs next to them.

    ``load`` and ``save`` raise ``StatusUnavailableError``, all others ``StorageUnavailableError``, where the storage
    does not serve them: a job can wait for those, but not for its own status.
    """

    def load(self, manifest: str) -> Stored | Foreign | None:
        """Read a manifest's job; ``None`` if it has no status, ``Foreign`` if that is none of this app's."""
        ...

    def save(self, job: Job, version: str | None) -> Stored:
        """Write a job over ``version``, or as the first; ``ConflictError`` if another process was quicker."""
        ...

    def open(self, manifest: str, etag: str | None = None, *, fingerprint: bool = True) -> Content | None:
        """Begin to read a manifest; ``None`` if it is gone, ``ManifestChangedError`` if ``etag`` is.

        Nobody needs its fingerprint, which may take time, without ``fingerprint``.
        """
        ...

    def properties(self, manifest: str) -> Properties | None:
        """Read a manifest's properties; ``None`` if it is gone."""
        ...

    def results(self, manifest: str) -> ResultsBlob | None:
        """Read whose results are next to a manifest, if any."""
        ...

    def write_results(self, job: Job, pieces: Iterable[bytes], over: ResultsBlob | None) -> str:
        """Write a job's results over those that were seen, and return the blob's name.

        Raises:
            ConflictError: Some have been written, or these deleted, meanwhile.
        """
        ...

    def delete_results(self, manifest: str, seen: ResultsBlob) -> None:
        """Delete the results that were seen; ``ConflictError`` if there are others by now."""
        ...

    def listing(self, prefix: str = "") -> Iterable[BlobEntry]:
        """Return the blobs whose names begin so, in the order of names; raises the SDK's own errors."""
        ...


class Sent(NamedTuple):
    """A wake-up in the queue, which can be moved until it is taken out."""

    id: str
    receipt: str
    due: datetime | None


class WakeUps(Protocol):
    """The queue of wake-ups."""

    def send(self, wake_up: WakeUp, delay: timedelta, instead_of: Sent | None = None) -> Sent:
        """Enqueue a wake-up that is visible after ``delay``, in place of an earlier one if that is still there."""
        ...


class Api(Protocol):
    """Partner Center's device batch calls; see ``partner_center`` for what they raise."""

    def upload(self, customer_id: str, batch_id: str, devices: bytes, request_id: str) -> Accepted:
        """Upload devices to an existing batch."""
        ...

    def create_batch(self, customer_id: str, batch_id: str, devices: bytes, request_id: str) -> Accepted:
        """Create a batch with its first devices."""
        ...

    def batches(self, customer_id: str, may_go_on: Callable[[], bool]) -> list[str]:
        """List the ids of a customer's batches; ``may_go_on`` is asked before each further page."""
        ...

    def poll(self, customer_id: str, tracking_id: str) -> Poll:
        """Ask how far an upload is."""
        ...

    def renew_token(self) -> None:
        """Take a new token for the next call, as the last one was not accepted."""
        ...


class Services(msgspec.Struct, frozen=True):
    """Everything outside, and the clock and the dice as values."""

    storage: Storage
    wake_ups: WakeUps
    api: Api
    limits: Limits
    delays: Delays
    clock: Callable[[], datetime]
    draw: Callable[[], float]
    pacing: Pacing
    by_events: bool = True
    """Each write is reported by an event; a host that polls finds new ETags alone, which metadata get as well."""

    def wake(self, manifest: str, at: datetime, instead_of: Sent | None = None) -> Sent:
        """Enqueue a wake-up for a moment, in place of an earlier one if that is still there."""
        return self.wake_ups.send(WakeUp(manifest, at), at - self.clock(), instead_of)
