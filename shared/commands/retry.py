"""``python -m shared retry``: restarts manifests that ended ``rejected`` or ``failed``, through the queue."""

from collections.abc import Callable, Iterable

from shared.commands.terminal import Terminal, counted
from shared.job.blob_names import STATUS_SUFFIX, manifest_of
from shared.job.plausibility import Foreign
from shared.job.status_document import State
from shared.workflow.ports import BlobEntry, ConflictError, Stored

ASK_ABOVE = 20
"""How many manifests are restarted without asking; the whole container never is."""

_RETRIED = frozenset({State.REJECTED, State.FAILED})


def retry(
    blobs: Iterable[BlobEntry],
    load: Callable[[str], Stored | Foreign | None],
    restart: Callable[[Stored], None],
    agree: Callable[[list[str]], bool],
    terminal: Terminal,
) -> int:
    """Restart the manifests of a listing that ended ``rejected`` or ``failed`` and are still there.

    Args:
        blobs: The listing, metadata included.
        load: Reads a manifest's job.
        restart: Begins a new run of a job; raises ``ConflictError`` where it has changed.
        agree: Whether these manifests are to be restarted.
        terminal: Where each is named as it is restarted.

    Returns:
        0, or 1 if nobody agreed.
    """
    names = ended_badly(blobs)
    if not names:
        terminal.say("Nothing to restart: no manifest there has ended as rejected or failed.")
        return 0
    if not agree(names):
        terminal.say("Nothing was restarted.")
        return 1
    restarted = 0
    for name in names:
        reason = _restart(load(name), restart)
        terminal.say(f"{name}: {reason or 'restarted'}")
        restarted += not reason
    terminal.say(f"{restarted:,} of {counted(len(names), 'manifest')} restarted. Follow with: python -m shared status")
    return 0


def agreed(names: list[str], prefix: str, terminal: Terminal, ask: Callable[[str], str]) -> bool:
    """Return whether manifests are to be restarted; many, or the whole container's, are listed and asked about."""
    if prefix and len(names) <= ASK_ABOVE:
        return True
    for name in names[:ASK_ABOVE]:
        terminal.say(f"  {name}")
    if len(names) > ASK_ABOVE:
        terminal.say(f"  and {len(names) - ASK_ABOVE:,} more")
    try:
        return ask(f"Restart {counted(len(names), 'manifest')}? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        # In a pipeline nobody can answer, which is no yes.
        terminal.say("\nNobody is there to answer; --yes restarts them without asking.")
        return False


def ended_badly(blobs: Iterable[BlobEntry]) -> list[str]:
    """Return the manifests of a listing that ended ``rejected`` or ``failed`` and are not deleted."""
    listed = {blob.name: blob for blob in blobs}
    statuses = [blob for blob in listed.values() if blob.name.endswith(STATUS_SUFFIX)]
    ended = [manifest_of(blob.name) for blob in statuses if blob.metadata.get("state") in _RETRIED]
    return [name for name in ended if name in listed]


def _restart(stored: Stored | Foreign | None, restart: Callable[[Stored], None]) -> str:
    """Restart a job; return why it was left alone, or an empty text."""
    if isinstance(stored, Foreign):
        return f"left alone, its status is not this app's: {stored.reason}; drop it again"
    # The listing is a moment old, and a dropped manifest starts by itself.
    if stored is None or stored.job.state not in _RETRIED:
        return "left alone, it has moved on"
    try:
        restart(stored)
    except ConflictError:
        return "left alone, it was dropped again"
    return ""
