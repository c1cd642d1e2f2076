"""Drop a manifest and wait for its end.

    python drop_and_wait.py <URL of the container> laptops.csv "<customer id>/<batch>/laptops.csv"

Signs in as ``az login`` did, unless the URL has a SAS. Prints the device results, or else the status; exit 0 only for
``completed``.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient

PAUSE = 10.0
"""Seconds between two looks."""


def main(url: str, file: str, name: str) -> int:
    """Drop the file under a name, and tell what became of it."""
    credential = None if "?" in url else DefaultAzureCredential()
    with ContainerClient.from_container_url(url, credential) as container:
        dropped = container.get_blob_client(name).upload_blob(Path(file).read_bytes(), overwrite=True)
        status = wait(container, name, dropped["etag"].strip('"'))
        if status["results"]:
            print(container.download_blob(status["results"]).readall().decode("utf-8-sig"))
        else:
            print(json.dumps(status, indent=2))
    return 0 if status["state"] == "completed" else 1


def wait(container: ContainerClient, name: str, etag: str) -> dict[str, Any]:
    """Look until the status is final and speaks of what was dropped, not of an older file of the same name."""
    while True:
        status = read(container, f"{name}.status.json")
        if status and status["previous"] and status["previous"]["etag"] == etag:
            sys.exit(f"somebody has dropped another file as {name}")
        if status and status["final"] and status["etag"] == etag:
            return status
        time.sleep(PAUSE)


def read(container: ContainerClient, name: str) -> dict[str, Any] | None:
    """Read a status; None while there is none."""
    try:
        document: dict[str, Any] = json.loads(container.download_blob(name).readall())
    except ResourceNotFoundError:
        return None
    return document


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
