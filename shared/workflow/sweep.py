"""The sweep: finds what no event and no wake-up will, from a listing alone."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import NamedTuple, Protocol

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
from shared.job.status_metadata import moment
from shared.workflow.backoff import MOST_TRIES
from shared.workflow.ports import BlobEntry, WakeUps
from shared.workflow.queue_messages import WakeUp

YOUNGEST = timedelta(minutes=5)
OLDEST = timedelta(days=7)
"""Ages between which a manifest without a status is woken: its event is lost by then, and it is no old history.

A manifest with a status is woken until it has been overdue for the longer one: looking at what never moves has an end.
"""

MOVED = timedelta(days=1)
"""A status of this app's that has been woken for so long has moved, if anybody can write it."""

GRACE = timedelta(minutes=5)
"""How long after a job's due moment its own wake-up may still come."""

FARTHEST = timedelta(days=15)
"""A due moment further off than any job waits, its turn behind a throttle included, was not written by this app."""


class Listing(Protocol):
    """Lists the container."""

    def listing(self) -> Iterable[BlobEntry]:
        """Return every blob in the order of names, metadata included."""
        ...


class Overdue(NamedTuple):
    """A manifest to wake."""

    manifest: str
    since: datetime
    is_marked: bool = True
    """Its status, if there is one, has metadata as this app writes them."""

    def is_foreign(self, now: datetime) -> bool:
        """Return whether its status is most likely none of this app's, so that no event or wake-up has been lost."""
        return not self.is_marked or now - self.since > MOVED


class Sweep(msgspec.Struct, frozen=True):
    """Wakes what is overdue."""

    storage: Listing
    wake_ups: WakeUps
    clock: Callable[[], datetime]

    def run(self) -> int:
        """Enqueue a wake-up for each manifest that needs one, and return their number. No blob is read."""
        now, woken, foreign = self.clock(), 0, 0
        for each in overdue(self.storage.listing(), now):
            # The next sweep takes care of what this wake-up cannot do, so it is not retried.
            self.wake_ups.send(WakeUp(each.manifest, tries=MOST_TRIES), timedelta(0))
            woken += 1
            foreign += each.is_foreign(now)
        event_log.log("sweep_done", woken=woken - foreign, foreign=foreign)
        return woken


def overdue(blobs: Iterable[BlobEntry], now: datetime) -> Iterator[Overdue]:
    """Return the manifests to wake, from a listing in the order of names.

    A manifest's results and status soon follow it in that order, so few manifests wait for theirs at a time. If a
    listing were ordered otherwise, a wake-up too many would find nothing to do.
    """
    waiting: dict[str, BlobEntry] = {}
    results: dict[str, BlobEntry] = {}
    # A heap, as a thousand names that begin alike can wait at a time.
    expected: list[str] = []
    for blob in blobs:
        while expected and expected[0] < blob.name:
            name = manifest_of(heappop(expected))
            if name in waiting:
                yield from _without_status(waiting.pop(name), results.pop(name, None), now)
        if blob.name.endswith(STATUS_SUFFIX):
            name = manifest_of(blob.name)
            found = _with_status(waiting.pop(name, None), results.pop(name, None), blob, now)
            if found and now - found.since <= OLDEST:
                yield found
        elif blob.name.endswith(RESULTS_SUFFIX):
            results = {blob.name.removesuffix(RESULTS_SUFFIX): blob}
        elif has_room_for_status(blob.name) and not names_another(blob.name) and not blob.is_directory:
            waiting[blob.name] = blob
            heappush(expected, status_of(blob.name))
    for name, manifest in waiting.items():
        yield from _without_status(manifest, results.pop(name, None), now)


def _without_status(manifest: BlobEntry, results: BlobEntry | None, now: datetime) -> Iterator[Overdue]:
    """Return a manifest whose event was lost, or whose status has been deleted."""
    # Its results are still there where the status has been deleted.
    if results or YOUNGEST <= now - manifest.modified <= OLDEST:
        yield Overdue(manifest.name, now)


def _with_status(
    manifest: BlobEntry | None, results: BlobEntry | None, status: BlobEntry, now: datetime
) -> Overdue | None:
    name, metadata = manifest_of(status.name), status.metadata
    due = moment(metadata.get("due", "none"))
    is_final = metadata.get("due") == ""
    # Only its content says whose it is; the look saves a status of this app with its metadata again.
    if not is_final and (due is None or due > now + FARTHEST):
        return Overdue(name, max(status.modified, manifest.modified), is_marked=False) if manifest else None
    if manifest and manifest.etag != metadata.get("etag") and now - manifest.modified >= YOUNGEST:
        return Overdue(name, manifest.modified)
    if due:
        return Overdue(name, due) if due < now - GRACE else None
    # A process that lost its job can leave the results of another run next to a final status.
    are_others = results is not None and results.metadata.get("run") != metadata.get("run")
    return Overdue(name, results.modified) if results and are_others else None
