"""Reading that takes longer than a lease is no death."""

import gzip
from datetime import timedelta
from importlib import import_module

import pytest

from shared.job.record import State
from shared.workflow.queue_messages import WakeUp
from tests.manifest.workbook_reader.workbooks import row, sheet, workbook
from tests.world import NAME, World

ONE_DEVICE = b"Windows Product ID\nAAAAA-BBBBB\n"
CASES = {
    "a small file that unpacks to a large one": (
        gzip.compress(ONE_DEVICE + b"\n" * 20 * 2**20),
        "shared.manifest.decoding.gzip_stream._step",
        160,
    ),
    "many rows": (
        ONE_DEVICE + b"".join(b"AAAAA-%05d\n" % number for number in range(5000)),
        "shared.manifest.duplicates._piece",
        5000,
    ),
    "a workbook of empty rows": (
        workbook(
            sheet(row(1, "Windows Product ID"), row(2, "AAAAA-BBBBB"), *(f'<row r="{n}"/>' for n in range(3, 20_000)))
        ),
        "shared.manifest.workbook_reader.markup._feed",
        40,
    ),
}
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("data", "slow", "calls"), CASES.values(), ids=CASES)
def test_it_renews_the_lease(monkeypatch: pytest.MonkeyPatch, data: bytes, slow: str, calls: int) -> None:
    world = World(part_size=10_000, manifest_bytes=2**26)
    module, name = slow.rsplit(".", 1)
    work = getattr(import_module(module), name)
    done = 0

    def slowly(*arguments: object, **more: object) -> object:
        nonlocal done
        done += 1
        world.clock.advance(HOUR / calls)
        if done == calls - 10:
            world.workflow.advance(WakeUp(NAME))
        return work(*arguments, **more)

    monkeypatch.setattr(slow, slowly)
    began = world.clock.now
    world.drop(data)
    world.step()
    assert world.clock.now - began >= HOUR
    assert world.job().state is State.ACCEPTED
    assert world.job().attempts == 1
