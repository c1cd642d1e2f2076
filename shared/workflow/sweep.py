"""The sweep: finds what no event and no wake-up will, from a listing alone."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from shared import event_log
from shared.job.blob_names import (
    RESULTS_SUFFIX,
    STATUS_SUFFIX,
    has_room_for_status,
    manifest_of,
    names_another,
    status_of,
)
from shared.job.record import timestamp
from shared.workflow.ports import BlobEntry, WakeUps
from shared.workflow.queue_messages import MOST_TRIES, WakeUp

YOUNGEST = timedelta(minutes=5)
OLDEST = timedelta(days=7)
"""Ages between which a manifest without a status is woken: its event is lost by then, and it is no old history."""

GRACE = timedelta(minutes=5)
"""How long after a job's due moment its own wake-up may still come."""

FARTHEST = timedelta(days=15)
"""A due moment further off than any job waits, its turn behind a throttle included, was not written by this app."""


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
        for manifest in overdue(self.storage.listing(), self.clock()):
            # The next sweep comes in any case: a wake-up of this one that can do nothing is not retried.
            self.wake_ups.send(WakeUp(manifest, tries=MOST_TRIES), timedelta(0))
            woken += 1
        event_log.log("sweep_done", woken=woken)
        return woken


def overdue(blobs: Iterable[BlobEntry], now: datetime) -> Iterator[str]:
    """Name the manifests to wake, from a listing in the order of names.

    A manifest's results and status soon follow it in that order, so few manifests wait for theirs at a time. If a
    listing were ordered otherwise, a wake-up too many would find nothing to do.
    """
    waiting: dict[str, BlobEntry] = {}
    results: dict[str, BlobEntry] = {}
    for blob in blobs:
        for name in [name for name in waiting if status_of(name) < blob.name]:
            yield from _without_status(waiting.pop(name), results.pop(name, None), now)
        if blob.name.endswith(STATUS_SUFFIX):
            name = manifest_of(blob.name)
            if _needs_wake_up(waiting.pop(name, None), results.pop(name, None), blob, now):
                yield name
        elif blob.name.endswith(RESULTS_SUFFIX):
            results = {blob.name.removesuffix(RESULTS_SUFFIX): blob}
        elif has_room_for_status(blob.name) and not names_another(blob.name) and not blob.is_directory:
            waiting[blob.name] = blob
    for name, manifest in waiting.items():
        yield from _without_status(manifest, results.pop(name, None), now)


def _without_status(manifest: BlobEntry, results: BlobEntry | None, now: datetime) -> Iterator[str]:
    """Name a manifest whose event never came, or whose status somebody has deleted: its results are still there."""
    if results or YOUNGEST <= now - manifest.modified <= OLDEST:
        yield manifest.name


def _needs_wake_up(manifest: BlobEntry | None, results: BlobEntry | None, status: BlobEntry, now: datetime) -> bool:
    metadata = status.metadata
    if "due" not in metadata:  # rewritten without its metadata, so its content must be looked at; or never a status
        return manifest is not None
    if manifest and manifest.etag != metadata.get("etag") and now - manifest.modified >= YOUNGEST:
        return True
    if not metadata["due"]:
        # A process that lost its job can have left the results of another run next to a final status.
        return results is not None and results.metadata.get("run") != metadata.get("run")
    return not timestamp(now - GRACE) <= metadata["due"] <= timestamp(now + FARTHEST)
