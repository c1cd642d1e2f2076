"""The function app on this machine, staying up."""

import fcntl
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import msgspec
from rich.console import Console

from local import show
from local.azurite import Address, AzuriteError, PortInUseError
from local.drop import ADDRESS
from local.host.triggers import Run
from local.stage import BATCH, CONTAINER, CUSTOMER, Stage, stage
from shared.job.blob_names import STATUS_SUFFIX, manifest_of
from shared.job.status_document import Job

FOLDER = Path(".local")
EMULATOR = FOLDER / "emulator.json"
"""Ports and key of the emulator: a storage tool that is set up once finds it again at the next start."""

SERVING = FOLDER / "serving"
"""Locked while one process serves, and says which."""


class ServingAlreadyError(RuntimeError):
    """Another process serves from the same folder."""


def serve(console: Console, auth: str) -> int:
    """Handle whatever is put into the container, signing in by ``auth``, until Ctrl-C; 2 if another process does so."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    FOLDER.mkdir(exist_ok=True)
    try:
        with _only_one():
            _serve(console, auth, stopping)
    except ServingAlreadyError as error:
        console.print(f"[red]{error}[/red]", highlight=False)
        return 2
    console.print("Ended.", style="dim")
    return 0


def _serve(console: Console, auth: str, stopping: threading.Event) -> None:
    console.print("Starting storage emulator, stand-ins and function app ...", style="dim", highlight=False)
    with _stage(auth) as running, _findable(running.storage.connection_string):
        console.print(f"Signing in by {auth}", style="dim", highlight=False)
        _welcome(console, running)
        shown: dict[str, tuple[str, str]] = {}
        while not stopping.is_set():
            for job in _news(running, running.host.step(), shown):
                console.print(show.news(job, console.width), highlight=False)
            stopping.wait(0.2)


@contextmanager
def _only_one() -> Iterator[None]:
    with SERVING.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise ServingAlreadyError(f"{file.read()} Drop manifests into it, or end it by Ctrl-C there.") from None
        file.truncate(0)
        file.write(f"Process {os.getpid()} has been serving from this folder since {datetime.now(UTC):%H:%M} UTC.")
        file.flush()
        yield


@contextmanager
def _stage(auth: str) -> Iterator[Stage]:
    address = msgspec.json.decode(EMULATOR.read_bytes(), type=Address) if EMULATOR.exists() else None
    try:
        with stage(auth, address) as running:
            _write_private(EMULATOR, msgspec.json.encode(running.storage.address))
            yield running
    except PortInUseError as error:
        raise AzuriteError(f"{error}: end that program, or delete {EMULATOR} for other ports.") from error


@contextmanager
def _findable(connection_string: str) -> Iterator[None]:
    _write_private(ADDRESS, connection_string.encode())
    try:
        yield
    finally:
        ADDRESS.unlink(missing_ok=True)


def _write_private(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(content)


def _welcome(console: Console, running: Stage) -> None:
    console.print("Ready. In another terminal: [bold]make drop MANIFEST=samples/envelope.json[/bold]", highlight=False)
    console.print(f"Or use any storage tool: put blobs into the container {CONTAINER!r}, with", highlight=False)
    console.print(f"names that begin with {CUSTOMER}/{BATCH}/", highlight=False)
    console.print("The connection string is the same at each start:")
    console.print(running.storage.connection_string, style="cyan", highlight=False, soft_wrap=True)
    console.print("Each start begins empty: blobs and uploads are deleted when Ctrl-C ends it.", style="dim")


def _news(running: Stage, runs: Iterable[Run], shown: dict[str, tuple[str, str]]) -> Iterator[Job]:
    """Yield each job whose state or message was not shown yet; its status, once written, has started a run as well."""
    blobs = [run.what.removeprefix(f"{CONTAINER}/") for run in runs]
    for manifest in dict.fromkeys(manifest_of(name) for name in blobs if name.endswith(STATUS_SUFFIX)):
        job = running.status(manifest)
        # A poll changes the times of a status, and nothing that anybody wants to read again.
        if job and shown.get(manifest) != (job.state, job.message):
            shown[manifest] = (job.state, job.message)
            yield job
