"""When a process reads what the others of its app report of Partner Center's quotas, and writes its own report."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from shared import event_log
from shared.workflow.notices import Notices, decode, encode

EVERY = timedelta(seconds=2)
"""How often, while the rate is limited."""

UNREACHABLE = timedelta(seconds=30)
"""How long a process paces its calls by itself when the board cannot be reached."""

TRIES = 3
"""How often it is tried at a time, as others write as well."""


class BoardUnavailableError(Exception):
    """The blob could not be read or written."""


class Board(Protocol):
    """A small blob that all processes of the app share; its calls raise ``BoardUnavailableError``."""

    def read(self) -> tuple[bytes | None, str | None]:
        """Return its content and ETag, ``None`` where there is none."""
        ...

    def write(self, data: bytes, over: str | None) -> bool:
        """Write it over the ETag that was read; return ``False`` if another process has written meanwhile."""
        ...


class Exchange:
    """One process's reading and writing of the board."""

    def __init__(self, board: Board, clock: Callable[[], datetime]) -> None:
        """Have read nothing yet."""
        self._board, self._clock = board, clock
        self._next = self._reachable = clock()
        self._running = Lock()

    def begin(self, now: datetime, *, urgent: bool) -> bool:
        """Return whether it is time for an exchange, which begins then."""
        if now < self._reachable or (now < self._next and not urgent):
            return False
        self._next = now + EVERY
        return True

    def run(self, answer: Callable[[Notices], Notices]) -> Notices | None:
        """Write what ``answer`` says to what is read, and return that; ``None`` if it could not be written."""
        if not self._running.acquire(blocking=False):
            # Another thread's may have begun before there was what this one has to report.
            self._next = self._clock()
            return None
        try:
            for _ in range(TRIES):
                data, version = self._board.read()
                notices = answer(decode(data))
                if self._board.write(encode(notices), version):
                    return notices
        except BoardUnavailableError as error:
            self._reachable = self._clock() + UNREACHABLE
            event_log.log("pacing_alone", level=logging.WARNING, until=self._reachable, reason=str(error))
        finally:
            self._running.release()
        return None
