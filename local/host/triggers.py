"""Queue and timer triggers: what is due, and how it runs."""

import base64
import binascii
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from azure.storage.queue import QueueMessage
from croniter import croniter

from local.host import inputs
from local.host.bindings import SettingError
from local.host.runtime import Function, Result, Runtime
from local.host.trigger_queue import TriggerQueue

SIX_FIELDS = 6
PAST_DUE = timedelta(seconds=1)
SHORTEST_MONITORED = timedelta(minutes=1)
NEVER = datetime.min.replace(tzinfo=UTC)
"""What the host reports as the last tick before the first."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """Record a run of a function: `what` is a blob with its container, a queue and a message id, or a tick's time."""

    function: str
    what: str
    result: Result

    @property
    def ok(self) -> bool:
        """Return whether the function returned."""
        return self.result.ok


type Work = Callable[[], Run | None]


class Trigger(Protocol):
    """Return what is due. Work may be done on any thread, and returns None when there was nothing to run for."""

    def due(self) -> list[Work]:
        """Return the work that is due now."""
        ...


@dataclass
class QueueTrigger:
    """Run a function for each message of a queue."""

    runtime: Runtime
    function: Function
    queue: TriggerQueue
    encoded: bool

    def due(self) -> list[Work]:
        """Receive a batch; what cannot be decoded moves to the poison queue at once, unseen by the function."""
        works: list[Work] = []
        for message in self.queue.receive():
            text = decoded(message.content) if self.encoded else message.content
            if text is None:
                self.queue.move(message)
            else:
                works.append(partial(self._run, message, text))
        return works

    def _run(self, message: QueueMessage, text: str) -> Run:
        result = self.runtime.invoke(self.function, inputs.queue_message(message, text))
        self.queue.finish(message, result)
        return Run(self.function.name, f"{self.queue.client.queue_name}/{message.id}", result)


@dataclass
class TimerTrigger:
    """Run a function by a cron expression of six fields, in UTC; ticks that were missed are one run."""

    runtime: Runtime
    function: Function
    schedule: str
    clock: Callable[[], datetime]
    _last: datetime = field(default=NEVER, init=False)
    _next: datetime = field(init=False)
    _monitored: bool = field(init=False)

    def __post_init__(self) -> None:
        """Start waiting for the first tick; raises SettingError for another number of fields."""
        if len(self.schedule.split()) != SIX_FIELDS:
            raise SettingError(f"{self.function.name}: a schedule has six fields, the first of them seconds")
        now = self.clock()
        first = self._after(now)
        self._monitored = self._after(first) - first >= SHORTEST_MONITORED
        self._next = now if self.function.trigger.run_on_startup else first

    def due(self) -> list[Work]:
        """Return one work if a tick has come."""
        now, tick = self.clock(), self._next
        if now < tick:
            return []
        given = inputs.timer(self._last, tick, past_due=now - tick > PAST_DUE, monitored=self._monitored)
        self._last, self._next = now, self._after(now)
        return [partial(self._run, tick, given)]

    def _run(self, tick: datetime, given: inputs.Input) -> Run:
        return Run(self.function.name, tick.isoformat(), self.runtime.invoke(self.function, given))

    def _after(self, time: datetime) -> datetime:
        ticks = croniter(self.schedule, time.astimezone(UTC), ret_type=datetime, second_at_beginning=True)
        following: datetime = ticks.get_next()
        return following


def encoded(text: str) -> str:
    """Encode a message's text as the Functions host does by default."""
    return base64.b64encode(text.encode()).decode()


def decoded(content: str) -> str | None:
    """Decode a message's content; None if it is not base64 of UTF-8."""
    try:
        return base64.b64decode(content, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
