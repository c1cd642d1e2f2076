"""``make serve`` and ``make drop``, started as a person starts them, in two terminals."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from local.cli import main
from local.drop import ADDRESS
from local.serve import EMULATOR
from local.stage import BATCH, CONTAINER, CUSTOMER

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


def test_what_is_dropped_from_another_terminal_is_shown_to_its_end(terminal: Terminal, quick: Quick) -> None:
    """One story, as each start takes seconds: served, dropped into, and served again, at the same address and empty."""
    serving = terminal.start("serve", "--auth", "app_user")
    read_until("Signing in by app_user", serving)
    address = read_until("AccountKey", serving).splitlines()[-1]
    read_until("Ctrl-C ends it.", serving)
    check_a_second_start_names_the_first(terminal, serving)
    assert terminal.drop("broken.json") == (0, dropped("broken.json", f"{CUSTOMER}/{BATCH}"))
    shown = read_until("6 issues. Nothing was uploaded", serving)
    assert f"  rejected\n          {CUSTOMER}/{BATCH}/broken.json\n" in shown
    code, said = quick("drop", "--wait", "--manifest", str(SAMPLES / "broken.json"))
    assert (code, "6 issues. Nothing was uploaded" in said) == (1, True)
    envelope = str(SAMPLES / "envelope.json")
    assert quick("drop", "--manifest", envelope) == (0, dropped("envelope.json", f"{CUSTOMER}/Sales laptops"))
    code, said = quick("drop", "--wait", "--manifest", str(SAMPLES / "partner-center.csv"))
    assert (code, '"state": "completed"' in said) == (0, True)
    shown = read_until("All 2 devices are registered", serving)
    assert f"  completed\n          {CUSTOMER}/Sales laptops/envelope.json\n" in shown
    code, said = quick("status")
    assert (code, said.splitlines()[-1]) == (0, "3 manifests: 2 completed, 1 rejected")
    code, said = quick("status", "--manifest", "samples/broken.json")
    assert (code, said.splitlines()[0]) == (0, f"rejected  {CUSTOMER}/{BATCH}/broken.json")
    assert "missing_identity" in said
    assert quick("status", "--manifest", "none.csv") == (
        1,
        "There is no manifest none.csv. make status lists those that are there.\n",
    )
    check_brackets_in_a_name_are_shown(terminal, quick)
    stop(serving)
    assert not (terminal.folder / ADDRESS).exists()
    check_it_starts_clean_at(address, terminal)


def dropped(file: str, folder: str) -> str:
    return f"Dropped {file} as {folder}/{file}\nTo see what becomes of it: make status\n"


def check_a_second_start_names_the_first(terminal: Terminal, first: subprocess.Popen[str]) -> None:
    assert all((terminal.folder / file).stat().st_mode & 0o077 == 0 for file in (ADDRESS, EMULATOR))
    second = terminal.start("serve")
    said, _ = second.communicate()
    assert second.returncode == 2
    assert said.startswith(f"Process {first.pid} has been serving from this folder since ")


def check_brackets_in_a_name_are_shown(terminal: Terminal, quick: Quick) -> None:
    copy = shutil.copy(SAMPLES / "broken.json", terminal.folder / "laptops [copy].json")
    code, said = quick("drop", "--wait", "--manifest", str(copy))
    assert code == 1
    assert said.startswith(f"Dropped laptops [copy].json as {CUSTOMER}/{BATCH}/laptops [copy].json\n")
    assert f"\n{CUSTOMER}/{BATCH}/laptops [copy].json.status.json\n" in said


def check_it_starts_clean_at(address: str, terminal: Terminal) -> None:
    again = terminal.start("serve")
    assert read_until("AccountKey", again).splitlines()[-1] == address
    assert "Each start begins empty" in read_until("Ctrl-C ends it.", again)
    with ContainerClient.from_connection_string(address, CONTAINER) as container:
        assert list(container.list_blobs()) == []
    stop(again)


def stop(serving: subprocess.Popen[str]) -> None:
    serving.send_signal(signal.SIGINT)
    read_until("Ended.", serving)
    assert serving.wait() == 0


def test_a_port_that_another_program_has_taken_is_named_with_what_to_do(terminal: Terminal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (terminal.folder / EMULATOR).parent.mkdir()
        (terminal.folder / EMULATOR).write_text(json.dumps({"key": "a2V5", "ports": {"Blob": port}}))
        serving = terminal.start("serve")
        said, _ = serving.communicate()
    assert serving.returncode == 2
    assert f"127.0.0.1:{port} is in use by another program: end that program, or delete {EMULATOR}" in said


@pytest.mark.parametrize("left_behind", [None, GONE], ids=["never", "no_longer"])
def test_a_drop_into_nothing_says_what_to_start(terminal: Terminal, quick: Quick, left_behind: str | None) -> None:
    if left_behind:
        (terminal.folder / ADDRESS).parent.mkdir()
        (terminal.folder / ADDRESS).write_text(left_behind)
    for words in (["drop"], ["drop", "--wait"], ["status"]):
        code, said = quick(*words)
        assert code == 2
        assert "start `make serve` in another terminal first" in said


def test_a_name_that_no_file_can_have_is_named(quick: Quick) -> None:
    code, said = quick("drop", "--manifest", "x" * 300)
    assert (code, said.replace("\n", "")) == (2, "x" * 300 + ": File name too long")


@pytest.mark.parametrize("command", ["drop", "run"])
def test_a_name_that_the_app_never_takes_is_refused(quick: Quick, command: str) -> None:
    code, said = quick(command, "--manifest", "laptops.csv.results.csv")
    assert (code, said) == (2, "laptops.csv.results.csv is never a manifest: the app's own blobs end so\n")


@pytest.mark.parametrize("name", ["none.csv", "none [copy].csv", "none[/].csv"])
def test_a_file_that_is_not_there_is_named(quick: Quick, name: str) -> None:
    code, said = quick("drop", "--manifest", str(SAMPLES / name))
    assert (code, said.strip()) == (2, f"{SAMPLES / name}: No such file or directory")
