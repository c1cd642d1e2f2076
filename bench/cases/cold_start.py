"""From the start of a process to the first status and to the end, beside merely importing what that needs."""

import compileall
import os
import pickle
import subprocess
import sys
import time

from bench.cast import FLOOR, FOLDERS, NAMES, SMALL
from bench.figures import Case, Sample
from bench.processes import ProcessError
from bench.world import CUSTOMER, ROOT, World

IMPORTS = "imports"
_KIND = f"{SMALL}0"
_LONGEST = 60.0


def run(world: World, rounds: int) -> list[Case]:
    """Measure each in turn, each time in a new process; its modules are compiled, as in a deployment."""
    for folder in ("shared", "bench", "local"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    compileall.compile_file(ROOT / "function_app.py", quiet=2)
    cases = [Case("cold start, to the first status"), Case("cold start, to accepted")]
    world.center.ask("set_latency", 0)
    for _ in range(rounds):
        for name in (*NAMES, IMPORTS):
            for case, seconds in zip(cases, _once(world, name), strict=True):
                case.add(name, Sample(1, seconds, 0.0))
    world.clear()
    return cases


def _once(world: World, name: str) -> tuple[float, float]:
    """Start a process; gives the seconds to the first status and to the end, which are the same for the imports."""
    manifest = f"{CUSTOMER}/cold-start---/{_KIND}-{time.monotonic_ns()}.json"
    world.store.ask("land", {manifest: _KIND})
    world.store.ask("take_first_status")
    start = time.monotonic()
    done = subprocess.run(  # noqa: S603 - the interpreter that runs this, with arguments made here
        [sys.executable, "-m", "bench.first_job", FOLDERS.get(name, name), manifest],
        cwd=ROOT,
        env={**os.environ, **world.settings, **world.lesson()},
        input=pickle.dumps(world.lives[_KIND]) if name == FLOOR else None,
        capture_output=True,
        check=False,
        timeout=_LONGEST,
    )
    if done.returncode:
        raise ProcessError(done.stderr.decode())
    end = float(done.stdout) - start
    return (end if name == IMPORTS else world.store.ask("take_first_status") - start), end
