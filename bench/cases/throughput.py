"""Small and large manifests, one or many at a time, with an API that answers at once or after 50 ms."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Figures, in_turn
from bench.implementations import LARGE, SMALL, THIS_APP, Implementation
from bench.work import Measure
from bench.world import World, wait_until_due

type Who = Mapping[str, Implementation]
LIFE = "5 KB, 1 at a time, whole life"


@dataclass(frozen=True)
class Case:
    """So many manifests of a size, so many at a time, with the API's latency in seconds."""

    title: str
    size: str
    jobs: int
    threads: int
    latency: float


CASES = (
    Case("5 KB, 1 at a time", SMALL, 30, 1, 0),
    Case("5 KB, 8 at a time", SMALL, 64, 8, 0),
    Case("5 KB, 1 at a time, API 50 ms", SMALL, 8, 1, 0.05),
    Case("5 KB, 32 at a time, API 50 ms", SMALL, 128, 32, 0.05),
    Case("4.3 MB, 1 at a time", LARGE, 10, 1, 0),
    Case("4.3 MB, 8 at a time", LARGE, 16, 8, 0),
)


def run(world: World, who: Who, rounds: int, until: float, cases: Sequence[Case] = CASES) -> list[Figures]:
    """Measure round by round, at most so many rounds and none after `until`; raises UnequalError."""
    figures = {title: Figures(title) for title in (*(case.title for case in cases), LIFE)}
    for each in who.values():
        for size in dict.fromkeys(case.size for case in cases):
            # The first is slower.
            each.land(size, 8, 4)
    for number in range(rounds):
        if number > 1 and time.monotonic() > until:
            break
        _round(world, who, number, cases, figures)
    return list(figures.values())


def _round(world: World, who: Who, number: int, cases: Sequence[Case], figures: Mapping[str, Figures]) -> None:
    wake_ups: list[str] = []
    for case in cases:
        world.api.call("set_latency", case.latency)
        for name in in_turn(list(who), number):
            landing, enqueued = who[name].land(case.size, case.jobs, case.threads)
            figures[case.title].add(name, case.jobs, landing)
            if name == THIS_APP and not wake_ups:
                first, wake_ups, accepted = landing, enqueued, time.time()
    for each in who.values():
        each.check()
    world.api.call("set_latency", 0)
    wait_until_due(accepted)
    following = who[THIS_APP].follow(wake_ups, 1)
    both = Measure(first.wall + following.wall, first.cpu + following.cpu)
    figures[LIFE].add(THIS_APP, len(wake_ups), both)
    who[THIS_APP].check()
    world.clear()
    for each in who.values():
        each.forget()
