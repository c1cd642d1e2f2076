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
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """Record a run of a function: `what` is a blob with its container, a queue and a message id, or a tick's time."""

    function: str
    what: str
    result: Result

    @property
    def ok(self) -> bool:
        """Tell whether the function returned."""
        return self.result.ok


type Work = Callable[[], Run | None]


class Trigger(Protocol):
    """Say what is due. Work may be done on any thread, and gives None when it turned out to be void."""

    def due(self) -> list[Work]:
        """Take what is due now."""
        ...


@dataclass
class QueueTrigger:
    """Run a function for each message of a queue."""

    runtime: Runtime
    function: Function
    queue: TriggerQueue
    encoded: bool

    def due(self) -> list[Work]:
        """Receive a batch; what cannot be decoded goes to the poison queue unseen by the function."""
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
    _last: datetime = field(init=False)
    _next: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Start waiting for the first tick; raises SettingError for another number of fields."""
        if len(self.schedule.split()) != SIX_FIELDS:
            raise SettingError(f"{self.function.name}: a schedule has six fields, the first of them seconds")
        self._last = self.clock()
        self._next = self._last if self.function.trigger.run_on_startup else self._after(self._last)

    def due(self) -> list[Work]:
        """Give one work if a tick has come."""
        now, tick = self.clock(), self._next
        if now < tick:
            return []
        last, self._last, self._next = self._last, now, self._after(now)
        given = inputs.timer(last, self._next, past_due=now - tick > PAST_DUE)
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
