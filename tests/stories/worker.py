"""The function app in a process of its own, which can be killed at any moment."""

import multiprocessing
import os
import threading
from collections.abc import Mapping
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Self

from local.host.host import Host
from local.stage import APP

HIDDEN = timedelta(seconds=1)
"""How long a message stays away after the process that ran it was killed."""

START_TIMEOUT = 30.0

# One process imports everything once, and each worker is a copy of it: a start takes a tenth of the time.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__, "function_app", "azure.identity", "shared.bootstrap"])


def work(settings: Mapping[str, str], ready: Connection) -> None:
    """Run the app until this process is killed, or the one that started it is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.update(settings)
    with Host(APP, hidden=HIDDEN) as host:
        host.create_storage()
        ready.send("ready")
        host.run(threading.Event(), poll=0.02)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
    os._exit(1)


class Worker:
    """One life of the app, from ready to killed."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._ready, their_end = _PROCESSES.Pipe(duplex=False)
        with their_end:
            self._process = _PROCESSES.Process(target=work, args=(settings, their_end), daemon=True)
            self._process.start()

    def __enter__(self) -> Self:
        with self._ready:
            if not self._ready.poll(START_TIMEOUT):
                self.kill()
                raise TimeoutError("the worker did not start")
            self._ready.recv()
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()

    def live(self, seconds: float) -> None:
        """Let it work for a while; it must not end by itself."""
        self._process.join(seconds)
        assert self._process.exitcode is None, f"the worker ended by itself with {self._process.exitcode}"

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
