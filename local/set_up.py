"""Sets up what the other commands need: the Python packages in .venv, the storage emulator in local/node_modules.

The Makefile runs it with a Python that has none of our packages: the standard library has to do.
"""

import fcntl
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
VENV = ROOT / ".venv"
INTERRUPTED = 130
"""The exit code of a command that Ctrl-C has ended."""


@dataclass(frozen=True)
class Part:
    """Name a part, the file that marks it as complete, the files that it is made from, and what makes it."""

    title: str
    mark: Path
    sources: tuple[Path, ...]
    make: Callable[[Path], None]

    @property
    def is_ready(self) -> bool:
        """Return whether it is complete and no older than what it is made from."""
        made = self.mark.stat().st_mtime if self.mark.exists() else 0
        return made >= max(source.stat().st_mtime for source in self.sources)


def set_up(part: Part, lock: Path) -> None:
    """Make a part that is not ready, one process at a time; raises CalledProcessError when a tool fails."""
    with _alone(lock):
        # Somebody else may have made it while this process waited.
        if part.is_ready:
            return
        print(f"Setting up {part.title} ...", flush=True)
        part.make(part.mark)
        part.mark.touch()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another terminal is setting up the same: waiting for it ...", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make_packages(mark: Path) -> None:
    # Without the mark an earlier set-up was interrupted, maybe before pip was there: nothing of it can be relied on.
    if not mark.exists():
        venv.create(VENV, clear=True, with_pip=True, symlinks=os.name == "posix")
    mark.unlink(missing_ok=True)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(ROOT / "requirements-dev.txt")], check=True)  # noqa: S603 - our own pip


def _make_emulator(_mark: Path) -> None:
    subprocess.run(  # noqa: S603 - npm itself, which begins by removing what is there, the mark included
        ["npm", "ci", "--prefix", str(ROOT / "local"), "--silent", "--no-audit", "--no-fund", "--ignore-scripts"],  # noqa: S607 - wherever it is installed
        check=True,
    )


PARTS = {
    "packages": Part(
        "Python packages in .venv",
        VENV / ".ready",
        (ROOT / "requirements.txt", ROOT / "requirements-dev.txt"),
        _make_packages,
    ),
    "emulator": Part(
        "the storage emulator in local/node_modules",
        ROOT / "local" / "node_modules" / ".ready",
        (ROOT / "local" / "package-lock.json",),
        _make_emulator,
    ),
}


def main(name: str) -> int:
    """Set up one of the PARTS, and return the exit code."""
    try:
        set_up(PARTS[name], ROOT / ".local" / f"set-up-{name}.lock")
    except subprocess.CalledProcessError as error:
        return error.returncode
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
