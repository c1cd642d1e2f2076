"""``python -m shared check``: the app's own validation, before a file is dropped; no network, no settings."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from shared.commands.terminal import Terminal, counted
from shared.config.limit_settings import MANIFEST_BYTES
from shared.job.blob_names import is_manifest
from shared.manifest import Finding, Findings, InMemory, Manifest, inspect
from shared.manifest.customer_and_batch import Ids, Target, resolve

FINE, INVALID, USAGE = 0, 1, 2

STANDARD_INPUT = "-"

NEVER = "is never a manifest: the app's own blobs end so"
"""What is said of a name that the app does not take as a manifest's."""

_KNOWN_FROM_THE_NAME = ("missing_customer_id", "missing_batch_id")
_LINE = re.compile(r"line (\d+)")
_LEFT_BY_PROGRAMS = ("~$", ".", "desktop.ini", "Thumbs.db")  # of Excel, macOS and Windows


@dataclass(frozen=True)
class Checked:
    """What was found in a file."""

    file: str
    manifest: Manifest
    issues: Findings

    @property
    def fine(self) -> bool:
        """Whether the app would upload it."""
        return self.issues.count == 0


def check(names: Sequence[str], ids: Ids | None, standard_input: BinaryIO, terminal: Terminal, *, as_json: bool) -> int:
    """Check files as if they were dropped for a customer's batch, if one is given, and write what was found.

    Args:
        names: Files, folders for all manifests below them, patterns, and "-" for the standard input.
        ids: Customer and batch as the blob's name would have them.
        standard_input: Read for "-".
        terminal: Where to write.
        as_json: One JSON document in place of lines for people.

    Returns:
        0 if all are fine, 1 if one is not, 2 if one cannot be read; machines then get no document.
    """
    checked: list[Checked] = []
    unread = [f"{name}: no file in this folder is a manifest" for name in names if not list(_files([name]))]
    for name in _files(names):
        if not is_manifest(name):
            unread.append(f"{name} {NEVER}")
            continue
        try:
            checked.append(_checked(name, ids, standard_input))
        except OSError as error:
            unread.append(f"{name or '(no name)'}: {error.strerror}")
    if as_json and not unread:
        terminal.say(json.dumps([_document(each) for each in checked], indent=2))
    else:
        _report([] if as_json else checked, unread, terminal)
    if unread:
        return USAGE
    return FINE if all(each.fine for each in checked) else INVALID


def _files(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if _is_folder(name):
            yield from (str(file) for file in sorted(Path(name).rglob("*")) if _is_manifest(file))
        # The shells of Windows leave patterns to the program.
        elif "*" in name and (found := sorted(filter(is_manifest, _matching(Path(name))))):
            yield from _files(found)
        else:
            yield name


def _matching(pattern: Path) -> Iterator[str]:
    root = pattern.anchor
    return map(str, Path(root).glob(str(pattern.relative_to(root))))


def _is_folder(name: str) -> bool:
    # An empty name, as of an unset variable, would be the present folder; one that is too long cannot be looked up.
    with suppress(OSError):
        return bool(name) and Path(name).is_dir()
    return False


def _is_manifest(file: Path) -> bool:
    return file.is_file() and is_manifest(file.name) and not file.name.startswith(_LEFT_BY_PROGRAMS)


def _checked(name: str, ids: Ids | None, standard_input: BinaryIO) -> Checked:
    data = standard_input.read(MANIFEST_BYTES + 1) if name == STANDARD_INPUT else Path(name).read_bytes()
    manifest = inspect(InMemory(data), max_bytes=MANIFEST_BYTES, named=ids, keep=None)
    return Checked(name, manifest, manifest.issues.after(_target_issues(Path(name).name, manifest, ids)))


def _target_issues(file: str, manifest: Manifest, ids: Ids | None) -> tuple[Finding, ...]:
    """Check the ids as far as they are known: without any given, the blob's name has those that are missing."""
    name = f"{ids.customer_id}/{ids.batch_id}/{file}" if ids else file
    target = resolve(name, Ids(manifest.customer_id, manifest.batch_id), frozenset())
    found = () if isinstance(target, Target) else target
    return found if ids else tuple(each for each in found if each.code not in _KNOWN_FROM_THE_NAME)


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


def _report(checked: Sequence[Checked], unread: Sequence[str], terminal: Terminal) -> None:
    for each in checked:
        found = [("issue", each.issues), ("warning", each.manifest.warnings)]
        notes = ((kind, finding) for kind, findings in found for finding in findings.kept)
        for kind, finding in sorted(notes, key=lambda note: note[1].line or note[1].device or 0):
            terminal.say(_place(each.file, finding.where), kind, f": {_said(finding)} [{finding.code}]")
        terminal.say(f"{each.file}: ", "fine" if each.fine else "INVALID", f"; {_counts(each)}")
    for line in unread:
        terminal.say(line)
    count = len(checked) + len(unread)
    if count != 1:
        fine = sum(each.fine for each in checked)
        summary = f"{counted(count, 'file')}: {fine} fine, {len(checked) - fine} invalid"
        terminal.say(summary + (f", {len(unread)} not read" if unread else ""))


def _place(file: str, where: str) -> str:
    """Return the beginning of a line that editors jump by: ``file:line: ``; JSON has devices in place of lines."""
    line = _LINE.fullmatch(where)
    return f"{file}:{line[1]}: " if line else f"{file}: {where}: "


def _said(finding: Finding) -> str:
    """Return a message, after the field where the message leaves that open, as those about cells of a workbook do."""
    is_open = finding.field and finding.field not in finding.message
    return f"{finding.field}: {finding.message}" if is_open else finding.message


def _counts(checked: Checked) -> str:
    count = checked.manifest.device_count
    found = [counted(checked.issues.count, "issue"), counted(checked.manifest.warnings.count, "warning")]
    return ", ".join(found if count is None else [counted(count, "device"), *found])
