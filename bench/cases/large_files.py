"""A manifest of 100,000 devices: its time, the memory of its process, and how both grow from 10,000 on."""

import time
from collections import Counter

from bench import manifests
from bench.figures import Figures
from bench.implementations import THIS_APP, TUTORIAL, check_alone, start_app
from bench.processes import Process
from bench.stand_ins.partner_center import fingerprint
from bench.world import CUSTOMER, World

MANY, FEW = 100_000, 10_000
_PART, _BATCH = 1000, "large"


def run(world: World, until: float, many: int = MANY, few: int = FEW) -> list[Figures]:
    """Measure in turn, each time in a new process; none but this app's first begins after `until`."""
    contents = [(kind, devices) for kind in manifests.WRITERS for devices in (few, many)]
    figures = {(kind, devices): Figures(f"{devices:,} devices, {kind}") for kind, devices in contents}
    for kind, devices in figures:
        world.storage.call("keep", f"{kind}{devices}", kind, devices)
    turns = [(name, kind) for name in (THIS_APP, TUTORIAL, THIS_APP) for kind in manifests.WRITERS]
    for number, (name, kind) in enumerate(turns):
        if number > 1 and time.monotonic() > until:
            break
        with start_app(world, name) as process:
            # The first of a process is slower, and its memory not yet that of a manifest in parts.
            _land(world, process, name, (kind, few), Figures(""))
            for devices in (few, many) if name == THIS_APP else (many,):
                _land(world, process, name, (kind, devices), figures[kind, devices])
    return list(figures.values())


def _land(world: World, process: Process, name: str, content: tuple[str, int], figures: Figures) -> None:
    kind, devices = content
    world.clear()
    manifest = f"{CUSTOMER}/{_BATCH}/{devices}.{kind.lower()}"
    world.storage.call("land", {manifest: f"{kind}{devices}"})
    measure = process.call("land", [manifest], 1)
    check_alone(world, name, {_BATCH: uploads(devices)})
    figures.add(name, 1, measure, process.call("peak_memory"))


def uploads(devices: int) -> Counter[str]:
    """Return what is to arrive of a manifest: the fingerprints of its parts."""
    parts = range(0, devices, _PART)
    return Counter(fingerprint(manifests.encoded(manifests.array(_PART, first))) for first in parts)
