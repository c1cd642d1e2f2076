"""A manifest of 100,000 devices: its time and the memory of its process, and a tenth of it for the comparison."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bench import manifests
from bench.cast import FLOOR, FOLDERS, NAMES, SAME, SMALL, THIS_APP, TUTORIAL, UnequalError, app, recorded
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
    """What a manifest of so many devices took: seconds, CPU seconds and the process's peak memory in MB."""

    implementation: str
    format: str
    devices: int
    wall: float
    cpu: float
    megabytes: float


class Turn(NamedTuple):
    """One implementation with manifests of one format."""

    name: str
    format: str
    devices: tuple[int, ...]


def run(world: World, until: float, most: int = MANY) -> Iterator[LargeRun]:
    """Measure in turn, in a new process for each turn; ``until``, on the monotonic clock, is for what is repeated.

    The floor and the same exchanges are measured with a tenth of the devices; ``run_all`` has time for the whole.
    """
    few = most // TIMES_FEWER
    _prepare(world, (few, most), learnt=few)
    took: dict[Turn, float] = {}
    for turn in _turns(few, most):
        start = time.monotonic()
        if turn not in took or start + took[turn] <= until:
            yield from _measured(world, turn)
            took[turn] = time.monotonic() - start
    world.clear()


def run_all(world: World, most: int = MANY, rounds: int = ROUNDS) -> Iterator[LargeRun]:
    """Let everybody handle the largest manifests."""
    _prepare(world, (most,), learnt=most)
    for number in range(rounds):
        for kind in WRITERS:
            for name in rotated(NAMES, number):
                yield from _measured(world, Turn(name, kind, (most,)))
    world.clear()


def _prepare(world: World, sizes: Iterable[int], learnt: int) -> None:
    world.center.ask("set_latency", 0)
    for kind, write in WRITERS.items():
        for devices in sizes:
            keep(world, write, kind, devices)
    learn(world, [_key(kind, learnt) for kind in WRITERS])


def _turns(few: int, most: int) -> list[Turn]:
    """Say who measures what; the tutorial's large CSV takes the longest, and is spared.

    This app's few and many are held against each other, so few come before and after the many: whether the machine gets
    slower or quicker meanwhile, the mean is right.
    """
    app, tutorial = (few, most, few), {"JSON": (few, most), "CSV": (few,)}
    first = [
        Turn(name, kind, devices)
        for kind in WRITERS
        for name, devices in ((THIS_APP, app), (TUTORIAL, tutorial[kind]), (SAME, (few,)), (FLOOR, (few,)))
    ]
    return [*first, *sorted(first, key=lambda turn: turn.name != THIS_APP)]


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


def _measured(world: World, turn: Turn) -> Iterator[LargeRun]:
    """Handle manifests in a new process, the smaller first: the most memory that it has had so far never falls."""
    peaks: dict[int, float] = {}
    with _started(world, turn.name) as process:
        land(world, process, f"{SMALL}0")
        for devices in turn.devices:
            world.clear()
            world.center.ask("forget")
            measure = land(world, process, _key(turn.format, devices))
            memory = peaks.setdefault(devices, process.ask("peak_memory") / MEGABYTE)
            check(world, devices, f"{turn.format}: {turn.name}")
            yield LargeRun(turn.name, turn.format, devices, measure.wall, measure.cpu, memory)


def _started(world: World, name: str) -> Process:
    if name == FLOOR:
        return Process(run_floor, world.lives, world.settings)
    return app(world, FOLDERS[name])


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
    return Measure(*process.ask("land", [_landed(world, key)], 1))


def _landed(world: World, key: str) -> str:
    name = f"{CUSTOMER}/large--------/{key}-0000000.json"
    world.store.ask("land", {name: key})
    return name


def _key(kind: str, devices: int) -> str:
    return f"{kind}{devices}"
