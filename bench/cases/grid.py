"""Small and large manifests, one or many at a time, with a quick and with a slow API."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from bench.cast import LARGE, SMALL, TUTORIAL, Actor, Landing, UnequalError
from bench.figures import Case, rotated, sample
from bench.world import World, wait_until_due

SIZES = {SMALL: "5 KB", LARGE: "4.3 MB"}
_MOST_JOBS = 400
_MOST_ROUNDS = 9
_FEW = 8
_SOME = 4
_WAVES = {(SMALL, _FEW): 4, (LARGE, _FEW): 2, (SMALL, 32): 2}
"""One wave alone measures how threads start and end; for 32 large manifests at a time there is no time for more."""


class Cell(NamedTuple):
    """One case: a size, how many at a time, and the API's latency in seconds."""

    size: str
    threads: int
    latency: float

    @property
    def title(self) -> str:
        """Name it for people."""
        return f"{SIZES[self.size]}, {self.threads} at a time, API {self.latency * 1000:.0f} ms"

    @property
    def has_life(self) -> bool:
        """Tell whether its manifests are followed to their end."""
        return self.latency == 0 and self.threads <= _FEW

    @property
    def least(self) -> int:
        """Tell how many manifests make a sample at least: several waves of threads that wait for the API together."""
        if self.threads == 1:
            return 1 if self.latency else _SOME
        return self.threads * (_WAVES.get((self.size, self.threads), 1) if self.latency else 1)

    @property
    def turns(self) -> int:
        """Tell how often it is measured in each round: what most targets are about is quickly done."""
        return 3 if self.latency == 0 and self.threads == 1 else 1

    @property
    def most_rounds(self) -> int:
        """Tell in how many rounds it is measured at most: many manifests at once, and large ones, take long."""
        if self.size == LARGE:
            return {1: _MOST_ROUNDS, _FEW: 2}.get(self.threads, 1)
        return _MOST_ROUNDS if self.threads <= _FEW else 2


CELLS = [Cell(*values) for values in product(SIZES, (1, 8, 32), (0.0, 0.05))]


class Plan(NamedTuple):
    """How long to measure: seconds for each sample and for all rounds, and how many rounds at least."""

    slot: float
    budget: float
    rounds: int


class Grid:
    """All cells, round by round, so that whatever disturbs the machine meets everybody."""

    def __init__(self, world: World, actors: Mapping[str, Actor], cells: Sequence[Cell] = CELLS) -> None:
        self.landings = {cell: Case(cell.title) for cell in cells}
        self.lives = {cell: Case(cell.title) for cell in cells if cell.has_life}
        self._world = world
        self._actors = actors
        self._pace: dict[tuple[Cell, str], float] = {}

    def run(self, plan: Plan) -> Iterator[str]:
        """Measure until the time is used up; tells what comes next."""
        end, number = time.monotonic() + plan.budget, 0
        yield "warming up"
        for size in {cell.size: None for cell in self.landings}:
            for actor in self._actors.values():
                self._warm_up(size, actor)
        self._check({})
        while number < plan.rounds or (number < _MOST_ROUNDS and time.monotonic() < end):
            number += 1
            yield f"round {number}"
            self._round(number, plan.slot)

    def _warm_up(self, size: str, actor: Actor) -> None:
        actor.land(size, _FEW, _FEW)
        pace = actor.land(size, _SOME, 1).measure.wall / _SOME
        cells = [cell for cell in self.landings if cell.size == size]
        self._pace.update({(cell, actor.name): pace + cell.latency / cell.threads for cell in cells})

    def _round(self, number: int, slot: float) -> None:
        cells = [cell for cell in self.landings if number <= cell.most_rounds]
        lives = self._landed([cell for cell in cells if cell in self.lives], number, slot)
        accepted = time.time()
        self._landed([cell for cell in cells if cell not in self.lives], number, slot)  # while those become due
        wait_until_due(accepted)
        for (cell, name), landing in lives.items():
            self._follow(cell, self._actors[name], landing)
        self._check(lives)

    def _landed(self, cells: Sequence[Cell], number: int, slot: float) -> dict[tuple[Cell, str], Landing]:
        landed: dict[tuple[Cell, str], Landing] = {}
        for cell in cells:
            for turn in range(cell.turns):
                for actor in rotated(list(self._actors.values()), number + turn):
                    landing = landed[cell, actor.name] = self._land(cell, actor, self._jobs(cell, actor, slot))
                    self.landings[cell].add(actor.name, sample(landing.jobs, landing.measure))
        return landed

    def _jobs(self, cell: Cell, actor: Actor, slot: float) -> int:
        return min(max(int(slot / self._pace[cell, actor.name]), cell.least), _MOST_JOBS)

    def _land(self, cell: Cell, actor: Actor, jobs: int) -> Landing:
        self._world.center.ask("set_latency", cell.latency)
        landing = actor.land(cell.size, jobs, cell.threads)
        self._pace[cell, actor.name] = landing.measure.wall / jobs
        return landing

    def _follow(self, cell: Cell, actor: Actor, landing: Landing) -> None:
        """Take manifests to their end; the plain tutorial's ends with its landing."""
        self._world.center.ask("set_latency", cell.latency)
        measures = [landing.measure]
        if landing.messages:
            measures.append(actor.follow(landing.messages, cell.threads))
        self.lives[cell].add(actor.name, sample(landing.jobs, *measures))

    def _check(self, lives: Mapping[tuple[Cell, str], Landing]) -> None:
        """Make sure that everybody has sent the same devices, and that who follows them has done so to the end."""
        for actor in self._actors.values():
            actor.check()
        landed = sum(actor.landed for actor in self._actors.values())
        ended = sum(landing.jobs for (_, name), landing in lives.items() if name != TUTORIAL)
        states = self._world.store.ask("states")
        if states != +Counter(accepted=landed - ended, completed=ended):
            raise UnequalError(f"{ended} of {landed} manifests should have been completed: {dict(states)}")
        self._world.clear()
        for actor in self._actors.values():
            actor.forget()
