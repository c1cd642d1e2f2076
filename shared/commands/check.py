"""``python -m shared check``: the app's own validation, before a file is dropped; no network, no settings."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from shared.config.settings import MANIFEST_BYTES
from shared.manifest import Finding, Findings, InMemory, Manifest, inspect
from shared.manifest.target import Ids, Target, resolve

FINE, INVALID, USAGE = 0, 1, 2

_TOLD_BY_THE_NAME = ("missing_customer_id", "missing_batch_id")


@dataclass(frozen=True)
class Checked:
    """What was found in a file."""

    file: str
    manifest: Manifest
    issues: Findings

    @property
    def fine(self) -> bool:
        """Tell whether the app would upload it."""
        return self.issues.count == 0


def check(files: Sequence[Path], ids: Ids | None, *, as_json: bool, say: Callable[[str], None]) -> int:
    """Check files as if they were dropped for a customer's batch, if one is given, and say what was found.

    Returns:
        0 if all are fine, 1 if one is not, 2 if one cannot be read; machines then get no document.
    """
    checked: list[Checked] = []
    unread: list[str] = []
    for file in files:
        try:
            checked.append(_checked(file, ids))
        except OSError as error:
            unread.append(f"{error.filename}: {error.strerror}")
    if not as_json:
        for each in checked:
            say(_report(each))
    elif not unread:
        say(json.dumps([_document(each) for each in checked], indent=2))
    for line in unread:
        say(line)
    if unread:
        return USAGE
    return FINE if all(each.fine for each in checked) else INVALID


def _checked(file: Path, ids: Ids | None) -> Checked:
    manifest = inspect(InMemory(file.read_bytes()), max_bytes=MANIFEST_BYTES, keep=None)
    return Checked(str(file), manifest, manifest.issues.after(_target_issues(file, manifest, ids)))


def _target_issues(file: Path, manifest: Manifest, ids: Ids | None) -> tuple[Finding, ...]:
    """Check the ids as far as they are known: without any given, the blob's name will tell those that are missing."""
    name = f"{ids.customer_id}/{ids.batch_id}/{file.name}" if ids else file.name
    target = resolve(name, Ids(manifest.customer_id, manifest.batch_id), frozenset())
    found = () if isinstance(target, Target) else target
    return found if ids else tuple(each for each in found if each.code not in _TOLD_BY_THE_NAME)


def _document(checked: Checked) -> dict[str, object]:
    manifest = checked.manifest
    return {
        "file": checked.file,
        "fine": checked.fine,
        "customerId": manifest.customer_id,
        "batchId": manifest.batch_id,
        "deviceCount": manifest.device_count,
        "issueCount": checked.issues.count,
        "issues": msgspec.to_builtins(checked.issues.kept),
        "warningCount": manifest.warnings.count,
        "warnings": msgspec.to_builtins(manifest.warnings.kept),
    }


def _report(checked: Checked) -> str:
    issues, warnings = checked.issues, checked.manifest.warnings
    counts = f"{_counted(issues.count, 'issue')}, {_counted(warnings.count, 'warning')}"
    lines = [f"{checked.file}: {'fine' if checked.fine else 'INVALID'}; {_devices(checked)}{counts}"]
    found = [("issue", each) for each in issues.kept] + [("warning", each) for each in warnings.kept]
    rows = [(kind, each.where, each.field or "", each.code) for kind, each in found]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row, (_, each) in zip(rows, found, strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(f"  {cells}  {each.message}")
    return "\n".join(lines)


def _devices(checked: Checked) -> str:
    count = checked.manifest.device_count
    return "" if count is None else f"{_counted(count, 'device')}, "


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
