"""What has become of the manifests in ``make serve``."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from local.drop import served
from shared.commands.details import show
from shared.commands.status import overview
from shared.commands.terminal import Terminal
from shared.job.blob_names import is_manifest
from shared.storage.blobs import Storage


def status(manifest: str | None) -> int:
    """Write the table of manifests, or one of them, named by its blob or by its file.

    Returns:
        0, or 1 if there is no such manifest.

    Raises:
        NothingServedError: There is no ``make serve`` to ask.
    """
    terminal = Terminal(sys.stdout)
    with served() as container:
        storage = Storage(container)
        if manifest is None:
            return overview(storage.listing(), datetime.now(UTC), terminal, "make status MANIFEST=…")
        names = [blob.name for blob in storage.listing() if is_manifest(blob.name)]
        found = [name for name in names if name == manifest or Path(name).name == Path(manifest).name]
        if not found:
            terminal.say(f"There is no manifest {manifest}. make status lists those that are there.")
            return 1
        return max(show(name, storage, terminal) for name in found)
