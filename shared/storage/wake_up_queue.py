"""The queue of wake-ups."""

from contextlib import suppress
from datetime import timedelta
from math import ceil

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from shared.workflow.ports import Sent
from shared.workflow.queue_messages import WakeUp

LONGEST_DELAY = 7 * 24 * 3600
"""Seconds for which a queue message can be invisible (Queue service REST reference, Put Message)."""


class WakeUpQueue:
    """The queue of wake-ups."""

    def __init__(self, queue: QueueClient) -> None:
        """Use ``queue``, whose client encodes messages as the host's queue trigger expects."""
        self._queue = queue

    def send(self, wake_up: WakeUp, delay: timedelta, instead_of: Sent | None = None) -> Sent:
        """Enqueue a wake-up that becomes visible after ``delay``, rounded up to seconds.

        Args:
            wake_up: The message.
            delay: How long it is invisible; seven days at most.
            instead_of: An earlier message to update; if it has been received meanwhile, a new one is sent.
        """
        text, seconds = wake_up.encode(), min(max(0, ceil(delay.total_seconds())), LONGEST_DELAY)
        message = self._moved(instead_of, text, seconds) if instead_of else None
        message = message or self._sent(text, seconds)
        return Sent(message.id, str(message.pop_receipt), wake_up.due)

    def _moved(self, sent: Sent, text: str, seconds: int) -> QueueMessage | None:
        try:
            return self._queue.update_message(sent.id, sent.receipt, content=text, visibility_timeout=seconds)
        # Its receipt is no longer valid: somebody has received it.
        except HttpResponseError:
            return None

    def _sent(self, text: str, seconds: int) -> QueueMessage:
        """Send a message that never expires, and create the queue if it does not exist."""
        with suppress(ResourceNotFoundError):
            return self._queue.send_message(text, visibility_timeout=seconds, time_to_live=-1)
        # Another thread may have created it meanwhile.
        with suppress(ResourceExistsError):
            self._queue.create_queue()
        return self._queue.send_message(text, visibility_timeout=seconds, time_to_live=-1)

    def count(self) -> int:
        """Return about how many wake-ups are in the queue, invisible ones included."""
        return int(self._queue.get_queue_properties().approximate_message_count or 0)
