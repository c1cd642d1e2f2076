"""``make serve`` and ``make drop``, started as a person starts them, in two terminals."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.cli import main
from local.drop import ADDRESS
from local.stage import BATCH, CUSTOMER

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
GONE = "AccountName=devstoreaccount1;AccountKey=bm9ib2R5;BlobEndpoint=http://127.0.0.1:1/devstoreaccount1"


type Quick = Callable[..., tuple[int, str]]


class Terminal:
    """A folder in which commands are started."""

    def __init__(self, folder: Path, started: ExitStack) -> None:
        self.folder, self._started = folder, started

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "local", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.enter_context(command)
        self._started.callback(command.send_signal, signal.SIGINT)  # no harm where it has ended
        return command

    def drop(self, name: str) -> tuple[int, str]:
        command = self.start("drop", "--manifest", str(SAMPLES / name))
        said, _ = command.communicate()
        return command.returncode, said


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with ExitStack() as started:
        yield Terminal(tmp_path, started)


@pytest.fixture
def quick(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Quick:
    """Run a command in this process, as one of its own takes seconds to start."""
    monkeypatch.chdir(terminal.folder)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["local", *words])
        return main(), capsys.readouterr().out

    return run


def read_until(words: str, command: subprocess.Popen[str]) -> str:
    assert command.stdout
    shown = ""
    for line in command.stdout:
        shown += line
        if words in line:
            return shown
    raise AssertionError(f"it ended before it said {words!r}: {shown}")


def test_what_is_dropped_from_another_terminal_is_told_to_its_end(terminal: Terminal, quick: Quick) -> None:
    serving = terminal.start("serve")
    read_until("Ctrl-C ends it.", serving)
    assert terminal.drop("broken.json") == (0, f"Dropped broken.json as {CUSTOMER}/{BATCH}/broken.json\n")
    shown = read_until("6 issues. Nothing was uploaded", serving)
    assert f"  rejected\n          {CUSTOMER}/{BATCH}/broken.json\n" in shown
    assert terminal.drop("envelope.json") == (0, f"Dropped envelope.json as {CUSTOMER}/Sales laptops/envelope.json\n")
    shown = read_until("All 2 devices are registered", serving)
    assert f"  completed\n          {CUSTOMER}/Sales laptops/envelope.json\n" in shown
    assert (terminal.folder / ADDRESS).stat().st_mode & 0o077 == 0
    code, said = quick("drop", "--wait", "--manifest", str(SAMPLES / "broken.json"))
    assert (code, "6 issues. Nothing was uploaded" in said) == (1, True)
    code, said = quick("drop", "--wait", "--manifest", str(SAMPLES / "partner-center.csv"))
    assert (code, '"state": "completed"' in said) == (0, True)
    code, said = quick("status")
    assert (code, said.splitlines()[-1]) == (0, "3 manifests: 2 completed, 1 rejected")
    code, said = quick("status", "--manifest", "samples/broken.json")
    assert (code, said.splitlines()[0]) == (0, f"rejected  {CUSTOMER}/{BATCH}/broken.json")
    assert "missing_identity" in said
    assert quick("status", "--manifest", "none.csv") == (1, "There is no manifest none.csv.\n")
    serving.send_signal(signal.SIGINT)
    read_until("Ended.", serving)
    assert serving.wait() == 0
    assert not (terminal.folder / ADDRESS).exists()


@pytest.mark.parametrize("left_behind", [None, GONE], ids=["never", "no_longer"])
def test_a_drop_into_nothing_says_what_to_start(terminal: Terminal, quick: Quick, left_behind: str | None) -> None:
    if left_behind:
        (terminal.folder / ADDRESS).parent.mkdir()
        (terminal.folder / ADDRESS).write_text(left_behind)
    for words in (["drop"], ["drop", "--wait"], ["status"]):
        code, said = quick(*words)
        assert code == 2
        assert "start `make serve` in another terminal first" in said


def test_a_file_that_is_not_there_is_named(quick: Quick) -> None:
    code, said = quick("drop", "--manifest", str(SAMPLES / "none.csv"))
    assert (code, said.strip()) == (2, f"{SAMPLES / 'none.csv'}: No such file or directory")
