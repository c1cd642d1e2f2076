"""What a person sees of a job: its changes as they come, its devices and its findings."""

import csv
from collections.abc import Sequence
from io import StringIO

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from shared.job.record import Job, State
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


def step(job: Job) -> RenderableType:
    """Return a row for where a job stands: time (UTC), state and message, in columns that are the same for all."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=len("00:00:00"))
    table.add_column(width=len(State.COMPLETED_WITH_ERRORS))
    table.add_column(overflow="fold")
    table.add_row(f"{job.updated_at:%H:%M:%S}", Text(job.state, style=COLOURS[job.state]), Text(job.message))
    return table


def news(job: Job) -> RenderableType:
    """Return where a job among others stands: a line that begins with the time, and the message below it."""
    head = Text.assemble(f"{job.updated_at:%H:%M:%S}  ", (job.state, COLOURS[job.state]), f"  {job.manifest}")
    return Group(head, Padding(Text(job.message), (0, 0, 0, 10)))


def results(text: str) -> RenderableType:
    """Return a table of the first rows of the device results."""
    rows = list(csv.DictReader(StringIO(text)))
    table = _table("Device results", "device", "serial number", "outcome", "error", "what to do")
    for row in rows[:MOST_ROWS]:
        error = f"{row['errorCode']} {row['errorDescription']}".strip()
        table.add_row(*map(Text, (row["device"], row["serialNumber"], row["outcome"], error, row["action"])))
    if len(rows) > MOST_ROWS:
        table.caption = f"and {len(rows) - MOST_ROWS} more"
    return table


def findings(job: Job) -> RenderableType:
    """Return tables of what rejects a manifest, and of what looks odd."""
    issues = _findings("Issues", "red", job.issues, job.issue_count)
    warnings = _findings("Warnings", "yellow", job.warnings, job.warning_count)
    return Group(*(table for table in (warnings, issues) if table.rows))


def _findings(title: str, style: str, found: Sequence[Finding], count: int) -> Table:
    table = _table(title, "where", "field", "code", "what to do")
    for finding in found[:MOST_ROWS]:
        table.add_row(finding.where, finding.field or "", Text(finding.code, style=style), Text(finding.message))
    if count > len(table.rows):
        table.caption = f"and {count - len(table.rows)} more"
    return table


def _table(title: str, *columns: str) -> Table:
    """Return an empty table whose cells wrap: a code that is cut short cannot be looked up."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
