"""What the work on a job needs from outside, stated as small protocols that storage, queue and API fit by shape."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import msgspec

from shared.config.settings import Delays, Limits
from shared.job.blob_names import marks_directory
from shared.job.record import Fault, Job
from shared.partner_center.responses import Accepted
from shared.partner_center.upload_details import Poll
from shared.workflow.wake_up import WakeUp

UNREADABLE = Fault(code="storage_unavailable", description="The manifest could not be read.")


class ConflictError(Exception):
    """Somebody else has written the status meanwhile."""


class ManifestChangedError(Exception):
    """The manifest is no longer the one with the ETag asked for: overwritten, or gone."""


class StorageUnavailableError(Exception):
    """The manifest, or what stands beside it, could not be reached now."""


class Stored(NamedTuple):
    """A job as it was read or written, with the status blob's own ETag, under which it may be written next."""

    job: Job
    version: str


class Content(Protocol):
    """A manifest's bytes, pinned to one ETag and readable again from the start."""

    etag: str
    size: int
    modified: datetime
    is_directory: bool

    def chunks(self) -> Iterator[bytes]:
        """Give the bytes, or raise ``ManifestChangedError`` or ``StorageUnavailableError``."""
        ...


class BlobEntry(msgspec.Struct, frozen=True):
    """One line of a listing."""

    name: str
    etag: str
    modified: datetime
    metadata: dict[str, str]

    @property
    def is_directory(self) -> bool:
        """Tell whether it only marks an empty directory of a hierarchical namespace."""
        return marks_directory(self.metadata)


class Storage(Protocol):
    """Manifests, and the status and results blobs beside them.

    All but ``load`` and ``save`` raise ``StorageUnavailableError`` where the storage does not serve them: a job can
    wait for those, but not for its own status.
    """

    def load(self, manifest: str) -> Stored | None:
        """Read a manifest's job; ``None`` if it has none."""
        ...

    def save(self, job: Job, version: str | None) -> Stored:
        """Write a job over ``version``, or as the first; ``ConflictError`` if somebody else was quicker."""
        ...

    def open(self, manifest: str, etag: str | None = None) -> Content | None:
        """Begin to read a manifest; ``None`` if it is gone, ``ManifestChangedError`` if ``etag`` is."""
        ...

    def etag(self, manifest: str) -> str | None:
        """Ask for a manifest's current ETag; ``None`` if it is gone."""
        ...

    def write_results(self, manifest: str, results: bytes) -> str:
        """Write the device results and give the blob's name."""
        ...

    def delete_results(self, manifest: str) -> None:
        """Delete the device results, if there are any."""
        ...


class Sent(NamedTuple):
    """A wake-up in the queue, which can be moved for as long as nobody has taken it out."""

    id: str
    receipt: str
    due: datetime | None


class WakeUps(Protocol):
    """The queue of wake-ups."""

    def send(self, wake_up: WakeUp, delay: timedelta, instead_of: Sent | None = None) -> Sent:
        """Queue a wake-up that shows itself after ``delay``, in the place of an earlier one if that is still there."""
        ...


class Api(Protocol):
    """Partner Center's device batch calls; see ``partner_center`` for what they raise."""

    def upload(self, customer_id: str, batch_id: str, devices: bytes, request_id: str) -> Accepted:
        """Upload devices to an existing batch."""
        ...

    def create_batch(self, customer_id: str, batch_id: str, devices: bytes, request_id: str) -> Accepted:
        """Create a batch with its first devices."""
        ...

    def batches(self, customer_id: str) -> list[str]:
        """List the ids of a customer's batches."""
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

    def wake(self, manifest: str, at: datetime, instead_of: Sent | None = None) -> Sent:
        """Queue a wake-up for a moment, in the place of an earlier one if that is still there."""
        return self.wake_ups.send(WakeUp(manifest, at), at - self.clock(), instead_of)
