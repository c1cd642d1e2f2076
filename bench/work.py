"""Work done by so many threads, with its time and the CPU time that its process spent on it."""

import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

MOST_THREADS = 32
_STATUS = Path("/proc/self/status")


class Measure(NamedTuple):
    """What work took, in seconds: by the clock, and of the process's CPU time, the system's part included."""

    wall: float
    cpu: float


class Crew:
    """Threads that are started beforehand, so that starting them is not measured."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_THREADS, thread_name_prefix="crew")

    def do[T](self, work: Callable[[T], None], items: Sequence[T], threads: int) -> Measure:
        """Work on all items, `threads` at a time; raises what the work raises."""
        # next() on one iterator is atomic.
        queue = iter(items)

        def take_turns() -> None:
            for item in queue:
                work(item)

        start, cpu = perf_counter(), process_time()
        turns = [self._threads.submit(take_turns) for _ in range(threads)]
        for turn in turns:
            turn.result()
        return Measure(perf_counter() - start, process_time() - cpu)


def peak_memory() -> int:
    """Return the most bytes of memory that this process has had so far.

    On Linux, `ru_maxrss` begins with what the process had that started this one; `VmHWM` of proc_pid_status(5) does
    not. On macOS, `ru_maxrss` is in bytes.
    """
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
