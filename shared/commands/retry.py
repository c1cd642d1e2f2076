"""``python -m shared retry``: manifests that ended ``rejected`` or ``failed``, started anew through the queue."""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from shared.job.blob_names import STATUS_SUFFIX, manifest_of
from shared.job.record import State
from shared.job.trust import Foreign
from shared.workflow.ports import BlobEntry, ConflictError, Stored

ASK_ABOVE = 20
"""How many manifests are started without asking."""

_RETRIED = frozenset({State.REJECTED, State.FAILED})


class Jobs(Protocol):
    """Lists the container and reads jobs."""

    def listing(self, prefix: str = "") -> Iterable[BlobEntry]:
        """Give the blobs whose names begin with ``prefix``, metadata included."""
        ...

    def load(self, manifest: str) -> Stored | Foreign | None:
        """Read a manifest's job."""
        ...


def retry(
    prefix: str,
    jobs: Jobs,
    restart: Callable[[Stored], None],
    *,
    agree: Callable[[int], bool],
    say: Callable[[str], None],
) -> int:
    """Start the manifests below a prefix anew that ended ``rejected`` or ``failed`` and are still there.

    Returns:
        0, or 1 if there were too many and nobody agreed.
    """
    names = ended_badly(jobs.listing(prefix))
    if len(names) > ASK_ABOVE and not agree(len(names)):
        say("Nothing was started.")
        return 1
    started = sum(_restarted(stored, restart) for stored in _loaded(names, jobs))
    say(f"{started} of {len(names)} started anew; follow their status blobs.")
    return 0


def ended_badly(blobs: Iterable[BlobEntry]) -> list[str]:
    """Name the manifests of a listing that ended ``rejected`` or ``failed``."""
    listed = {blob.name: blob for blob in blobs}
    statuses = [blob for blob in listed.values() if blob.name.endswith(STATUS_SUFFIX)]
    ended = [manifest_of(blob.name) for blob in statuses if blob.metadata.get("state") in _RETRIED]
    return [name for name in ended if name in listed]


def _loaded(names: Iterable[str], jobs: Jobs) -> Iterator[Stored]:
    for name in names:
        stored = jobs.load(name)
        if isinstance(stored, Stored) and stored.job.state in _RETRIED:
            yield stored


def _restarted(stored: Stored, restart: Callable[[Stored], None]) -> bool:
    try:
        restart(stored)
    except ConflictError:  # it has been dropped again meanwhile
        return False
    return True
