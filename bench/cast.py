"""The four implementations, each in a process of its own, before the same stand-ins."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import msgspec

from bench import manifests
from bench.floor import run_floor
from bench.hosted import run_app
from bench.processes import Process
from bench.recording import Exchange, Life, kind_of, kinds
from bench.stand_ins.center import devices_of
from bench.work import Measure
from bench.world import CUSTOMER, ROOT, World, wait_until_due

THIS_APP, TUTORIAL, SAME, FLOOR = "this-app", "tutorial", "tutorial-same", "floor"
NAMES = (THIS_APP, TUTORIAL, SAME, FLOOR)
FOLDERS = {THIS_APP: ".", TUTORIAL: "bench/apps/tutorial", SAME: "bench/apps/same_exchanges"}
SMALL, LARGE = "small", "large"
DEVICES = {SMALL: 1, LARGE: 1000}
VARIANTS = 3
"""Manifests of each size that differ in all devices, so that a mix-up is found out."""


EQUAL = (SAME, FLOOR)
"""Who makes this app's exchanges."""


class UnequalError(RuntimeError):
    """An implementation has not done what the others have: its figures would mean nothing."""


class Landing(NamedTuple):
    """What came of manifests that have landed: the measure, and the wake-ups to deliver in the order of their times."""

    jobs: int
    measure: Measure
    messages: list[str]


@dataclass
class Actor:
    """One implementation, and the batch by which the stand-in knows what it sent."""

    name: str
    process: Process
    world: World
    expected: Mapping[str, str]
    turns: int = 0
    """Wake-ups that each manifest gets although no message of it names it; 0: its messages do."""
    _sent: Counter[str] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def landed(self) -> int:
        """Tell how many manifests have landed."""
        return self._sent.total()

    @property
    def batch(self) -> str:
        """Give a batch name as long as everybody's."""
        return batch_of(self.name)

    def prepare(self, size: str, jobs: int) -> list[str]:
        """Put down manifests of a size, and give their names."""
        names = {f"{CUSTOMER}/{self.batch}/{kind}-{next(self._numbers):07}.json": kind for kind in _kinds(size, jobs)}
        self.world.store.ask("land", names)
        self._sent.update(self.expected[kind] for kind in names.values())
        return list(names)

    def land(self, size: str, jobs: int, threads: int) -> Landing:
        """Handle that so many manifests have landed, up to the status that tells it."""
        names = self.prepare(size, jobs)
        self.world.take_asked()
        measure: Measure = self.process.ask("land", names, threads)
        compare_exchanges(self.world, self.name, names, slice(1))
        messages = [message.text for message in self.world.store.ask("take_messages")]
        if self.turns:
            turns = range(1, self.turns + 1)
            messages = [json.dumps({"manifest": name, "turn": turn}) for turn in turns for name in names]
        return Landing(jobs, measure, messages)

    def follow(self, messages: Sequence[str], threads: int) -> Measure:
        """Handle wake-ups."""
        self.world.take_asked()
        measure: Measure = self.process.ask("follow", messages, threads)
        names = {json.loads(message)["manifest"] for message in messages}
        compare_exchanges(self.world, self.name, names, slice(1, None))
        return measure

    def check(self) -> None:
        """Compare what came at the stand-in with the devices of what landed; raises UnequalError."""
        came = self.world.center.ask("uploads").get(self.batch, Counter())
        if came != self._sent:
            missing, surplus = self._sent - came, came - self._sent
            raise UnequalError(f"{self.name}: {missing.total()} uploads missing, {surplus.total()} not asked for")

    def forget(self) -> None:
        """Begin to count anew."""
        self._sent.clear()


def compare_exchanges(world: World, who: str, names: Iterable[str], turns: slice) -> None:
    """Make sure that who is to make this app's exchanges has made them for each manifest; raises UnequalError."""
    if who not in EQUAL:
        return
    asked, wanted = world.take_asked(), Counter[str]()
    for kind, manifests_of_it in Counter(kind_of(name) for name in names).items():
        each = kinds(exchange for turn in world.lives[kind].turns[turns] for exchange in turn)
        wanted += Counter({what: number * manifests_of_it for what, number in each.items()})
    if asked != wanted:
        raise UnequalError(f"{who}: exchanges missing {dict(wanted - asked)}, not asked for {dict(asked - wanted)}")


def batch_of(name: str) -> str:
    """Give an implementation's batch name; all are equally long, so that recorded bytes fit everybody."""
    return f"{name:-<13}"


def _kinds(size: str, jobs: int) -> list[str]:
    return [f"{size}{number % VARIANTS}" for number in range(jobs)]


@contextmanager
def cast(world: World, meanwhile: Callable[[], None] = lambda: None) -> Iterator[dict[str, Actor]]:
    """Start all implementations, and end them however the block is left; for some seconds there is ``meanwhile``."""
    expected = _contents(world)
    with ExitStack() as parts:
        processes = {name: parts.enter_context(app(world, folder)) for name, folder in FOLDERS.items()}
        lives = record(world, Actor(THIS_APP, processes[THIS_APP], world, expected), meanwhile)
        world.lives.update(lives)
        processes[SAME].ask("learn", world.lesson())
        processes[FLOOR] = parts.enter_context(Process(run_floor, lives, world.settings))
        actors = {name: Actor(name, process, world, expected) for name, process in processes.items()}
        actors[FLOOR].turns = max(len(life.turns) for life in lives.values()) - 1
        yield actors


def app(world: World, folder: str) -> Process:
    """Start a function app, with what this app was seen to do for settings."""
    return Process(run_app, str(ROOT / folder), {**world.settings, **world.lesson()})


def _contents(world: World) -> dict[str, str]:
    """Give the store what manifests hold; tells by kind which devices these are."""
    expected = {}
    for size, devices in DEVICES.items():
        for variant in range(VARIANTS):
            content = manifests.array(devices, first=variant * devices)
            world.store.ask("keep", f"{size}{variant}", content)
            expected[f"{size}{variant}"] = devices_of(content)
    return expected


def record(world: World, actor: Actor, meanwhile: Callable[[], None] = lambda: None) -> dict[str, Life]:
    """Record a life of each kind of manifest; until the first polls are due there is ``meanwhile``.

    What comes before the recordings wakes the app up.
    """
    for size in DEVICES:
        actor.land(size, 1, 1)
    world.clear()
    names = [name for size in DEVICES for name in actor.prepare(size, VARIANTS)]
    turns = {name: [recorded(world, actor.process, "land", name)] for name in names}
    accepted = time.time()
    messages = world.store.ask("take_messages")
    meanwhile()
    wait_until_due(accepted)
    for message in messages:
        name = msgspec.json.decode(message.text)["manifest"]
        turns[name].append(recorded(world, actor.process, "follow", message.text))
    world.clear()
    return {kind_of(name): Life(name, turns[name]) for name in names}


def recorded(world: World, process: Process, verb: str, what: str) -> list[Exchange]:
    """Let one thing be handled, and tell what the world was asked for it, in the order of the times."""
    places = (world.store, world.center)
    for place in places:
        place.ask("record", True)  # noqa: FBT003 - it goes through a pipe
    process.ask(verb, [what], 1)
    return sorted(exchange for place in places for exchange in place.ask("record", False))  # noqa: FBT003 - it goes through a pipe
