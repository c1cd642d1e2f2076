"""Runs a script of infra/ against the stand-in for the Azure CLI."""

import marshal
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.infra import stand_in_az

TOOLS = ("cat", "cut", "date", "dirname", "grep", "head", "mktemp", "rm", "sleep", "sort", "tail", "tr")
HASTE = {"SUBSCRIBE_PAUSE": "0", "SUBSCRIBE_TRIES": "5", "AWAIT_ROLES_PAUSE": "0", "AWAIT_ROLES_TRIES": "5"}


@dataclass(frozen=True)
class Run:
    code: int
    said: str
    calls: list[list[str]]

    def calls_of(self, *command: str) -> list[list[str]]:
        return [call for call in self.calls if call[: len(command)] == list(command)]


class Stage:
    """A folder that is all of the path, with the stand-in as ``az``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._book = folder / "book"
        (folder / "az").write_text(command(stand_in_az, str(self._book)))
        (folder / "az").chmod(0o755)
        for tool in TOOLS:
            (folder / tool).symlink_to(str(shutil.which(tool)))
        self.lay_down()

    def lay_down(self, **answers: Any) -> None:  # noqa: ANN401 - whatever a book may hold
        """Decide what az answers; what is not named goes well."""
        self._book.write_bytes(marshal.dumps(stand_in_az.ALL_WELL | {"calls": []} | answers))

    def run(self, script: Path, environment: Mapping[str, str]) -> Run:
        given = {**environment, **HASTE, "PATH": str(self.folder)}
        done = subprocess.run(  # noqa: S603 - the project's own script
            ["/bin/sh", script], env=given, cwd="/", capture_output=True, text=True, timeout=30, check=False
        )
        book = marshal.loads(self._book.read_bytes())  # noqa: S302 - our own stand-in has written it
        return Run(done.returncode, done.stdout + done.stderr, book["calls"])


def command(stand_in: ModuleType, *arguments: str) -> str:
    """Return a shell's command that runs a stand-in: as a module, which Python compiles once, and without packages."""
    folder, name = Path(str(stand_in.__file__)).parent, stand_in.__name__.rpartition(".")[2]
    python = f"import sys; sys.path.insert(0, '{folder}'); import {name}; sys.exit({name}.main())"
    return f'#!/bin/sh\nexec {sys.executable} -IS -c "{python}" {shlex.join(arguments)} "$@"\n'
