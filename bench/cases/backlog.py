"""A backlog of 1,000 manifests before a slow API: by one process, by two, in tutorial style, and by bare HTTP."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from time import perf_counter

from bench.cast import FLOOR, SMALL, THIS_APP, TUTORIAL, Actor, UnequalError, app
from bench.figures import Case, rotated, sample
from bench.work import Measure
from bench.world import World

MANIFESTS = 1000
SLICES = 4
LATENCY = 0.05
THREADS = 32
SINGLE, TWO = (THIS_APP, TUTORIAL, FLOOR), "this app, 2 processes"
"""The same exchanges would take a quarter of a minute; the grid has them, at as many a time and with this latency."""


def run(world: World, actors: dict[str, Actor], manifests: int = MANIFESTS) -> Case:
    """Measure in interleaved slices; everybody does the whole backlog."""
    case = Case(f"a manifest of a backlog of {manifests:,}, {THREADS} at a time, API {LATENCY * 1000:.0f} ms")
    each = manifests // SLICES
    world.center.ask("set_latency", LATENCY)
    with ExitStack() as parts:
        second = Actor("second", parts.enter_context(app(world, ".")), world, actors[THIS_APP].expected)
        second.land(SMALL, THREADS, THREADS)
        for number in range(SLICES):
            for name in rotated((*SINGLE, TWO), number):
                crew = [actors[THIS_APP], second] if name == TWO else [actors[name]]
                case.add(name, sample(each, _together(crew, each // len(crew))))
        _check(world, [*(actors[name] for name in SINGLE), second])
    return case


def _together(actors: Sequence[Actor], jobs: int) -> Measure:
    """Let processes work at the same time, on so many manifests each."""
    names = [actor.prepare(SMALL, jobs) for actor in actors]
    start = perf_counter()
    for actor, its in zip(actors, names, strict=True):
        actor.process.begin("land", its, THREADS)
    measures = [actor.process.end() for actor in actors]
    return Measure(perf_counter() - start, sum(measure.cpu for measure in measures))


def _check(world: World, actors: list[Actor]) -> None:
    for actor in actors:
        actor.check()
        actor.forget()
    states = Counter(world.store.ask("states"))
    if set(states) != {"accepted"}:
        raise UnequalError(f"all should have been accepted: {dict(states)}")
    world.clear()
