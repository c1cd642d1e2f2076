"""What a person sees of a job: its states as they come, the devices' fates, and the status document."""

import csv
import json
from collections.abc import Sequence
from io import StringIO

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shared.job.record import Job, State, encode
from shared.manifest import Finding

COLOURS = {
    State.PROCESSING: "blue",
    State.WAITING: "yellow",
    State.ACCEPTED: "cyan",
    State.COMPLETED: "green",
    State.COMPLETED_WITH_ERRORS: "yellow",
    State.REJECTED: "red",
    State.FAILED: "red",
}
MOST_ROWS = 20


def life(jobs: Sequence[Job]) -> RenderableType:
    """Draw the states that a job has passed through."""
    table = Table("time (UTC)", "state", "registered", "pending", "message", box=None, pad_edge=False)
    for job in jobs:
        devices = job.devices
        good = None if devices.registered is None else devices.registered + (devices.already_registered or 0)
        state = Text(job.state, style=COLOURS[job.state])
        table.add_row(f"{job.updated_at:%H:%M:%S}", state, _number(good), _number(devices.pending), job.message)
    return table


def _number(count: int | None) -> str:
    return "" if count is None else str(count)


def results(text: str) -> RenderableType:
    """Draw the first rows of the device results."""
    rows = list(csv.DictReader(StringIO(text)))
    table = Table("device", "serial number", "outcome", "error", "what to do", title="Device results")
    for row in rows[:MOST_ROWS]:
        error = f"{row['errorCode']} {row['errorDescription']}".strip()
        table.add_row(row["device"], Text(row["serialNumber"]), row["outcome"], Text(error), row["action"])
    if len(rows) > MOST_ROWS:
        table.caption = f"and {len(rows) - MOST_ROWS} more"
    return table


def findings(job: Job) -> RenderableType:
    """Draw what is wrong with a manifest, and what looks odd."""
    issues = _findings("Issues", "red", job.issues, job.issue_count)
    warnings = _findings("Warnings", "yellow", job.warnings, job.warning_count)
    return Group(*(table for table in (warnings, issues) if table.rows))


def _findings(title: str, style: str, found: Sequence[Finding], count: int) -> Table:
    table = Table("where", "field", "code", "what to do", title=title, title_justify="left")
    for finding in found[:MOST_ROWS]:
        table.add_row(finding.where, finding.field or "", Text(finding.code, style=style), Text(finding.message))
    if count > len(table.rows):
        table.caption = f"and {count - len(table.rows)} more"
    return table


def document(job: Job) -> str:
    """Give the status document, without the app's own bookkeeping."""
    status = json.loads(encode(job))
    del status["internal"]
    return json.dumps(status)


def news(job: Job) -> RenderableType:
    """Tell where a job stands: a line that begins with the time, and the message below it."""
    head = Text.assemble(f"{job.updated_at:%H:%M:%S}  ", (job.state, COLOURS[job.state]), f"  {job.manifest}")
    return Group(head, Padding(Text(job.message), (0, 0, 0, 10)))
