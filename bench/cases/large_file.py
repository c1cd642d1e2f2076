"""A manifest of 100,000 devices: its time and the memory of its process, and a tenth of it for the comparison."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bench import manifests
from bench.cast import (
    FLOOR,
    FOLDERS,
    NAMES,
    SAME,
    SMALL,
    THIS_APP,
    TUTORIAL,
    UnequalError,
    app,
    compare_exchanges,
    recorded,
)
from bench.figures import MEGABYTE, rotated
from bench.floor import run_floor
from bench.processes import Process
from bench.recording import Life
from bench.stand_ins.center import devices_of
from bench.work import Measure
from bench.world import CUSTOMER, World

MANY, TIMES_FEWER = 100_000, 10
ROUNDS = 2
PART = 1000
"""Devices in one upload."""
WRITERS: dict[str, Callable[[Path, int], None]] = {"JSON": manifests.write_array, "CSV": manifests.write_table}


class LargeRun(NamedTuple):
    """What a manifest of so many devices took: seconds, CPU seconds and the process's peak memory in MB.

    Those of one implementation, format and round come from one process, in their order.
    """

    implementation: str
    format: str
    devices: int
    round: int
    wall: float
    cpu: float
    megabytes: float


class Task(NamedTuple):
    """One implementation with manifests of one format, one after the other."""

    name: str
    format: str
    devices: tuple[int, ...]


def run(world: World, until: float, most: int = MANY) -> Iterator[LargeRun]:
    """Measure in turn, in a new process for each turn; ``until``, on the monotonic clock, is for what is repeated.

    The floor and the same exchanges are measured with a tenth of the devices; ``run_all`` has time for the whole.
    """
    few = most // TIMES_FEWER
    _prepare(world, (few, most), learnt=few)
    tasks, took = _tasks(few, most), dict[Task, float]()
    for task in tasks:
        start = time.monotonic()
        yield from _measured(world, task, 1)
        took[task] = time.monotonic() - start
    for task in sorted(tasks, key=lambda task: task.name != THIS_APP):
        if time.monotonic() + took[task] <= until:
            yield from _measured(world, task, 2)
    world.clear()


def run_all(world: World, most: int = MANY, rounds: int = ROUNDS) -> Iterator[LargeRun]:
    """Let everybody handle the largest manifests."""
    _prepare(world, (most,), learnt=most)
    for number in range(rounds):
        for kind in WRITERS:
            for name in rotated(NAMES, number):
                yield from _measured(world, Task(name, kind, (most,)), number + 1)
    world.clear()


def _prepare(world: World, sizes: Iterable[int], learnt: int) -> None:
    world.center.ask("set_latency", 0)
    for kind, write in WRITERS.items():
        for devices in sizes:
            keep(world, write, kind, devices)
    learn(world, [_key(kind, learnt) for kind in WRITERS])


def _tasks(few: int, most: int) -> list[Task]:
    """Say who measures what; the tutorial's large CSV takes the longest, and is spared.

    This app's few and many are held against each other: the first few find a process that has not had so many yet.
    """
    ours, tutorial = (few, most, few, few), {"JSON": (few, most), "CSV": (few,)}
    return [
        Task(name, kind, devices)
        for kind in WRITERS
        for name, devices in ((THIS_APP, ours), (TUTORIAL, tutorial[kind]), (SAME, (few,)), (FLOOR, (few,)))
    ]


def keep(world: World, write: Callable[[Path, int], None], kind: str, devices: int) -> None:
    """Give the store a file that is gone from the disk as soon as the store has it in its memory's map."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "manifest"
        write(path, devices)
        world.store.ask("keep_file", _key(kind, devices), path)


def learn(world: World, keys: Iterable[str]) -> None:
    """Record what this app asks of the world, for others to ask the same."""
    with _started(world, THIS_APP) as process:
        world.lives.update({key: life(world, process, key) for key in keys})


def life(world: World, process: Process, key: str) -> Life:
    """Record how the manifest with a content lands."""
    world.clear()
    name = _landed(world, key)
    return Life(name, [recorded(world, process, "land", name)])


def _measured(world: World, task: Task, number: int) -> Iterator[LargeRun]:
    """Handle manifests in a new process, the smaller first: the most memory that it has had so far never falls."""
    peaks: dict[int, float] = {}  # by devices: what the process had when it first had handled so many
    with _started(world, task.name) as process:
        land(world, process, f"{SMALL}0")
        for devices in task.devices:
            key = _key(task.format, devices)
            world.clear()
            world.center.ask("forget")
            world.take_asked()
            measure = land(world, process, key)
            memory = peaks.setdefault(devices, process.ask("peak_memory") / MEGABYTE)
            check(world, task.name, key, devices)
            yield LargeRun(task.name, task.format, devices, number, measure.wall, measure.cpu, memory)


def _started(world: World, name: str) -> Process:
    if name == FLOOR:
        return Process(run_floor, world.lives, world.settings)
    return app(world, FOLDERS[name])


def check(world: World, who: str, key: str, devices: int) -> None:
    """Compare what came at the stand-ins with what the manifest holds and what this app asks; raises UnequalError."""
    compare_exchanges(world, who, [_name(key)], slice(1))
    came = list(world.center.ask("uploads").values())
    if came != [_parts(devices)]:
        raise UnequalError(f"{who} has not sent the devices of {key}")
    states = world.store.ask("states")
    if states != {"accepted": 1}:
        raise UnequalError(f"{who} should have been accepted with {key}: {dict(states)}")


@cache
def _parts(devices: int) -> Counter[str]:
    """Name the uploads of a manifest of so many devices."""
    return Counter(devices_of(manifests.array(PART, first)) for first in range(0, devices, PART))


def land(world: World, process: Process, key: str) -> Measure:
    """Handle that the manifest with a content has landed."""
    return Measure(*process.ask("land", [_landed(world, key)], 1))


def _landed(world: World, key: str) -> str:
    world.store.ask("land", {_name(key): key})
    return _name(key)


def _name(key: str) -> str:
    return f"{CUSTOMER}/large--------/{key}-0000000.json"


def _key(kind: str, devices: int) -> str:
    return f"{kind}{devices}"
