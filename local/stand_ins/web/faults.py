"""Faults between a client and a stand-in."""

from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from typing import NoReturn

from local.stand_ins.web.messages import Response

type Proceed = Callable[[], Response]
type Fault = Callable[[Proceed], Response]
"""A fault may call on the stand-in, change its answer, or do neither."""


class Silence(Enum):
    """Name the ways in which a client gets no answer."""

    REFUSED = auto()  # a server has accepted the connection already, and closes it
    CLOSED = auto()
    TIMED_OUT = auto()  # a server keeps silent until the client hangs up or the server ends


class NoAnswer(Exception):  # noqa: N818  it is an outcome that a test asked for, no error of the stand-in
    """Leave the client without an answer."""

    def __init__(self, silence: Silence) -> None:
        super().__init__(silence.name)
        self.silence = silence


def no_fault(proceed: Proceed) -> Response:
    """Let the stand-in answer."""
    return proceed()


def take(queue: deque[Fault], otherwise: Fault = no_fault) -> Fault:
    """Take the next fault of a queue, on whichever thread."""
    try:
        return queue.popleft()
    except IndexError:
        return otherwise


def instead(response: Response) -> Fault:
    """Answer without asking the stand-in."""
    return lambda _proceed: response


def unanswered(silence: Silence) -> Fault:
    """Send no answer; the stand-in never acts on the call."""

    def fault(_proceed: Proceed) -> NoReturn:
        raise NoAnswer(silence)

    return fault


def answer_lost(silence: Silence = Silence.CLOSED) -> Fault:
    """Send no answer, although the stand-in has acted on the call."""

    def fault(proceed: Proceed) -> NoReturn:
        proceed()
        raise NoAnswer(silence)

    return fault
