"""The sweep: finds what no event and no wake-up will, from a listing alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from shared import event_log
from shared.job.blob_names import RESULTS_SUFFIX, STATUS_SUFFIX, has_room_for_status, manifest_of, status_of
from shared.job.record import timestamp
from shared.workflow.ports import BlobEntry, WakeUps
from shared.workflow.wake_up import WakeUp

YOUNGEST = timedelta(minutes=15)
OLDEST = timedelta(days=7)
"""Ages of a manifest without a status that is taken up: its event is no longer on its way; it is no old history."""

GRACE = timedelta(minutes=5)
"""How long after a job's due moment its own wake-up is given to come."""


class Listing(Protocol):
    """Lists the container."""

    def listing(self) -> Iterable[BlobEntry]:
        """Give every blob in the order of names, metadata included."""
        ...


class Sweep(msgspec.Struct, frozen=True):
    """Wakes what lies overdue."""

    storage: Listing
    wake_ups: WakeUps
    clock: Callable[[], datetime]

    def run(self) -> int:
        """Queue a wake-up for each manifest that needs one; give their number. No blob is read."""
        woken = 0
        for manifest in overlooked(self.storage.listing(), self.clock()):
            self.wake_ups.send(WakeUp(manifest), timedelta(0))
            woken += 1
        event_log.log("sweep_done", woken=woken)
        return woken


def overlooked(blobs: Iterable[BlobEntry], now: datetime) -> Iterator[str]:
    """Name the manifests to wake, from a listing in the order of names.

    A manifest's status stands soon after it in that order, so few manifests wait for theirs at a time. If a listing
    were ordered otherwise, a wake-up too many would find nothing to do.
    """
    waiting: dict[str, BlobEntry] = {}
    begun = set[str]()
    for blob in blobs:
        for name in [name for name in waiting if status_of(name) < blob.name]:
            yield from _without_status(waiting.pop(name), now, begun=name in begun)
            begun.discard(name)
        if blob.name.endswith(STATUS_SUFFIX):
            yield from _with_status(waiting.pop(manifest_of(blob.name), None), blob, now)
            begun.discard(manifest_of(blob.name))
        elif blob.name.endswith(RESULTS_SUFFIX):
            begun.update(waiting.keys() & {blob.name.removesuffix(RESULTS_SUFFIX)})
        elif has_room_for_status(blob.name) and not blob.is_directory:
            waiting[blob.name] = blob
    for name, manifest in waiting.items():
        yield from _without_status(manifest, now, begun=name in begun)


def _without_status(manifest: BlobEntry, now: datetime, *, begun: bool) -> Iterator[str]:
    """Name a manifest whose event never came, or whose status somebody has deleted: its results still tell of it."""
    if begun or YOUNGEST <= now - manifest.modified <= OLDEST:
        yield manifest.name


def _with_status(manifest: BlobEntry | None, status: BlobEntry, now: datetime) -> Iterator[str]:
    changed = manifest is not None and manifest.etag != status.metadata.get("etag")
    if manifest and changed and now - manifest.modified >= YOUNGEST:
        yield manifest.name
    elif _overdue(status.metadata, now):
        yield manifest_of(status.name)


def _overdue(metadata: Mapping[str, str], now: datetime) -> bool:
    due = metadata.get("due")
    if due is None:  # somebody has rewritten the blob without its metadata: its content tells
        return True
    return due != "" and due < timestamp(now - GRACE)
