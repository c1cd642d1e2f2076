"""From the start of a new process to its first manifest's `accepted`."""

import compileall
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping

from bench.figures import Figures, in_turn
from bench.implementations import FOLDERS, SMALL, THIS_APP, TUTORIAL, check_alone
from bench.processes import ROOT, ProcessError
from bench.work import Measure
from bench.world import CUSTOMER, World

RUNTIME = "worker runtime alone"
_RUNTIME_ALONE = "import local.host.runtime, time; print(time.monotonic())"
_BATCH, _KIND = "cold", f"{SMALL}0"


def run(world: World, devices: Mapping[str, str], rounds: int) -> Figures:
    """Measure each in turn, each time in a new process; its modules are compiled, as in a deployment."""
    for folder in ("shared", "bench", "local"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    compileall.compile_file(ROOT / "function_app.py", quiet=2)
    figures = Figures("cold start")
    for number in range(rounds):
        for name in in_turn((THIS_APP, TUTORIAL, RUNTIME), number):
            figures.add(name, 1, Measure(_once(world, name, devices), 0))
    return figures


def _once(world: World, name: str, devices: Mapping[str, str]) -> float:
    """Return the seconds from a process's start to its end."""
    manifest = f"{CUSTOMER}/{_BATCH}/first.json"
    world.clear()
    world.storage.call("land", {manifest: _KIND})
    one_job = ["-m", "bench.hosted", str(FOLDERS.get(name)), manifest]
    arguments = one_job if name in FOLDERS else ["-c", _RUNTIME_ALONE]
    start = time.monotonic()
    done = subprocess.run(  # noqa: S603 - the interpreter that runs this, with arguments made here
        [sys.executable, *arguments],
        cwd=ROOT, env={**os.environ, **world.settings}, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode:
        raise ProcessError(done.stderr.decode())
    if name in FOLDERS:
        check_alone(world, name, {_BATCH: Counter([devices[_KIND]])})
    return float(done.stdout) - start
