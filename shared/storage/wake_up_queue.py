"""The queue of wake-ups, and the only file that knows the SDK for queues."""

from contextlib import suppress
from datetime import timedelta
from math import ceil

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from shared.workflow.ports import Sent
from shared.workflow.queue_messages import WakeUp

LONGEST_DELAY = 7 * 24 * 3600
"""Seconds that a queue message can stay invisible (Queue service REST reference, Put Message)."""


class WakeUpQueue:
    """The queue of wake-ups."""

    def __init__(self, queue: QueueClient) -> None:
        """Send to ``queue``, whose client encodes messages as the host's queue trigger expects."""
        self._queue = queue

    def send(self, wake_up: WakeUp, delay: timedelta, instead_of: Sent | None = None) -> Sent:
        """Queue a wake-up that shows itself after ``delay``, rounded up to seconds.

        Args:
            wake_up: The message.
            delay: Until when it is invisible; at most seven days.
            instead_of: A message that takes on the new text and time, unless somebody has taken it out meanwhile.
        """
        text, seconds = wake_up.encode(), min(max(0, ceil(delay.total_seconds())), LONGEST_DELAY)
        message = self._moved(instead_of, text, seconds) if instead_of else None
        message = message or self._sent(text, seconds)
        return Sent(message.id, str(message.pop_receipt), wake_up.due)

    def _moved(self, sent: Sent, text: str, seconds: int) -> QueueMessage | None:
        try:
            return self._queue.update_message(sent.id, sent.receipt, content=text, visibility_timeout=seconds)
        except HttpResponseError:  # its receipt counts no more
            return None

    def _sent(self, text: str, seconds: int) -> QueueMessage:
        """Send a message; on an account where nobody has made the queue, the first one makes it."""
        with suppress(ResourceNotFoundError):
            return self._queue.send_message(text, visibility_timeout=seconds, time_to_live=-1)
        with suppress(ResourceExistsError):
            self._queue.create_queue()
        return self._queue.send_message(text, visibility_timeout=seconds, time_to_live=-1)

    def count(self) -> int:
        """Tell about how many wake-ups the queue holds, those included that do not show themselves yet."""
        return int(self._queue.get_queue_properties().approximate_message_count or 0)
