"""The command behind ``make bench``."""

import argparse
import signal
import sys

from rich.console import Console

from bench.run import publish, publish_large, run, run_large

_WIDTH = 130


def main() -> int:
    """Measure, print, and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and no large files: half a minute")
    parser.add_argument("--large", action="store_true", help="only the largest manifests, but by everybody")
    asked = parser.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    signal.signal(signal.SIGTERM, _end)
    try:
        if asked.large:
            publish_large(console, run_large(console))
        else:
            publish(console, run(console, quick=asked.quick))
    except KeyboardInterrupt:
        return 130
    return 0


def _end(*_: object) -> None:
    raise KeyboardInterrupt  # so that everything that was started is ended


if __name__ == "__main__":
    sys.exit(main())
