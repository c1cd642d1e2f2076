"""``python -m shared status --manifest``: one manifest, its findings, and its devices that are not registered."""

import codecs
import csv
from collections.abc import Collection, Iterable, Iterator, Mapping

from shared.commands.terminal import Terminal
from shared.job.blob_names import results_of
from shared.job.plausibility import Foreign
from shared.job.status_document import DeviceCounts, Job
from shared.workflow.ports import Storage

MOST_ROWS = 20
"""Findings or devices that are written; the status and results blobs have them all."""

LONGEST_LINE = 2**24
"""Characters of the results that are read without a line break: more than any piece that the storage returns."""

_GOOD = frozenset({"registered", "already_registered", "duplicate"})


def show(manifest: str, storage: Storage, terminal: Terminal) -> int:
    """Write one manifest's status, its findings, and its devices that are not registered.

    Returns:
        0, or 1 if it has no status of this app.
    """
    stored = storage.load(manifest)
    if stored is None:
        terminal.say(f"{manifest} has no status: it is not there, or has only just arrived.")
        return 1
    if isinstance(stored, Foreign):
        terminal.say(f"{manifest} has a status that is not this app's: {stored.reason}. Drop it again.")
        return 1
    # The name that stands in the status could be any blob's.
    content = storage.open(results_of(manifest)) if stored.job.results else None
    describe(stored.job, content.chunks() if content else (), terminal)
    return 0


def describe(job: Job, results: Iterable[bytes], terminal: Terminal) -> None:
    """Write a job, its findings, and the devices of its results blob that are not registered."""
    terminal.say(job.state, f"  {job.manifest}")
    terminal.paragraph(job.message)
    terminal.table([fact for fact in _facts(job) if fact[1]])
    findings(job, terminal)
    outcomes("devices that are not registered", results, _GOOD, terminal)


def _facts(job: Job) -> Iterator[tuple[str, str]]:
    yield "created", f"{job.created_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "updated", f"{job.updated_at:%Y-%m-%d %H:%M:%S} UTC"
    yield "next attempt", f"{job.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC" if job.next_attempt_at else ""
    yield "customer", job.customer_id or ""
    yield "batch", job.batch_id or ""
    yield "devices", devices(job.devices)
    yield "location", job.location or ""
    error = job.error
    # The message may have said it already.
    text = error.description if error and error.description not in job.message else ""
    yield "error", f"{error.code or error.http_status or ''} {text}".strip() if error else ""
    yield "request", (error.request_id or "") if error else ""
    yield "results", job.results or ""


def findings(job: Job, terminal: Terminal) -> None:
    """Write the first of what rejects a manifest, and of what looks odd in it."""
    for title, found, count in (
        ("issues", job.issues, job.issue_count),
        ("warnings", job.warnings, job.warning_count),
    ):
        if found:
            terminal.say(f"\n{title}: {count:,}{_first(count)}")
            terminal.table([(each.where, f"{each.message} [{each.code}]") for each in found[:MOST_ROWS]])


def _first(count: int) -> str:
    return f", the first {MOST_ROWS}" if count > MOST_ROWS else ""


def outcomes(title: str, results: Iterable[bytes], hidden: Collection[str], terminal: Terminal) -> None:
    """Write the first devices of a results blob; it may have a quarter of a million of them.

    Args:
        title: What stands above them, with their number.
        results: The blob's content, in pieces.
        hidden: Outcomes whose devices are left out.
        terminal: Where to write.
    """
    columns = ("device", "line", "serialNumber", "outcome")
    count, rows = 0, [[*columns, "what to do"]]
    try:
        for row in csv.DictReader(_lines(results)):
            if row.get("outcome") not in hidden:
                count += 1
                if count <= MOST_ROWS:
                    rows.append([*(row.get(column) or "" for column in columns), _what_to_do(row)])
    except csv.Error:
        terminal.say("The results cannot be read: they are not as this app writes them.")
    if count:
        terminal.say(f"\n{title}: {count:,}{_first(count)}")
        terminal.table(rows)


def _what_to_do(row: Mapping[str, str | None]) -> str:
    error = f"{row.get('errorCode') or ''} {row.get('errorDescription') or ''}".strip()
    return ". ".join(filter(None, (error, row.get("action"))))


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    rest = ""
    for text in codecs.iterdecode(pieces, "utf-8-sig", "replace"):
        *lines, rest = (rest + text).split("\n")
        # A stranger may have written it, as one line of any length.
        if len(rest) > LONGEST_LINE:
            raise csv.Error
        yield from (f"{line}\n" for line in lines)
    yield rest


def devices(counts: DeviceCounts) -> str:
    """Return the devices by outcome: "2 registered, 1 failed"."""
    names = {name: getattr(counts, name) for name in counts.__struct_fields__}
    return numbers({name.replace("_", " "): count or 0 for name, count in names.items()})


def numbers(of: Mapping[str, int]) -> str:
    """Return numbers with their names, without those that are 0."""
    return ", ".join(f"{number:,} {name}" for name, number in of.items() if number)
