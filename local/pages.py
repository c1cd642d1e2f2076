"""Writes what the pages show of the program, from the program: codes, names, an example, the picture of a run.

``python -m local.pages`` writes all of it. Tests hold the pages against the same functions.
"""

import csv
import json
import logging
import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from azure.storage.blob import ContainerClient
from rich.console import Console

from local import picture
from local.follow import put, watch
from local.run import host_at_work
from local.stage import BATCH, CUSTOMER, stage
from shared import manifest
from shared.job.blob_names import results_of, status_of
from shared.manifest.field_names import FIELD_OF, ID_OF, NOT_ACCEPTED
from shared.partner_center.device_errors import DEVICE_ERRORS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CODES = ROOT / "docs" / "codes.md"
MANIFESTS = ROOT / "docs" / "manifests.md"
SAMPLE = ROOT / "samples" / "partial.csv"
EXAMPLE = f"{CUSTOMER}/{BATCH}/laptops.csv"

_MEMBERS = ("manifest", "state", "final", "message", "location", "devices", "results")
_COLUMNS = ("device", "line", "serialNumber", "outcome", "errorCode", "action")
_TRACKING_ID = "16c00110-e79a-433d-aa28-f69dd60df671"


def codes_table() -> str:
    """Return the table of issues and warnings."""
    issues = manifest.ISSUES | manifest.TARGET_ISSUES
    rows = [(f"`{code}`", "issue", _shown(text)) for code, text in sorted(issues.items())]
    rows += [(f"`{code}`", "warning", _shown(text)) for code, text in sorted(manifest.WARNINGS.items())]
    return _table(("code", "kind", "what to do"), rows)


def device_errors_table() -> str:
    """Return the table of Partner Center's device errors."""
    rows = [
        (f"`{error.number}`" if error.number else "", f"`{error.name}`", error.outcome, error.action)
        for error in DEVICE_ERRORS
    ]
    return _table(("number", "name", "outcome", "what to do"), rows)


def names_table() -> str:
    """Return the table of the names that are known, in the form in which they are compared."""
    names: dict[str, list[str]] = {}
    for name, field in FIELD_OF.items():
        names.setdefault(f"`{field}`", []).append(f"`{name}`")
    for name, field in ID_OF.items():
        names.setdefault(f"`{field}` of the manifest itself", []).append(f"`{name}`")
    names["ignored, with a warning"] = [f"`{name}`" for name in sorted(NOT_ACCEPTED)]
    return _table(("field", "names"), [(field, ", ".join(known)) for field, known in names.items()])


def example(status: bytes, results: bytes) -> str:
    """Show a status, with the members that matter most, and a row of its results for each outcome."""
    document = json.loads(status)
    shortened = json.dumps({name: document[name] for name in _MEMBERS}, indent=2)
    shortened = re.sub(r"(batchJobStatus/)[0-9a-f-]+", rf"\g<1>{_TRACKING_ID}", shortened)
    # A small object is easier to read on one line.
    shortened = re.sub(r"\{\n    ([^{}]*?)\n  \}", lambda inner: "{" + re.sub(r"\s+", " ", inner[1]) + "}", shortened)
    rows = list(csv.DictReader(StringIO(results.decode("utf-8-sig"))))
    first = {row["outcome"]: row for row in reversed(rows)}.values()
    cells = sorted([row[name] for name in _COLUMNS] for row in first)
    return f"```json\n{shortened}\n```\n\n{_table(_COLUMNS, cells)}"


def section(page: str, name: str) -> str:
    """Return what stands in a page between the marks of a name."""
    return _marked(page, name)[1]


def main() -> None:
    """Write all pages."""
    logging.basicConfig(level=logging.ERROR)
    codes = _put(CODES.read_text(encoding="utf-8"), "codes", codes_table())
    CODES.write_text(_put(codes, "device errors", device_errors_table()), encoding="utf-8")
    names = _put(MANIFESTS.read_text(encoding="utf-8"), "names", names_table())
    MANIFESTS.write_text(names, encoding="utf-8")
    readme = README.read_text(encoding="utf-8")
    README.write_text(_put(readme, "example", example(*_a_run())), encoding="utf-8")
    picture.FILE.write_text(picture.picture(), encoding="utf-8")


def _a_run() -> tuple[bytes, bytes]:
    with stage() as running, host_at_work(running):
        put(running.container, EXAMPLE, SAMPLE.read_bytes())
        watch(Console(quiet=True), lambda: running.status(EXAMPLE))
        return _read(running.container, status_of(EXAMPLE)), _read(running.container, results_of(EXAMPLE))


def _read(container: ContainerClient, name: str) -> bytes:
    return container.download_blob(name).readall()


def _shown(template: str) -> str:
    """Show a message with an ellipsis for each fact that it names; one at its end is left out."""
    text = re.sub(r"(?<!{){[^{}]*}(?!})", "…", template.removesuffix(".{}") + "." * template.endswith(".{}"))
    return text.removesuffix(" …").replace("{{", "{").replace("}}", "}").replace("|", "\\|")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) + "\n" for line in lines)


def _put(page: str, name: str, text: str) -> str:
    before, _, after = _marked(page, name)
    return before + text + after


def _marked(page: str, name: str) -> tuple[str, str, str]:
    found = re.fullmatch(rf"(.*<!-- {name}: begin [^\n]*-->\n)(.*)(<!-- {name}: end -->.*)", page, re.DOTALL)
    if not found:
        raise ValueError(name)
    return found[1], found[2], found[3]


if __name__ == "__main__":
    main()
