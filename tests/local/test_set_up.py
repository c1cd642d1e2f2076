"""The first set-up, interrupted and doubled: in a folder with no packages to install, so that nothing is downloaded."""

import os
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "local" / "set_up.py"
PATIENCE = 50.0  # seconds; it takes about four
OLD = 1_700_000_000


class Checkout:
    """A fresh clone whose requirements are empty."""

    def __init__(self, root: Path, started: ExitStack) -> None:
        self.root, self._started = root, started
        (root / "local").mkdir()
        shutil.copy(SCRIPT, root / "local")
        for name in ("requirements.txt", "requirements-dev.txt", "local/package-lock.json"):
            (root / name).touch()

    @property
    def mark(self) -> Path:
        return self.root / ".venv" / ".ready"

    def start(self, part: str = "packages", path: str | None = None) -> subprocess.Popen[str]:
        command = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, str(self.root / "local" / "set_up.py"), part],
            env=None if path is None else {"PATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_heed_ctrl_c,  # noqa: PLW1509 - the child does nothing else before it is replaced
        )
        self._started.enter_context(command)
        self._started.callback(command.kill)
        return command

    def set_up(self, part: str = "packages", path: str | None = None) -> tuple[int, str]:
        command = self.start(part, path)
        said, _ = command.communicate(timeout=PATIENCE)
        return command.returncode, said

    def has_pip(self) -> bool:
        command = [str(self.root / ".venv" / "bin" / "python"), "-m", "pip", "--version"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - the one just made


def _heed_ctrl_c() -> None:
    """Undo what a shell does to its background jobs, of which these tests may be one."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    with ExitStack() as started:
        yield Checkout(tmp_path, started)


def test_an_interrupted_set_up_starts_again_once_for_two_and_one_that_is_complete_is_kept(checkout: Checkout) -> None:
    """One story, as each set-up that starts anew takes seconds of pip's."""
    venv.create(checkout.root / ".venv", with_pip=False)
    assert not checkout.has_pip()
    commands = [checkout.start(), checkout.start()]
    said = [command.communicate(timeout=PATIENCE)[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0]
    assert "".join(said).count("Setting up") == 1
    assert checkout.has_pip()
    kept = checkout.root / ".venv" / "kept"
    kept.touch()
    assert checkout.set_up() == (0, "")
    os.utime(checkout.mark, (OLD, OLD))
    assert checkout.set_up() == (0, "Setting up Python packages in .venv ...\n")
    assert kept.exists()
    (checkout.root / "requirements-dev.txt").write_text("./no-such-package\n")
    os.utime(checkout.mark, (OLD, OLD))
    code, said_last = checkout.set_up()
    assert (code, "no-such-package" in said_last) == (1, True)
    assert not checkout.mark.exists()


def test_ctrl_c_says_nothing_and_leaves_no_mark(checkout: Checkout) -> None:
    command = checkout.start()
    assert command.stdout
    assert command.stdout.readline() == "Setting up Python packages in .venv ...\n"
    command.send_signal(signal.SIGINT)
    assert command.stdout.read() == ""
    assert command.wait(PATIENCE) == 130
    assert not checkout.mark.exists()


@pytest.mark.parametrize("code", [0, 3])
def test_the_emulator_is_marked_when_npm_has_succeeded(checkout: Checkout, code: int) -> None:
    tools = checkout.root / "tools"
    tools.mkdir()
    modules = checkout.root / "local" / "node_modules"
    (tools / "npm").write_text(f'#!/bin/sh\n/bin/mkdir -p "{modules}"\nexit {code}\n')
    (tools / "npm").chmod(0o755)
    assert checkout.set_up("emulator", str(tools)) == (
        code,
        "Setting up the storage emulator in local/node_modules ...\n",
    )
    assert (modules / ".ready").exists() == (code == 0)
