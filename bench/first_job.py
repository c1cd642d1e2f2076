"""A process from its start to a manifest's accepted upload: ``python -m bench.first_job FOLDER MANIFEST``.

With ``imports`` in the folder's place it only imports what a first invocation and the bench use, with ``runtime`` no
more than the worker runtime; with ``floor`` it repeats the life that comes, pickled, on standard input. It prints the
moment of its end.
"""

import importlib
import os
import sys
import time
from pathlib import Path

SDKS = (
    "azure.functions",
    "azurefunctions.extensions.base",
    "azure.storage.blob",
    "azure.storage.queue",
    "azure.identity",
    "requests",
    "msgspec",
)


def main(what: str, manifest: str) -> None:
    """Handle one manifest and end, or only import."""
    match what:
        case "imports":
            _import("local.host.runtime", *SDKS, "bench.hosted")
        case "runtime":
            _import("local.host.runtime")
        case "floor":
            _repeat(manifest)
        case folder:
            _handle(folder, manifest)


def _import(*names: str) -> None:
    for name in names:
        importlib.import_module(name)
    print(time.monotonic())


def _handle(folder: str, manifest: str) -> None:
    from local.host.runtime import Runtime  # noqa: PLC0415 - the floor has no worker runtime

    with Runtime(Path(folder)) as runtime:
        from bench.hosted import HostedApp, log_as_in_azure  # noqa: PLC0415 - the first thing is the app, as in Azure

        log_as_in_azure()
        HostedApp(runtime, os.environ).land([manifest], 1)
        print(time.monotonic())


def _repeat(manifest: str) -> None:
    import pickle  # noqa: PLC0415 - no part of the other cold starts

    from bench.floor import Floor  # noqa: PLC0415 - no part of the other cold starts
    from bench.recording import kind_of  # noqa: PLC0415 - no part of the other cold starts

    life = pickle.load(sys.stdin.buffer)  # noqa: S301 - written by the bench itself
    Floor({kind_of(manifest): life}, os.environ).land([manifest], 1)
    print(time.monotonic())


if __name__ == "__main__":
    main(*sys.argv[1:])
