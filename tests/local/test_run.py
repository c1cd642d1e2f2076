"""``make run``, started as a person starts it, over each way to sign in."""

import json
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from local import run as local_run
from local.sign_in import WAYS
from shared.job.record import State
from tests.manifests import array, serials
from tests.world import CUSTOMER, World

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # seconds; it takes about six


def test_the_main_job_is_shown_over_each_way() -> None:
    with ExitStack() as started:
        runs = {way: _run(way, started) for way in WAYS}
        for way, run in runs.items():
            shown, _ = run.communicate(timeout=PATIENCE)
            assert run.returncode == 0, shown
            assert f"Signing in by {way}" in shown
            assert '"state": "completed"' in shown


def _run(way: str, started: ExitStack) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "local", "run", "--auth", way]
    pipe = subprocess.PIPE
    run = started.enter_context(
        subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - our own program
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
