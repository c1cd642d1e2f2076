"""A manifest of 100,000 devices: its time and the memory of its process, and a tenth of it for the comparison."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench import manifests
from bench.cast import FOLDERS, SMALL, THIS_APP, TUTORIAL, UnequalError, app
from bench.figures import MEGABYTE
from bench.work import Measure
from bench.world import CUSTOMER, World

FEW, MANY = 10_000, 100_000
WRITERS: dict[str, Callable[[Path, int], None]] = {"JSON": manifests.write_array, "CSV": manifests.write_table}


class LargeRun(NamedTuple):
    """What a manifest of so many devices took: seconds, CPU seconds and the process's peak memory in MB."""

    implementation: str
    format: str
    devices: int
    wall: float
    cpu: float
    megabytes: float


def run(world: World, rounds: int, most: int = MANY) -> Iterator[LargeRun]:
    """Measure, in a process of its own for each implementation, format and size."""
    for kind in WRITERS:
        for devices in (FEW, most):
            yield from _size(world, kind, devices, rounds if devices == FEW else 1)


def _size(world: World, kind: str, devices: int, rounds: int) -> Iterator[LargeRun]:
    key = f"{kind}{devices}"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "manifest"
        WRITERS[kind](path, devices)
        world.store.ask("keep_file", key, path)
        uploads = []
        for _ in range(rounds):
            for implementation in (THIS_APP, TUTORIAL):
                yield _once(world, implementation, kind, devices, key)
                uploads.append(world.center.ask("uploads")["large"])
                world.clear()
        world.store.ask("drop", key)
    if any(each != uploads[0] for each in uploads):
        raise UnequalError(f"{kind}, {devices} devices: not the same devices")


def _once(world: World, implementation: str, kind: str, devices: int, key: str) -> LargeRun:
    warm, large = f"{CUSTOMER}/warm/{SMALL}", f"{CUSTOMER}/large/{key}"
    with app(world, FOLDERS[implementation]) as process:
        world.store.ask("land", {warm: f"{SMALL}0", large: key})
        process.ask("land", [warm], 1)
        measure = Measure(*process.ask("land", [large], 1))
        memory = process.ask("peak_memory") / MEGABYTE
    return LargeRun(implementation, kind, devices, measure.wall, measure.cpu, memory)
