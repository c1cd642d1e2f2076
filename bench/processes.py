"""A process of its own for each part of the bench, asked over a pipe; it ends when the pipe does."""

import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

ROOT = str(Path(__file__).parent.parent)
LONGEST_ANSWER = 300.0
STOP_TIMEOUT = 10.0

type Verbs = object
"""What a process can be asked for: its methods."""


class ProcessError(RuntimeError):
    """A process of the bench has failed or does not answer."""


class Process:
    """Run ``make(*arguments)`` in a new interpreter and call methods of what it gives."""

    def __init__(self, run: Callable[..., None], *arguments: object) -> None:
        if ROOT not in sys.path:  # a worker runtime that has run here takes its app's folder off the path
            sys.path.append(ROOT)
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(theirs, *arguments), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        """Return itself: it runs already."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End it."""
        self.close()

    def ask(self, verb: str, *arguments: object) -> Any:  # noqa: ANN401 - each verb has its own answer
        """Call a method there and wait for what it gives; raises ProcessError with its traceback."""
        self.begin(verb, *arguments)
        return self.end()

    def begin(self, verb: str, *arguments: object) -> None:
        """Call a method there without waiting; ``end`` gives its answer."""
        self._pipe.send((verb, arguments))

    def end(self) -> Any:  # noqa: ANN401 - each verb has its own answer
        """Wait for the answer."""
        try:
            if not self._pipe.poll(LONGEST_ANSWER):
                raise ProcessError(f"no answer within {LONGEST_ANSWER:.0f} s")
            good, answer = self._pipe.recv()
        except EOFError:
            raise ProcessError("a process of the bench has ended") from None
        if not good:
            raise ProcessError(answer)
        return answer

    def close(self) -> None:
        """End the process, gently first."""
        self._pipe.close()
        self._process.join(STOP_TIMEOUT)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()


def obey(pipe: Connection, verbs: Verbs) -> None:
    """Do what is asked until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    while answer_one(pipe, verbs):
        pass


def answer_one(pipe: Connection, verbs: Verbs) -> bool:
    """Answer one question; ``False`` if there will be no more."""
    try:
        verb, arguments = pipe.recv()
    except EOFError:
        return False
    try:
        answer = True, getattr(verbs, verb)(*arguments)
    except Exception:  # noqa: BLE001 - whatever it is, the asker is told
        answer = False, traceback.format_exc()
    pipe.send(answer)
    return True
