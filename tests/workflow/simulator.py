"""Several workers on the same manifests, interleaved operation by operation, with all that a cloud does to them.

One worker runs at a time, each in a thread of its own that stops before and after every operation on the outside
world; a seed decides who goes on, who freezes for up to an hour, who dies, and whose answer is lost. Clocks are minutes
apart. Messages are delivered at least once: late, doubled, or again while the last delivery still hangs.
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple, override

import requests
from azure.core.exceptions import ServiceResponseError
from msgspec.structs import replace

from shared.workflow.advance import Workflow
from shared.workflow.ports import ConflictError, StatusUnavailableError, StorageUnavailableError
from shared.workflow.queue_messages import WakeUp
from tests.fakes import Fuse, Message, ProcessDied, read_wake_up
from tests.world import World

VISIBILITY = timedelta(minutes=10)
SWEEPS = timedelta(minutes=15)
MOST_DELIVERIES = 6
"""Five of the queue's, and one of its poison queue's."""


class Chaos(NamedTuple):
    """How likely each trouble is at each step; ``skew`` is the most that a worker's clock is off."""

    freeze: float = 0.01
    die: float = 0.01
    lose_answer: float = 0.005
    double: float = 0.1
    lose_message: float = 0.01
    skew: timedelta = timedelta(minutes=4)


CALM = Chaos(0, 0, 0, 0, 0, timedelta(0))


class Gate(Fuse):
    """Lets a worker stop before and after each operation."""

    @override
    @contextmanager
    def around(self, operation: str) -> Iterator[None]:
        worker = threading.current_thread()
        if isinstance(worker, Worker):
            worker.stop(operation)
            yield
            worker.stop(f"{operation} done")
        else:
            yield


class Worker(threading.Thread):
    """One invocation."""

    def __init__(self, work: Callable[[], None], message: Message) -> None:
        super().__init__(daemon=True)
        self.message = message
        self.frozen_until: datetime | None = None
        self.doom: BaseException | None = None
        self.failed = False
        self.operation = ""
        self._work = work
        self._mine, self._theirs = threading.Lock(), threading.Lock()
        self._mine.acquire()
        self._theirs.acquire()
        self.start()

    @override
    def run(self) -> None:
        self._mine.acquire()
        try:
            self._work()
        except (ProcessDied, StorageUnavailableError, ServiceResponseError, ConflictError):
            self.failed = True
        except BaseException as error:  # noqa: BLE001 - reported by the simulator, in its own thread
            self.doom = error
        self.operation = "over"
        self._theirs.release()

    def stop(self, operation: str) -> None:
        """Wait until it is this worker's turn again."""
        self.operation = operation
        self._theirs.release()
        self._mine.acquire()
        if doom := self.doom:
            self.doom = None
            raise doom

    def go(self, doom: BaseException | None = None) -> bool:
        """Go on to the next stop, or to the end; return whether it is over."""
        self.doom = doom
        self._mine.release()
        self._theirs.acquire()
        if self.operation == "over" and self.doom:
            raise self.doom
        return self.operation == "over"


def lost(operation: str) -> Exception:
    """Return what the work sees where an answer is lost on its way."""
    match operation.split(maxsplit=1)[0]:
        case "GET" | "POST":
            return requests.ReadTimeout()
        case "load" | "save":
            return StatusUnavailableError("no answer")
        case "send" | "move":
            return ServiceResponseError("no answer")
    return StorageUnavailableError("no answer")


class Simulator:
    """One schedule."""

    def __init__(self, seed: int, chaos: Chaos) -> None:
        self.random = random.Random(seed)
        self.chaos = chaos
        self.world = World(part_size=2, attended=False, fuse=Gate())
        self.workers: list[Worker] = []
        self.broken: str | None = None
        """An operation that fails for good."""
        self.most_messages = 0
        self.frozen_posts = 0
        """Workers that froze just before a POST: its lease can end there after every check of it."""
        self.deliveries = 0
        self.failures = 0
        self._next_sweep = self.world.clock.now + SWEEPS
        self._deliveries: dict[str, int] = {}
        self._again: list[Message] = []

    def drop(self, data: bytes, name: str) -> None:
        """Put a manifest down; its event comes like a message."""
        self.world.storage.put(name, data)
        self._enqueue(WakeUp(name, landed=True))

    def _enqueue(self, wake_up: WakeUp) -> None:
        self.world.queue.messages.append(Message(wake_up.encode(), self.world.clock.now))

    def step(self) -> bool:
        """Do one thing; return whether there was any left to do now."""
        self._return_messages()
        self.most_messages = max(self.most_messages, len(self.world.queue.messages) + len(self._again))
        now = self.world.clock.now
        awake = [worker for worker in self.workers if not worker.frozen_until or worker.frozen_until <= now]
        visible = self.world.queue.visible()
        if visible and (not awake or self.random.random() < 0.3):
            self._deliver(self.random.choice(visible))
        elif awake:
            self._go_on(self.random.choice(awake))
        else:
            return False
        return True

    def pass_time(self) -> None:
        """Let time pass until something happens."""
        moments = [worker.frozen_until for worker in self.workers if worker.frozen_until]
        moments += [message.visible_at for message in (*self._again, *self.world.queue.messages)]
        self.world.clock.now = max(self.world.clock.now, min([*moments, self._next_sweep]))
        if self.world.clock.now >= self._next_sweep:
            self._next_sweep += SWEEPS
            self.world.sweep.run()

    def _return_messages(self) -> None:
        for message in [message for message in self._again if message.visible_at <= self.world.clock.now]:
            self._again.remove(message)
            self.world.queue.messages.append(message)

    def _deliver(self, message: Message) -> None:
        self.world.queue.messages.remove(message)
        if self._happens(self.chaos.lose_message):
            return
        number = self._deliveries[message.id] = self._deliveries.get(message.id, 0) + 1
        twice = self._happens(self.chaos.double)
        self.deliveries += 1 + twice
        for _ in range(1 + twice):
            self.workers.append(Worker(self._work(message, again=number > 1), message))
        if number < MOST_DELIVERIES:
            copy = Message(message.text, self.world.clock.now + VISIBILITY, message.id, again=True)
            self._again.append(copy)

    def _work(self, message: Message, *, again: bool) -> Callable[[], None]:
        world, skew = self.world, self.chaos.skew * self.random.uniform(-1, 1)
        workflow = Workflow(replace(world.services, clock=lambda: world.clock.now + skew))
        return lambda: workflow.advance(read_wake_up(message.text), again=again)

    def _go_on(self, worker: Worker) -> None:
        if self._happens(self.chaos.freeze):
            self.frozen_posts += worker.operation == "POST"
            worker.frozen_until = self.world.clock.now + timedelta(seconds=self.random.uniform(1, 3600))
            return
        doom: BaseException | None = None
        if self.broken and worker.operation.startswith(self.broken):
            doom = lost(worker.operation)
            self.failures += 1
        elif worker.operation and self._happens(self.chaos.die):
            doom = ProcessDied()
        elif worker.operation and self._happens(self.chaos.lose_answer):
            doom = lost(worker.operation)
        self.world.clock.advance(timedelta(milliseconds=self.random.uniform(1, 400)))
        if worker.go(doom):
            self.workers.remove(worker)
            if not worker.failed:
                self._again = [message for message in self._again if message.id != worker.message.id]

    def _happens(self, likelihood: float) -> bool:
        return self.random.random() < likelihood

    def run(self, steps: int) -> None:
        """Do so many things, letting time pass where there is nothing else to do."""
        for _ in range(steps):
            if not self.step():
                self.pass_time()

    def settle(self) -> None:
        """Let all troubles be over, and everything come to its end."""
        self.chaos, self.broken = CALM, None
        self.live(timedelta(days=4))

    def live(self, time: timedelta) -> None:
        """Let time pass, and do what is to be done meanwhile."""
        end = self.world.clock.now + time
        while self.world.clock.now < end or self.workers:
            if not self.step():
                self.pass_time()
