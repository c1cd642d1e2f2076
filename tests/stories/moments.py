"""Time in a story: it passes by itself, or jumps from one wake-up to the next."""

from datetime import UTC, datetime, timedelta
from threading import Event

from azure.storage.queue import QueueClient

from shared.storage.wake_up_queue import WakeUpQueue
from tests.fakes import Clock, FakeQueue, read_wake_up


class Time:
    """Time that passes by itself: a story waits."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def queue(self, client: QueueClient) -> WakeUpQueue:
        return WakeUpQueue(client)

    def sleep(self, seconds: float) -> None:
        Event().wait(seconds)

    def go_on(self) -> bool:
        self.sleep(0.05)
        return True


class TimeTravel(FakeQueue):
    """Time that jumps to the next wake-up, each of which is put on the real queue when its moment has come."""

    def __init__(self) -> None:
        self.clock = Clock(datetime.now(UTC))
        super().__init__(self.clock)

    def now(self) -> datetime:
        return self.clock.now

    def queue(self, client: QueueClient) -> FakeQueue:
        self._real = WakeUpQueue(client)
        return self

    def sleep(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def go_on(self) -> bool:
        moment = self.next_moment()
        if moment is None:
            return False
        self.clock.now = max(self.clock.now, moment)
        for message in self.visible():
            self.messages.remove(message)
            self._real.send(read_wake_up(message.text), timedelta(0))
        return True
