"""Wake-ups: messages that name a manifest and carry nothing that could be out of date.

``due`` only labels a message with the moment it was queued for, so that of several for one job all but the one for
the job's present moment may fall asleep for good.
"""

from datetime import datetime

import msgspec


class UnreadableMessageError(Exception):
    """A queue message that names no manifest."""


class WakeUp(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of the wake-up queue."""

    manifest: str
    due: datetime | None = None

    def encode(self) -> str:
        """Write the message's text."""
        return msgspec.json.encode(self).decode()


class _PoisonedBlob(msgspec.Struct, rename="pascal"):
    """What the host puts into ``webjobs-blobtrigger-poison`` when it gives a blob up (read in the host's source)."""

    blob_name: str


def read_wake_up(text: str | bytes) -> WakeUp:
    """Read a message of the wake-up queue or of its poison queue.

    Raises:
        UnreadableMessageError: It is none.
    """
    try:
        return msgspec.json.decode(text, type=WakeUp)
    except ValueError as error:
        raise UnreadableMessageError("not a wake-up") from error


def read_poisoned_blob(text: str | bytes) -> WakeUp:
    """Read a message of ``webjobs-blobtrigger-poison`` as a wake-up for its blob.

    Raises:
        UnreadableMessageError: It is none.
    """
    try:
        return WakeUp(msgspec.json.decode(text, type=_PoisonedBlob).blob_name)
    except ValueError as error:
        raise UnreadableMessageError("not a poisoned blob") from error
