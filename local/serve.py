"""The function app on this machine, staying up."""

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console

from local import show
from local.drop import ADDRESS
from local.host.triggers import Run
from local.stage import BATCH, CONTAINER, CUSTOMER, Stage, stage
from shared.job.blob_names import STATUS_SUFFIX, manifest_of
from shared.job.record import Job

FOLDER = Path(".local/storage")


def serve(console: Console) -> int:
    """Handle whatever is put into the container, until Ctrl-C."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    console.print("Starting storage emulator, stand-ins and function app ...", style="dim")
    with stage(folder=FOLDER) as running, _findable(running.connection_string):
        _welcome(console, running)
        told: dict[str, Job] = {}
        while not stopping.is_set():
            for job in _news(running, running.host.step(), told):
                console.print(show.news(job), highlight=False)
            stopping.wait(0.2)
    console.print("Ended.", style="dim")
    return 0


@contextmanager
def _findable(connection_string: str) -> Iterator[None]:
    ADDRESS.unlink(missing_ok=True)
    ADDRESS.touch(mode=0o600)
    ADDRESS.write_text(connection_string, encoding="utf-8")
    try:
        yield
    finally:
        ADDRESS.unlink(missing_ok=True)


def _welcome(console: Console, running: Stage) -> None:
    console.print("Ready. In another terminal: [bold]make drop MANIFEST=samples/envelope.json[/bold]", highlight=False)
    console.print(f"Or put manifests into the container {CONTAINER}, below {CUSTOMER}/{BATCH}/,", highlight=False)
    console.print("with any storage tool and this connection string (blobs stay in .local/storage):")
    console.print(running.connection_string, style="cyan", highlight=False, soft_wrap=True)
    console.print("Ctrl-C ends it.", style="dim")


def _news(running: Stage, runs: Iterable[Run], told: dict[str, Job]) -> Iterator[Job]:
    """Give each job that stands otherwise than was told; its status, once written, has started a run as well."""
    blobs = [run.what.removeprefix(f"{CONTAINER}/") for run in runs]
    for manifest in dict.fromkeys(manifest_of(name) for name in blobs if name.endswith(STATUS_SUFFIX)):
        job = running.status(manifest)
        if job and job != told.get(manifest):
            told[manifest] = job
            yield job
