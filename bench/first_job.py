"""A process from its start to a manifest's first status: ``python -m bench.first_job FOLDER MANIFEST``.

With ``imports`` in the folder's place it only imports what a first invocation uses. It prints the moment of its end.
"""

import importlib
import os
import sys
import time
from pathlib import Path

from local.runtime import Runtime

SDKS = (
    "azure.functions",
    "azurefunctions.extensions.base",
    "azure.storage.blob",
    "azure.storage.queue",
    "azure.identity",
    "requests",
    "msgspec",
)


def main(folder: str, manifest: str) -> None:
    """Handle one manifest and end, or only import."""
    if folder == "imports":
        for name in (*SDKS, "bench.hosted"):  # the last is the harness, which the others import, too
            importlib.import_module(name)
        print(time.monotonic())
        return
    with Runtime(Path(folder)) as runtime:
        from bench.hosted import HostedApp  # noqa: PLC0415 - the first thing is the app, as in Azure

        HostedApp(runtime, os.environ).land([manifest], 1)
        print(time.monotonic())


if __name__ == "__main__":
    main(*sys.argv[1:])
