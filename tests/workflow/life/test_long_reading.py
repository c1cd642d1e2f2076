"""Reading that takes longer than a lease is no death."""

import gzip
from datetime import timedelta
from importlib import import_module

import pytest

from shared.job.record import State
from shared.workflow.queue_messages import WakeUp
from tests.world import NAME, World

ONE_DEVICE = b"Windows Product ID\nAAAAA-BBBBB\n"
CASES = {
    "a small file that unpacks to a large one": (
        gzip.compress(ONE_DEVICE + b"\n" * 20 * 2**20),
        "shared.manifest.decoding.gzip_stream._step",
    ),
    "many rows": (
        ONE_DEVICE + b"".join(b"AAAAA-%05d\n" % number for number in range(5000)),
        "shared.manifest.duplicates._piece",
    ),
}
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("data", "slow"), CASES.values(), ids=CASES)
def test_it_renews_the_lease(monkeypatch: pytest.MonkeyPatch, data: bytes, slow: str) -> None:
    world = World(part_size=10_000, manifest_bytes=2**26)
    module, name = slow.rsplit(".", 1)
    work = getattr(import_module(module), name)
    calls = 160 if data.startswith(b"\x1f") else 5000
    done = 0

    def slowly(*arguments: object) -> object:
        nonlocal done
        done += 1
        world.clock.advance(HOUR / calls)
        if done == calls - 10:
            world.workflow.advance(WakeUp(NAME))
        return work(*arguments)

    monkeypatch.setattr(slow, slowly)
    began = world.clock.now
    world.drop(data)
    world.step()
    assert world.clock.now - began >= HOUR
    assert world.job().state is State.ACCEPTED
    assert world.job().attempts == 1
