"""A storage queue as its trigger treats it: hidden while running, tried several times, moved to its poison queue.

Source of the rules: QueueProcessor and QueueListener of the storage extension of the Functions host.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient, QueueMessage

from local.host.runtime import Result

POISON = "-poison"
LARGEST_BATCH = 32
logger = logging.getLogger(__name__)
# Another receiver has the message, or it is gone: nothing is left to do about it.
_NOT_OURS = {"MessageNotFound", "PopReceiptMismatch", "QueueNotFound"}


@dataclass(frozen=True)
class TriggerQueue:
    """Receive messages, and end each by how its function ended.

    A message without a poison queue, as those in a queue named `…-poison` are, is kept when it fails: it comes back
    when it is no longer hidden, and after `max_tries` without being run, until it expires. `whole_instance`: an end of
    the worker is that of the whole instance, and nobody is left to return the message.
    """

    client: QueueClient
    poison_of: Callable[[QueueMessage], QueueClient | None]
    batch_size: int
    max_tries: int
    retry_delay: timedelta
    hidden: timedelta
    whole_instance: bool = False
    _left: list[QueueMessage] = field(default_factory=list, init=False)

    def receive(self) -> list[QueueMessage]:
        """Receive a batch, hidden from others from now on; none of a queue that does not exist."""
        size = min(self.batch_size, LARGEST_BATCH)
        pages = self.client.receive_messages(messages_per_page=size, visibility_timeout=_seconds(self.hidden)).by_page()
        try:
            first: Iterable[QueueMessage] = next(pages, [])
            return [message for message in first if self._may_run(message)]
        except ResourceNotFoundError:
            return []

    def finish(self, message: QueueMessage, result: Result) -> None:
        """Delete, release or move a message; it stays hidden where the whole instance has gone."""
        if result.ok:
            self._delete(message)
        elif (result.died and self.whole_instance) or not self.poison_of(message):
            self._left.append(message)
        elif _tries(message) >= self.max_tries:
            self.move(message)
        else:
            self._show(message, self.retry_delay)

    def move(self, message: QueueMessage) -> None:
        """Move a message to the poison queue as it is; without one it stays hidden."""
        poison = self.poison_of(message)
        if not poison:
            self._left.append(message)
            return
        logger.warning("moved_to_poison_queue queue=%s message=%s", self.client.queue_name, message.id)
        try:
            poison.send_message(message.content)
        except ResourceNotFoundError:
            # Another thread may have created it meanwhile.
            with suppress(ResourceExistsError):
                poison.create_queue()
            poison.send_message(message.content)
        self._delete(message)

    def unhide(self) -> None:
        """Show what stayed hidden, as if its time had passed."""
        while self._left:
            self._show(self._left.pop(), timedelta())

    def _may_run(self, message: QueueMessage) -> bool:
        # An instance that has gone with a message counts as a try, though nobody saw how it ended.
        if _tries(message) <= self.max_tries:
            return True
        self.move(message)
        return False

    def _show(self, message: QueueMessage, delay: timedelta) -> None:
        with _only_if_ours():
            self.client.update_message(message.id, message.pop_receipt, visibility_timeout=_seconds(delay))

    def _delete(self, message: QueueMessage) -> None:
        with _only_if_ours():
            self.client.delete_message(message.id, message.pop_receipt)


@contextmanager
def _only_if_ours() -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        if getattr(error, "error_code", None) not in _NOT_OURS:
            raise


def _tries(message: QueueMessage) -> int:
    return message.dequeue_count or 0


def _seconds(time: timedelta) -> int:
    return int(time.total_seconds())
