"""From the start of a process to the first status and to the end, beside merely importing what that needs."""

import compileall
import os
import pickle
import subprocess
import sys
import time
from collections import Counter

from bench import manifests
from bench.cast import FLOOR, FOLDERS, NAMES, SMALL, UnequalError, compare_exchanges
from bench.figures import Case, Sample, rotated
from bench.processes import ProcessError
from bench.stand_ins.center import devices_of
from bench.world import CUSTOMER, ROOT, World

IMPORTS, RUNTIME = "imports", "runtime"
"""What a first invocation and the bench use is imported, the worker runtime included; and that alone."""
_KIND = f"{SMALL}0"
_BATCH = "cold-start---"
_LONGEST = 60.0


def run(world: World, rounds: int) -> list[Case]:
    """Measure each in turn, each time in a new process; its modules are compiled, as in a deployment."""
    for folder in ("shared", "bench", "local"):
        compileall.compile_dir(ROOT / folder, quiet=2)
    compileall.compile_file(ROOT / "function_app.py", quiet=2)
    cases = [Case("cold start, to the first status"), Case("cold start, to accepted")]
    world.center.ask("set_latency", 0)
    for number in range(rounds):
        for name in rotated((*NAMES, IMPORTS, RUNTIME), number):
            for case, seconds in zip(cases, _once(world, name), strict=True):
                case.add(name, Sample(1, seconds, 0.0))
    world.clear()
    return cases


def _once(world: World, name: str) -> tuple[float, float]:
    """Start a process; gives the seconds to the first status and to the end, the same where nothing is done."""
    world.clear()
    manifest = f"{CUSTOMER}/{_BATCH}/{_KIND}-{time.monotonic_ns()}.json"
    world.store.ask("land", {manifest: _KIND})
    world.store.ask("take_first_status")
    world.take_asked()
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
    if name not in NAMES:
        return end, end
    _check(world, name, manifest)
    return world.store.ask("take_first_status") - start, end


def _check(world: World, name: str, manifest: str) -> None:
    """Make sure that the manifest's devices came, as they should, and that its status says so; raises UnequalError."""
    compare_exchanges(world, name, [manifest], slice(1))
    came, states = world.center.ask("uploads").get(_BATCH), world.store.ask("states")
    if came != Counter([devices_of(manifests.array(1))]) or states != Counter(accepted=1):
        raise UnequalError(f"{name}: the devices of a manifest did not come, or its status does not say so")
