"""Reading or writing that takes longer than a lease is no death."""

import gzip
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module

import pytest

from shared.job.status_document import State
from shared.workflow.queue_messages import WakeUp
from tests.fakes import FakeContent
from tests.manifest.workbook_reader.workbooks import row, sheet, workbook
from tests.manifests import array, serials
from tests.world import NAME, World

ONE_DEVICE = b"Windows Product ID\nAAAAA-BBBBB\n"
CASES = {
    "a small file that unpacks to a large one": (
        gzip.compress(ONE_DEVICE + b"\n" * 10 * 2**20),
        "shared.manifest.decoding.gzip_stream._step",
        80,
    ),
    "many rows": (
        ONE_DEVICE + b"".join(b"AAAAA-%05d\n" % number for number in range(5000)),
        "shared.manifest.duplicates._marks",
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


def slow_down(monkeypatch: pytest.MonkeyPatch, world: World, work: str, calls: int) -> None:
    """Let so many calls of a function take an hour, and another wake-up come just before they are over."""
    module, name = work.rsplit(".", 1)
    real = getattr(import_module(module), name)
    done = 0

    def slowly(*arguments: object, **more: object) -> object:
        nonlocal done
        done += 1
        world.clock.advance(HOUR / calls)
        if done == calls - 10:
            world.workflow.advance(WakeUp(NAME), again=True)
        return real(*arguments, **more)

    monkeypatch.setattr(work, slowly)


@pytest.mark.parametrize(("data", "slow", "calls"), CASES.values(), ids=CASES)
def test_it_renews_the_lease(monkeypatch: pytest.MonkeyPatch, data: bytes, slow: str, calls: int) -> None:
    world = World(part_size=10_000, manifest_bytes=2**26)
    slow_down(monkeypatch, world, slow, calls)
    began = world.clock.now
    world.drop(data)
    world.step()
    assert world.clock.now - began >= HOUR
    assert world.job().state is State.ACCEPTED
    assert world.job().attempts == 1


def test_so_does_writing_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.workflow.results_csv.PIECE", 1000)
    world = World(part_size=10_000)
    world.drop(array(serials(1000)))
    slow_down(monkeypatch, world, "shared.workflow.results_csv._identity", 1000)
    began = world.clock.now
    world.settle()
    assert world.clock.now - began >= HOUR
    assert world.job().state is State.COMPLETED
    assert world.job().internal.deaths == 0


def test_slow_reading_for_many_parts_is_done_in_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(part_size=1)
    world.drop(array(serials(20)))
    world.step()
    world.clock.now = world.job().due or world.clock.now
    chunks = FakeContent.chunks

    def slowly(content: FakeContent) -> Iterator[bytes]:
        world.clock.advance(timedelta(minutes=6))
        return chunks(content)

    monkeypatch.setattr(FakeContent, "chunks", slowly)
    world.step()
    assert world.job().state is State.COMPLETED
