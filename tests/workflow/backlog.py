"""A backlog of small manifests before a Partner Center that limits requests: hours of it in seconds.

Over the real workflow and client, several processes with memories of their own, and a queue that is a heap.
"""

import json
import random
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import override
from uuid import UUID

from local.stand_ins.partner_center import PartnerCenter, SignIn
from local.stand_ins.web import Adapter
from shared.config.limit_settings import Limits
from shared.http_session import DirectSession
from shared.job.blob_names import status_of
from shared.job.status_document import State, decode
from shared.partner_center.client import PartnerCenter as Client
from shared.workflow.advance import Workflow
from shared.workflow.pacing import Pacing
from shared.workflow.ports import Sent, Services
from shared.workflow.queue_messages import WakeUp
from tests.fakes import Clock, FakeBoard, FakeQueue, FakeStorage, read_wake_up
from tests.workflow.quota import MINUTE, Gate, Quota
from tests.world import DELAYS, URL, TokenDesk

EXCHANGE, AT_ONCE = timedelta(seconds=0.3), 40
"""How long a step takes, and how many are taken at once in each process."""

LATEST = timedelta(seconds=2)
"""How late a wake-up may come."""

CHANCE = 0.6
"""That a wake-up comes before what is still landing."""

REDELIVERY = timedelta(minutes=10)
"""When the queue shows a message again whose process died."""


class HeapQueue(FakeQueue):
    """The same queue, quick with thousands of messages."""

    def __init__(self, clock: Clock, late: random.Random) -> None:
        super().__init__(clock)
        self._late = late
        self._heap: list[tuple[datetime, int, str, str]] = []
        self._live: dict[str, int] = {}
        self._count = 0

    @override
    def send(self, wake_up: WakeUp, delay: timedelta, instead_of: Sent | None = None) -> Sent:
        ident = instead_of.id if instead_of and instead_of.id in self._live else str(self._count)
        self._count += 1
        self._live[ident] = self._count
        at = self._clock() + max(delay, timedelta(0)) + LATEST * self._late.random()
        heappush(self._heap, (at, self._count, ident, wake_up.encode()))
        return Sent(ident, "receipt", wake_up.due)

    @override
    def next_moment(self) -> datetime | None:
        while self._heap and self._live.get(self._heap[0][2]) != self._heap[0][1]:
            heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self) -> str:
        _, _, ident, text = heappop(self._heap)
        del self._live[ident]
        return text


@dataclass(frozen=True)
class Report:
    """How a backlog was drained."""

    states: Counter[State]
    served: Counter[int]
    refused: Counter[int]
    took: timedelta
    least: timedelta
    executions: list[int]
    accepted_after: list[timedelta]
    """For each manifest that landed alone."""
    doubles: int
    """Devices that were accepted more than once, or not at all."""

    @property
    def share_refused(self) -> float:
        return self.refused.total() / (self.refused.total() + self.served.total())

    @property
    def stretch(self) -> float:
        return self.took / self.least

    def __str__(self) -> str:
        executions = f"{sum(self.executions) / len(self.executions):.1f} (at most {max(self.executions)})"
        return (
            f"{dict(self.states)} refused {self.refused.total()} ({self.share_refused:.1%}), "
            f"done after {self.took / MINUTE:.0f} min, {self.stretch:.2f} of the least, executions {executions}, "
            f"alone {[after.seconds for after in self.accepted_after]}, doubles {self.doubles}"
        )


@dataclass
class Backlog:
    """Manifests of one device each that land at once."""

    manifests: int = 300
    quota: Quota = field(default_factory=Quota)
    customers: int = 1
    processes: int = 1
    lives_for: timedelta | None = None
    """How long a process lives on average; the first death comes while the backlog lands."""
    alone: tuple[timedelta, ...] = ()
    """When single manifests of other customers land."""
    requests_per_minute: int | None = None
    reports_until: timedelta | None = None
    """How long the processes can report to each other; for ever where it is ``None``."""
    pacing: type[Pacing] = Pacing
    seed: int = 1

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.clock = Clock()
        self.begun = self.quota.begun = self.clock.now
        self.storage = FakeStorage(self.clock)
        self.board = FakeBoard()
        self.queue = HeapQueue(self.clock, self.dice)
        ids = [str(UUID(int=number)) for number in range(self.customers + len(self.alone))]
        self.crowd = ids[: self.customers]
        self.center = PartnerCenter(
            customers={customer: ["Test"] for customer in ids},
            sign_in=lambda _: SignIn.APP_ONLY,
            clock=self.clock,
        )
        self.center.script.processing_for = timedelta(seconds=20)
        self.gate = Gate(self.center, self.quota, self.clock)
        self.workflows = [self._process() for _ in range(self.processes)]
        self.executions = Counter[str]()
        self.next_death = self.begun + timedelta(seconds=1)
        self.died = set[str]()
        self.names: list[str] = []
        self.landing = deque(self._put(self.crowd[n % self.customers], n) for n in range(self.manifests))
        self.lonely = [self._put(customer, 0) for customer in ids[self.customers :]]
        for name, after in zip(self.lonely, self.alone, strict=True):
            self.queue.send(WakeUp(name, landed=True), after)

    def run(self, most: int = 60) -> Report:
        """Drain it; where it takes ``most`` steps a manifest, it is left as it is."""
        while self.executions.total() < most * self.manifests:
            at = self.queue.next_moment()
            if at and at <= self.clock.now and (not self.landing or self.dice.random() < CHANCE):
                self._work(read_wake_up(self.queue.take()))
            elif self.landing:
                self._work(WakeUp(self.landing.popleft(), landed=True))
            elif at:
                self.clock.now = max(at, self.clock.now)
            else:
                break
        return self._report()

    def _put(self, customer: str, number: int) -> str:
        name = f"{customer}/Test/{number}.json"
        device = {"serialNumber": f"S{number}", "hardwareHash": "QUJD"}
        self.storage.put(name, json.dumps([device]).encode())
        self.names.append(name)
        return name

    def _process(self) -> Workflow:
        session = DirectSession(trust_env=False)
        session.mount(URL, Adapter(self.gate))
        api = Client(session, URL, TokenDesk(), {}, self.clock, pause=lambda _: None)
        limits = Limits(1000, 2**20, 250_000, frozenset())
        pacing = self.pacing(self.clock, DELAYS.retries, self.board, self.requests_per_minute)
        return Workflow(
            Services(self.storage, self.queue, api, limits, DELAYS, self.clock, draw=self.dice.random, pacing=pacing)
        )

    def _work(self, wake_up: WakeUp) -> None:
        self.clock.now += EXCHANGE / AT_ONCE / self.processes
        self.executions[wake_up.manifest] += 1
        self.board.is_reachable = self.reports_until is None or self.clock.now < self.begun + self.reports_until
        process = self.dice.randrange(self.processes)
        if self.lives_for and self.clock.now >= self.next_death and wake_up.manifest not in self.died:
            self.died.add(wake_up.manifest)
            self.next_death = self.clock.now + self.lives_for / self.processes * (0.5 + self.dice.random())
            self.workflows[process] = self._process()
            self.queue.send(wake_up, REDELIVERY)
        else:
            self.workflows[process].advance(wake_up)

    def _report(self) -> Report:
        jobs = [decode(self.storage.blobs[status_of(name)].data) for name in self.names]
        landed = zip(self.lonely, self.alone, strict=True)
        crowd = [job for job in jobs if job.manifest not in self.lonely]
        return Report(
            states=Counter(job.state for job in jobs),
            served=self.gate.served,
            refused=self.gate.refused,
            took=max(job.updated_at for job in crowd) - self.begun,
            least=self.quota.least(self.manifests, self.customers),
            executions=[self.executions[job.manifest] for job in crowd],
            accepted_after=[self._accepted(name) - self.begun - after for name, after in landed],
            doubles=sum(times != 1 for customer in self.crowd for times in self.center.registered(customer).values()),
        )

    def _accepted(self, name: str) -> datetime:
        return decode(self.storage.blobs[status_of(name)].data).uploads[0].accepted_at
