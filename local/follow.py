"""One manifest followed to its end: each change as it comes, then its status, results and findings."""

import re
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from msgspec import DecodeError
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.markup import escape
from rich.text import Text

from local import show
from shared.commands import details
from shared.commands.terminal import Terminal
from shared.job.blob_names import results_of, status_of
from shared.job.status_document import Job, State, decode

LONGEST_RUN = 300.0
"""Seconds after which a final status is no longer waited for."""

_INTERNAL = re.compile(r'"internal": \{.*\}')
"""The last member of a status, on one line: nobody but the app reads it."""


class ReplacedError(Exception):
    """The manifest was dropped again, so that its first run has no end of its own."""


class Dropped(NamedTuple):
    """A manifest as it was written: by ETag and moment, the status of its run differs from an earlier one's."""

    name: str
    etag: str
    at: datetime


def put(container: ContainerClient, name: str, data: bytes) -> Dropped:
    """Write a manifest over whatever is there."""
    written = container.get_blob_client(name).upload_blob(data, overwrite=True)
    return Dropped(name, str(written["etag"]).strip('"'), written["last_modified"])


def follow(console: Console, container: ContainerClient, dropped: Dropped) -> int:
    """Show what becomes of a manifest.

    Returns:
        0 if it ends as ``completed``, else 1.
    """
    try:
        job = watch(console, lambda: _status(container, dropped))
    except ReplacedError:
        console.print("[red]It was dropped again meanwhile.[/red]")
        return 1
    if job is None:
        console.print(f"[red]No final status within {LONGEST_RUN:.0f} s.[/red]")
        return 1
    name = dropped.name
    console.print(f"\n[bold]{escape(status_of(name))}[/bold]", highlight=False, soft_wrap=True)
    # A line that the terminal wraps can be copied as it is; one that rich has cut in two cannot.
    status = container.download_blob(status_of(name)).readall().decode()
    document = Text(_INTERNAL.sub('"internal": {"…": "the app\'s own bookkeeping"}', status))
    JSONHighlighter().highlight(document)
    console.print(document, soft_wrap=True)
    terminal = Terminal(sys.stdout)
    if job.results:
        results = container.download_blob(results_of(name)).readall()
        details.outcomes("device results", [results], (), terminal)
    details.findings(job, terminal)
    console.print()
    console.print(show.lines(job.message, console.width), style=show.COLOURS[job.state])
    return 0 if job.state is State.COMPLETED else 1


def watch(console: Console, status: Callable[[], Job | None]) -> Job | None:
    """Show each change of a job until it is final, and return it; None after ``LONGEST_RUN`` seconds."""
    end, tick = monotonic() + LONGEST_RUN, threading.Event()
    seen: Job | None = None
    while monotonic() < end:
        job = status()
        # A poll that finds no progress changes the status, but tells nobody anything.
        if job and (seen is None or (job.state, job.message) != (seen.state, seen.message)):
            console.print(show.step(job, console.width))
            seen = job
        if job and job.final:
            return job
        tick.wait(0.1)
    return None


def _status(container: ContainerClient, dropped: Dropped) -> Job | None:
    try:
        job = decode(container.download_blob(status_of(dropped.name)).readall())
    except (ResourceNotFoundError, DecodeError):
        return None
    if job.etag == dropped.etag:
        return job if job.created_at >= dropped.at else None
    if job.previous and job.previous.etag == dropped.etag:
        raise ReplacedError
    return None
