"""A backlog of 1,000 manifests before a slow API: by one process, by two, and by the others."""

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from time import perf_counter

from bench.cases.grid import Cell
from bench.cast import NAMES, SAME, SMALL, THIS_APP, TUTORIAL, Actor, UnequalError, app
from bench.figures import Case, rotated, sample
from bench.work import Measure
from bench.world import World

MANIFESTS = 1000
SLICES = 4
CELL = Cell(SMALL, 32, 0.05)
_HALF = (TUTORIAL, SAME)
"""Who needs so long that half of a slice has to do."""
TWO, ONE = "this app, 2 processes", "this app, 1 at a time"
_ONE_AT_A_TIME = 6


def run(world: World, actors: dict[str, Actor], manifests: int = MANIFESTS) -> Case:
    """Measure in interleaved slices; this app and the floor do the whole backlog, the others half of it."""
    case = Case(f"{CELL.title}, of a backlog of {manifests:,}")
    each = manifests // SLICES
    world.center.ask("set_latency", CELL.latency)
    with ExitStack() as parts:
        second = Actor("second", parts.enter_context(app(world, ".")), world, actors[THIS_APP].expected)
        second.land(SMALL, CELL.threads, CELL.threads)
        for number in range(SLICES):
            for name in rotated((*NAMES, TWO), number):
                if name == TWO:
                    case.add(TWO, sample(each, _together([actors[THIS_APP], second], each // 2)))
                else:
                    jobs = each // 2 if name in _HALF else each
                    case.add(name, sample(jobs, actors[name].land(SMALL, jobs, CELL.threads).measure))
            one = actors[THIS_APP].land(SMALL, _ONE_AT_A_TIME, 1)
            case.add(ONE, sample(one.jobs, one.measure))
        _check(world, [*(actors[name] for name in NAMES), second])
    return case


def _together(actors: Sequence[Actor], jobs: int) -> Measure:
    """Let processes work at the same time, on so many manifests each."""
    names = [actor.prepare(SMALL, jobs) for actor in actors]
    start = perf_counter()
    for actor, its in zip(actors, names, strict=True):
        actor.process.begin("land", its, CELL.threads)
    measures = [actor.process.end() for actor in actors]
    return Measure(perf_counter() - start, sum(measure.cpu for measure in measures))


def _check(world: World, actors: list[Actor]) -> None:
    landed = sum(actor.landed for actor in actors)
    for actor in actors:
        actor.check()
        actor.forget()
    if (states := world.store.ask("states")) != Counter(accepted=landed):
        raise UnequalError(f"all {landed} should have been accepted: {dict(states)}")
    world.clear()
