"""``make run``, started as a person starts it, over each way to sign in."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from rich.text import Text

from local import picture
from local import run as local_run
from local.sign_in import WAYS
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.world import CUSTOMER, World

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds; it takes about six


def test_the_main_job_is_shown_over_each_way_and_the_picture_is_of_it() -> None:
    with ExitStack() as started:
        runs = {way: _run(way, started) for way in WAYS}
        shown = {way: run.communicate(timeout=PATIENCE)[0] for way, run in runs.items()}
    assert {way: run.returncode for way, run in runs.items()} == dict.fromkeys(WAYS, 0), shown
    for way in WAYS:
        plain = Text.from_ansi(shown[way]).plain
        assert f"Signing in by {way}" in plain
        assert '"state": "completed"' in plain
    assert picture.draw(shown[WAYS[0]]) == picture.FILE.read_text(encoding="utf-8"), "run: python -m local.pages"


def _run(way: str, started: ExitStack) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local", "run", "--auth", way]
    pipe, environment = subprocess.PIPE, picture.environment()
    run = started.enter_context(
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, text=True)  # noqa: S603 - our own program
    )
    started.callback(run.send_signal, signal.SIGINT)  # it ends what it has started; no harm where it has ended itself
    return run


def test_the_batch_that_an_envelope_names_is_not_created() -> None:
    world = World(customers={})
    running = cast("Any", SimpleNamespace(partner_center=world.partner_center))
    envelope = {"customerId": CUSTOMER, "batchId": "Nowhere", "devices": json.loads(array(serials(1)))}
    data = json.dumps(envelope).encode()
    name = local_run._place(running, Path("laptops.json"), data)  # noqa: SLF001 - the rest needs the whole stage
    assert name == f"{CUSTOMER}/Nowhere/laptops.json"
    world.drop(data, name)
    world.settle()
    assert world.job(name).state is State.REJECTED
    assert "has no device batches yet" in world.job(name).message


def test_ctrl_c_leaves_each_row_once(tmp_path: Path) -> None:
    """On a terminal, where the echo of Ctrl-C moves what would be drawn again."""
    with ExitStack() as started:
        terminal = Terminal([sys.executable, "-m", "local", "run"], tmp_path, started)
        before = terminal.read_until("is registering")
        terminal.press("\x03")
        shown = before + terminal.read_until("")
        assert terminal.code() == 130, shown
    assert shown.count("is registering") == 1
    assert shown.endswith("^C\r\n")


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, command: list[str], folder: Path, started: ExitStack) -> None:
        self._ours, theirs = pty.openpty()
        started.callback(os.close, self._ours)
        self._program = started.enter_context(
            subprocess.Popen(  # noqa: S603 - our own program
                command,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "200"},
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
                preexec_fn=_own_the_terminal,  # noqa: PLW1509 - the child does nothing else before it is replaced
            )
        )
        os.close(theirs)
        started.callback(self._program.kill)

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def read_until(self, words: str) -> str:
        """Read until these words have come; without words, to the end."""
        shown = ""
        while not words or words not in shown:
            try:
                read = os.read(self._ours, 1000)
            except OSError:  # the program has ended
                break
            shown += read.decode(errors="replace")
        return shown

    def code(self) -> int:
        return self._program.wait(PATIENCE)


def _own_the_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell has its background jobs, these tests maybe, ignore it
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
