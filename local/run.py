"""The main job on this machine: one manifest, until it is known what became of every device."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from local.drop import envelope_ids, folder_of
from local.follow import follow, put
from local.stage import Stage, stage


def run(console: Console, file: Path, auth: str) -> int:
    """Drop a file, show its status as it changes and how it ends; return 0 only for ``completed``."""
    data = file.read_bytes()
    console.print("Starting storage emulator, stand-ins and function app ...", style="dim", highlight=False)
    with stage(auth) as running, host_at_work(running):
        name = _place(running, file, data)
        console.print(f"Signing in by {auth}", style="dim")
        console.print(f"Dropping [bold]{escape(file.name)}[/bold] as {escape(name)}", highlight=False)
        return follow(console, running.container, put(running.container, name, data))


@contextmanager
def host_at_work(running: Stage) -> Iterator[None]:
    """Run the host in a thread of its own while the block lasts."""
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
