"""The function app on this machine, staying up."""

import signal
import threading
from pathlib import Path
from types import FrameType

from rich.console import Console

from local import show
from local.stage import BATCH, CONTAINER, CUSTOMER, stage

FOLDER = Path(".local/storage")


def serve(console: Console) -> int:
    """Handle whatever is put into the container, until Ctrl-C."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with stage(folder=FOLDER) as running:
        console.print(f"Ready. Put manifests into the container [bold]{CONTAINER}[/bold], below {CUSTOMER}/{BATCH}/")
        console.print("with any storage tool and this connection string (blobs stay in .local/storage):")
        console.print(running.connection_string, style="cyan", highlight=False, soft_wrap=True)
        console.print("Ctrl-C ends it.", style="dim")
        while not stopping.is_set():
            for ran in running.host.step():
                console.print(show.ran(ran))
            stopping.wait(0.2)
    return 0
