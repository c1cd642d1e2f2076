"""The command behind `make bench`."""

import argparse
import logging
import signal
import sys
import time
from functools import partial

from bench.cases import backlog, cold_start, large_files, reading, throughput
from bench.implementations import THIS_APP, start_all
from bench.processes import ROOT
from bench.report import report
from bench.world import start_world

_FILE = ROOT / ".local" / "bench.md"
_tell = partial(print, "measuring:", file=sys.stderr)
_ROUNDS, _ROUNDS_END, _LAST_START = 9, 38, 90
"""Rounds of small manifests, when no more of them begin, and when no more large ones do, in seconds from the start."""


def main() -> int:
    """Measure, print, and write it down."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and no large files: half a minute")
    # An end from outside is like Ctrl-C: everything that was started ends.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run(quick=parser.parse_args().quick)
    except KeyboardInterrupt:
        return 130
    return 0


def _run(*, quick: bool) -> None:
    start = time.monotonic()
    logging.disable()  # each throttle of the backlog is a warning
    with start_world() as world:
        with start_all(world) as who:
            devices = who[THIS_APP].devices
            _tell("small and large manifests")
            figures = throughput.run(world, who, 2 if quick else _ROUNDS, start + _ROUNDS_END)
        _tell("parsing alone")
        figures += reading.run(5 if quick else 9)
        _tell("cold start")
        figures.append(cold_start.run(world, devices, 2 if quick else 3))
        if not quick:
            _tell("100,000 devices")
            figures += large_files.run(world, start + _LAST_START)
    _tell("a backlog under throttle")
    text = report(figures, backlog.run(), time.monotonic() - start)
    _FILE.parent.mkdir(exist_ok=True)
    _FILE.write_text(f"{text}\n", encoding="utf-8")
    print(f"{text}\n\nWritten to {_FILE}")


if __name__ == "__main__":
    sys.exit(main())
