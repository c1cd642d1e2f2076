"""From the start of a process to the first status, beside merely importing what that needs."""

import compileall
import os
import subprocess
import sys
import time

from bench.cast import FOLDERS, SMALL, THIS_APP, TUTORIAL
from bench.figures import Case, Sample
from bench.processes import ProcessError
from bench.world import CUSTOMER, ROOT, World

IMPORTS, ACCEPTED = "imports", "this app, to accepted"
"""The tutorial's first status is its last one: its end is the same as its first status."""
_LONGEST = 60.0


def run(world: World, rounds: int) -> Case:
    """Measure each in turn, each time in a new process; its modules are compiled, as in a deployment."""
    for folder in ("shared", "bench", "local"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    compileall.compile_file(ROOT / "function_app.py", quiet=2)
    case = Case("cold start")
    world.center.ask("set_latency", 0)
    for _ in range(rounds):
        for name in (THIS_APP, TUTORIAL, IMPORTS):
            for what, seconds in _once(world, name):
                case.add(what, Sample(1, seconds, 0.0))
    world.clear()
    return case


def _once(world: World, name: str) -> list[tuple[str, float]]:
    manifest = f"{CUSTOMER}/cold-start/{time.monotonic_ns()}.json"
    world.store.ask("land", {manifest: f"{SMALL}0"})
    world.store.ask("take_first_status")
    start = time.monotonic()
    done = subprocess.run(  # noqa: S603 - the interpreter that runs this, with arguments made here
        [sys.executable, "-m", "bench.first_job", FOLDERS.get(name, IMPORTS), manifest],
        cwd=ROOT,
        env={**os.environ, **world.settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST,
    )
    if done.returncode:
        raise ProcessError(done.stderr)
    end = float(done.stdout) - start
    if name == IMPORTS:
        return [(name, end)]
    return [(name, world.store.ask("take_first_status") - start), *([(ACCEPTED, end)] if name == THIS_APP else [])]
