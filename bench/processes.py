"""A process of its own for each part of the bench, called over a pipe; it ends when the pipe does."""

import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent
ANSWER_TIMEOUT = 300.0
STOP_TIMEOUT = 10.0


class ProcessError(RuntimeError):
    """A process of the bench has failed or does not answer."""


class Process:
    """Run `run(pipe, *arguments)` in a new interpreter, and call methods of what it serves there."""

    def __init__(self, run: Callable[..., None], *arguments: object) -> None:
        # A worker runtime that has run in this process has taken its app's folder off the path.
        if str(ROOT) not in sys.path:
            sys.path.append(str(ROOT))
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(theirs, *arguments), daemon=True)
        # Ctrl-C is for this process, which then closes the pipe: what is ignored here stays ignored there.
        heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, heard)
        theirs.close()

    def __enter__(self) -> Self:
        """Return itself: it runs already."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the process, gently first."""
        self._pipe.close()
        self._process.join(STOP_TIMEOUT)
        self._process.kill()
        self._process.join()
        self._process.close()

    def call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - each method has its own answer
        """Call a method there and return its answer; raises ProcessError with the traceback of its exception."""
        self._pipe.send((method, arguments))
        return self.answer()

    def answer(self) -> Any:  # noqa: ANN401 - each method has its own answer
        """Wait for an answer and return it."""
        try:
            if not self._pipe.poll(ANSWER_TIMEOUT):
                raise ProcessError(f"no answer within {ANSWER_TIMEOUT:.0f} s")
            succeeded, answer = self._pipe.recv()
        except EOFError:
            raise ProcessError("a process of the bench has ended") from None
        if not succeeded:
            raise ProcessError(answer)
        return answer


def serve(pipe: Connection, make: Callable[..., object], *arguments: object) -> None:
    """Answer calls of methods of what is made until the pipe ends."""
    served = make(*arguments)
    while answer_one(pipe, served):
        pass


def answer_one(pipe: Connection, served: object) -> bool:
    """Answer one call; return False if there will be no more."""
    try:
        method, arguments = pipe.recv()
    except (EOFError, ConnectionResetError):
        return False
    try:
        answer = True, getattr(served, method)(*arguments)
    except Exception:  # noqa: BLE001 - whatever it is, the caller gets it
        answer = False, traceback.format_exc()
    try:
        pipe.send(answer)
    except BrokenPipeError:
        return False
    return True
