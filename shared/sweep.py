"""The sweep: finds what no event and no wake-up will, from a listing alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from shared import events
from shared.job import timestamp
from shared.names import STATUS_SUFFIX, has_room_for_status, is_manifest, manifest_of, status_of
from shared.services import BlobEntry, WakeUps
from shared.wake_up import WakeUp

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
        events.log("sweep_done", woken=woken)
        return woken


def overlooked(blobs: Iterable[BlobEntry], now: datetime) -> Iterator[str]:
    """Name the manifests to wake, from a listing in the order of names.

    A manifest's status stands soon after it in that order, so few manifests wait for theirs at a time. If a listing
    were ordered otherwise, a wake-up too many would find nothing to do.
    """
    waiting: dict[str, BlobEntry] = {}
    for blob in blobs:
        for name in [name for name in waiting if status_of(name) < blob.name]:
            yield from _named(waiting.pop(name), None, now)
        if blob.name.endswith(STATUS_SUFFIX):
            yield from _named(waiting.pop(manifest_of(blob.name), None), blob, now)
        elif is_manifest(blob.name) and has_room_for_status(blob.name) and not blob.is_directory:
            waiting[blob.name] = blob
    for manifest in waiting.values():
        yield from _named(manifest, None, now)


def _named(manifest: BlobEntry | None, status: BlobEntry | None, now: datetime) -> Iterator[str]:
    age = now - manifest.modified if manifest else timedelta(0)
    if status is None:
        overlooked_event = YOUNGEST <= age <= OLDEST
    else:
        overlooked_event = age >= YOUNGEST and manifest is not None and manifest.etag != status.metadata.get("etag")
    if manifest and overlooked_event:
        yield manifest.name
    elif status and _overdue(status.metadata, now):
        yield manifest_of(status.name)


def _overdue(metadata: Mapping[str, str], now: datetime) -> bool:
    due = metadata.get("due")
    if due is None:  # somebody has rewritten the blob without its metadata: its content tells
        return True
    return due != "" and due < timestamp(now - GRACE)
