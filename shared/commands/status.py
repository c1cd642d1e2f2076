"""``python -m shared status``: what has become of the manifests of a container, from its listing."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby

import msgspec

from shared.commands.details import devices, numbers
from shared.commands.terminal import Terminal, counted
from shared.job.blob_names import STATUS_SUFFIX, is_manifest, manifest_of
from shared.job.status_document import DeviceCounts, State
from shared.job.status_metadata import counts
from shared.workflow.ports import BlobEntry

NEW, FOREIGN = "new", "unknown"
"""What stands in the column of states for a manifest without a status, and for a status of somebody else."""

_NEXT = {
    NEW: "its event, or a sweep",
    FOREIGN: "drop again",
    State.COMPLETED: "",
    State.COMPLETED_WITH_ERRORS: "correct rows, drop again",
    State.REJECTED: "correct it or its name, drop again",
    State.FAILED: "remove its cause, retry",
}
"""What happens next, or what a person does."""

_CORRECTED = frozenset((State.COMPLETED_WITH_ERRORS, State.REJECTED, State.FAILED))

_DUE = {State.PROCESSING: "next attempt", State.WAITING: "retry", State.ACCEPTED: "poll"}


class Row(msgspec.Struct, frozen=True):
    """One manifest of a listing; ``modified`` of the manifest, or of its status where the manifest is deleted."""

    manifest: str
    state: str
    modified: datetime
    due: datetime | None
    devices: DeviceCounts
    deleted: bool


def overview(blobs: Iterable[BlobEntry], now: datetime, terminal: Terminal, one: str) -> int:
    """Write a table of the manifests in a listing, the latest last, and their number by state.

    On a terminal they stand below their customer and batch; elsewhere each line has the whole name.

    Args:
        blobs: The listing, metadata included.
        now: The time.
        terminal: Where to write.
        one: The command that shows one manifest, for a person who has to correct some.

    Returns:
        0.
    """
    folder_of = _folder if terminal.is_terminal else lambda _: ""
    rows = sorted(rows_of(blobs), key=lambda row: (folder_of(row.manifest), row.modified))
    lines: list[tuple[str, ...]] = [("age", "state", "devices", "next", "manifest")]
    for folder, group in groupby(rows, lambda row: folder_of(row.manifest)):
        lines += [(folder,)] if folder else []
        for row in group:
            name = row.manifest.removeprefix(folder)
            lines.append((_span(now - row.modified), row.state, devices(row.devices), _next(row, now), name))
    if rows:
        terminal.table(lines)
    found = Counter(row.state for row in rows)
    states = {state: found[state] for state in (NEW, *State, FOREIGN) if found[state]}
    if terminal.is_terminal and not _CORRECTED.isdisjoint(states):
        terminal.say(f"What to correct: {one}")
    none = "" if rows else "none is there, or no name begins so"
    terminal.paragraph(": ".join(filter(None, (counted(len(rows), "manifest"), none or numbers(states)))))
    return 0


def _folder(manifest: str) -> str:
    """Return a name's customer and batch, which are its beginning unless an envelope has them."""
    segments = manifest.split("/", 2)
    return f"{segments[0]}/{segments[1]}/" if len(segments) > 2 else ""  # noqa: PLR2004 - customer, batch and the rest


def rows_of(blobs: Iterable[BlobEntry]) -> Iterator[Row]:
    """Return a row for each manifest of a listing, and for each status whose manifest is deleted."""
    listed = {blob.name: blob for blob in blobs if not blob.is_directory}
    for blob in listed.values():
        if is_manifest(blob.name):
            status = listed.get(blob.name + STATUS_SUFFIX)
            yield _row(blob.name, blob.modified, status, deleted=False)
        elif blob.name.endswith(STATUS_SUFFIX) and manifest_of(blob.name) not in listed:
            yield _row(manifest_of(blob.name), blob.modified, blob, deleted=True)


def _row(manifest: str, modified: datetime, status: BlobEntry | None, *, deleted: bool) -> Row:
    if status is None:
        return Row(manifest, NEW, modified, None, DeviceCounts(), deleted)
    # Whoever may write manifests may write such metadata, too.
    metadata = status.metadata
    state = metadata.get("state", "")
    known = state if state in State.__members__.values() else FOREIGN
    return Row(
        manifest, known, modified, _moment(metadata.get("due", "")), counts(metadata.get("devices", "")), deleted
    )


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _next(row: Row, now: datetime) -> str:
    what = _NEXT.get(row.state) or (_due(_DUE[State(row.state)], row.due, now) if row.state in _DUE else "")
    return f"{what} (manifest deleted)".lstrip() if row.deleted else what


def _due(what: str, due: datetime | None, now: datetime) -> str:
    if due is None:
        return what
    return f"{what} in {_span(due - now)}" if due > now else f"{what} due {_span(now - due)} ago"


def _span(time: timedelta) -> str:
    """Return a time in the largest unit of which it has two or more: "45 s", "90 s", "3 min", "30 h", "9 d"."""
    seconds = max(0, int(time.total_seconds()))
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
