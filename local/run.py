"""The main job on this machine: one manifest, from its landing to every device's fate."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.live import Live

from local import show
from local.drop import envelope_ids, folder_of
from local.stage import Stage, stage
from shared.job.blob_names import results_of, status_of
from shared.job.record import Job, State

LONGEST_RUN = 300.0
"""Seconds after which an end is no longer waited for."""


def run(console: Console, file: Path, auth: str) -> int:
    """Drop a file, show its status as it changes, and tell how it ended: 0 only for ``completed``."""
    data = file.read_bytes()
    console.print("Starting storage emulator, stand-ins and function app ...", style="dim")
    with stage(auth) as running, _host_at_work(running):
        name = _place(running, file, data)
        console.print(f"Signing in by {auth}", style="dim")
        console.print(f"Dropping [bold]{file.name}[/bold] as {name}", highlight=False)
        running.container.upload_blob(name, data)
        job = _watch(console, running, name)
        if job is None:
            console.print(f"[red]No final status within {LONGEST_RUN:.0f} s.[/red]")
            return 1
        _tell(console, running, name, job)
    return 0 if job.state is State.COMPLETED else 1


@contextmanager
def _host_at_work(running: Stage) -> Iterator[None]:
    done = threading.Event()
    thread = threading.Thread(target=running.host.run, args=(done,), name="host-loop")
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _place(running: Stage, file: Path, data: bytes) -> str:
    """Choose a blob name. The customer that an envelope names is one of the stand-in's; its batch may be missing."""
    ids = envelope_ids(data)
    if ids:
        running.partner_center.add_customer(str(ids.customer_id))
    return f"{folder_of(ids)}/{file.name}"


def _watch(console: Console, running: Stage, name: str) -> Job | None:
    end = monotonic() + LONGEST_RUN
    seen: list[Job] = []
    tick = threading.Event()
    with Live(show.life(seen), console=console, refresh_per_second=8) as live:
        while monotonic() < end:
            job = running.status(name)
            if job and (not seen or job != seen[-1]):
                seen.append(job)
                live.update(show.life(seen), refresh=True)
            if job and job.final:
                break
            tick.wait(0.1)
    if not console.is_terminal:
        console.line()  # there, rich stays behind the last row
    return seen[-1] if seen and seen[-1].final else None


def _tell(console: Console, running: Stage, name: str, job: Job) -> None:
    console.print(f"\n[bold]{status_of(name)}[/bold]", highlight=False)
    console.print_json(show.document(job))
    if job.results:
        results = running.container.download_blob(results_of(name)).readall()
        console.print(show.results(results.decode("utf-8-sig")))
    if job.issues or job.warnings:
        console.print(show.findings(job))
    console.print(job.message, style=show.COLOURS[job.state])
