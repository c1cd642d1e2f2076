"""A manifest of 100,000 devices: its time and the memory of its process, and a tenth of it for the comparison."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bench import manifests
from bench.cast import FOLDERS, SMALL, THIS_APP, TUTORIAL, UnequalError, app
from bench.figures import MEGABYTE, rotated
from bench.processes import Process
from bench.stand_ins.center import devices_of
from bench.work import Measure
from bench.world import CUSTOMER, World

MANY, TIMES_FEWER = 100_000, 10
ROUNDS = 2
PART = 1000
"""Devices in one upload."""
WRITERS: dict[str, Callable[[Path, int], None]] = {"JSON": manifests.write_array, "CSV": manifests.write_table}


class LargeRun(NamedTuple):
    """What a manifest of so many devices took: seconds, CPU seconds and the process's peak memory in MB."""

    implementation: str
    format: str
    devices: int
    wall: float
    cpu: float
    megabytes: float


def run(world: World, most: int = MANY, rounds: int = ROUNDS) -> Iterator[LargeRun]:
    """Measure in turn, in new processes for each implementation, format and round.

    The tutorial is spared the large CSV, which takes it 15 s and 2.6 GB: a tenth of it tells as much.
    """
    world.center.ask("set_latency", 0)
    few = most // TIMES_FEWER
    for kind, write in WRITERS.items():
        for devices in (few, most):
            keep(world, write, kind, devices)
        turns = [(THIS_APP, (few, most)), (TUTORIAL, (most if kind == "JSON" else few,))]
        for number in range(rounds):
            for name, sizes in rotated(turns, number):
                yield from _measured(world, kind, name, sizes)
        for devices in (few, most):
            world.store.ask("drop", _key(kind, devices))
    world.clear()


def keep(world: World, write: Callable[[Path, int], None], kind: str, devices: int) -> None:
    """Give the store a file that is gone from the disk as soon as the store has it in its memory's map."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "manifest"
        write(path, devices)
        world.store.ask("keep_file", _key(kind, devices), path)


def _measured(world: World, kind: str, name: str, sizes: Iterable[int]) -> Iterator[LargeRun]:
    """Handle manifests in a new process, the smaller first: the most memory that it has had so far never falls."""
    with app(world, FOLDERS[name]) as process:
        land(world, process, f"{SMALL}0")
        for devices in sizes:
            world.clear()
            measure = land(world, process, _key(kind, devices))
            memory = process.ask("peak_memory") / MEGABYTE
            check(world, devices, f"{kind}: {name}")
            yield LargeRun(name, kind, devices, measure.wall, measure.cpu, memory)


def check(world: World, devices: int, who: str) -> None:
    """Compare what came at the stand-in with what the manifest holds, and look at its status; raises UnequalError."""
    came = list(world.center.ask("uploads").values())
    if came != [_parts(devices)]:
        raise UnequalError(f"{who} has not sent the manifest's devices")
    states = world.store.ask("states")
    if states != {"accepted": 1}:
        raise UnequalError(f"{who} should have been accepted: {dict(states)}")


@cache
def _parts(devices: int) -> Counter[str]:
    """Name the uploads of a manifest of so many devices."""
    return Counter(devices_of(manifests.array(PART, first)) for first in range(0, devices, PART))


def land(world: World, process: Process, key: str) -> Measure:
    """Handle that the manifest with a content has landed."""
    name = f"{CUSTOMER}/large/{key}"
    world.store.ask("land", {name: key})
    return Measure(*process.ask("land", [name], 1))


def _key(kind: str, devices: int) -> str:
    return f"{kind}{devices}"
