"""Those who are compared, each in processes of its own, and the checks that they have really done the work."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count

from bench import manifests
from bench.floor import Floor
from bench.hosted import run_app
from bench.processes import ROOT, Process, serve
from bench.stand_ins.partner_center import fingerprint
from bench.work import Measure
from bench.world import CUSTOMER, World

THIS_APP, TUTORIAL, FLOOR = "this-app", "tutorial", "floor"
FOLDERS = {THIS_APP: ROOT, TUTORIAL: ROOT / "bench" / "tutorial"}
SMALL, LARGE = "small", "large"
DEVICES = {SMALL: 1, LARGE: 1000}
VARIANTS = 3
"""Manifests of each size that differ in all devices, so that a mix-up is found."""


class UnequalError(RuntimeError):
    """An implementation has not done what the others have: its figures would mean nothing."""


@dataclass
class Implementation:
    """One of those who are compared, known to the stand-ins by the batch that it uploads to."""

    name: str
    process: Process
    world: World
    devices: Mapping[str, str]
    """The fingerprint of each kind of manifest's devices."""
    _sent: Counter[str] = field(default_factory=Counter)
    _states: Counter[str] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=count)

    def land(self, size: str, jobs: int, threads: int) -> tuple[Measure, list[str]]:
        """Handle so many new manifests up to `accepted`; return the measure, and the wake-ups that were enqueued."""
        numbers = [next(self._numbers) for _ in range(jobs)]
        names = {f"{CUSTOMER}/{self.name}/{number:07}.json": f"{size}{number % VARIANTS}" for number in numbers}
        self.world.storage.call("land", names)
        self._sent.update(self.devices[kind] for kind in names.values())
        self._states["accepted"] += jobs
        self.world.storage.call("take_messages")
        measure = self.process.call("land", list(names), threads)
        return measure, self.world.storage.call("take_messages")

    def follow(self, messages: Sequence[str], threads: int) -> Measure:
        """Handle the wake-ups that take manifests to `completed`."""
        self._states += Counter(completed=len(messages))
        self._states["accepted"] -= len(messages)
        measure: Measure = self.process.call("follow", messages, threads)
        return measure

    def check(self) -> None:
        """Compare what arrived with what landed, and the states with what was handled; raises UnequalError."""
        arrived = self.world.api.call("uploads").get(self.name, Counter())
        if arrived != self._sent:
            missing, surplus = self._sent - arrived, arrived - self._sent
            raise UnequalError(f"{self.name}: {missing.total()} uploads missing, {surplus.total()} not asked for")
        states = self.world.storage.call("states").get(self.name, Counter())
        if states != +self._states:
            raise UnequalError(f"{self.name}: the states are {dict(states)}, not {dict(self._states)}")

    def forget(self) -> None:
        """Count from zero again."""
        self._sent.clear()
        self._states.clear()


def check_alone(world: World, name: str, arrived: Mapping[str, Counter[str]]) -> None:
    """Make sure that exactly these uploads of one manifest arrived, and that it is accepted; raises UnequalError."""
    if world.api.call("uploads") != arrived:
        raise UnequalError(f"{name} has sent other devices")
    if (states := list(world.storage.call("states").values())) != [{"accepted": 1}]:
        raise UnequalError(f"{name} has not accepted the manifest: {states}")


@contextmanager
def start_all(world: World) -> Iterator[dict[str, Implementation]]:
    """Start all implementations, and end them however the block is left."""
    devices = {}
    for size, number in DEVICES.items():
        for variant in range(VARIANTS):
            first = variant * number
            world.storage.call("keep", f"{size}{variant}", "JSON", number, first)
            devices[f"{size}{variant}"] = fingerprint(manifests.encoded(manifests.array(number, first)))
    with ExitStack() as parts:
        processes = {name: parts.enter_context(start_app(world, name)) for name in FOLDERS}
        processes[FLOOR] = parts.enter_context(Process(serve, Floor, world.settings))
        yield {name: Implementation(name, process, world, devices) for name, process in processes.items()}


def start_app(world: World, name: str) -> Process:
    """Start a function app."""
    return Process(run_app, str(FOLDERS[name]), dict(world.settings))
