"""Drop a manifest and wait for its end.

Signs in as ``az login`` did, or as a service principal or managed identity, unless the URL has a SAS: see "Who may drop
manifests" in docs/deploying.md. Shows on the standard error how the manifest stands, and prints the device results, or
the status if there are none, to the standard output.
"""

import argparse
import json
import logging
import math
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

try:
    from azure.core import exceptions
    from azure.identity import DefaultAzureCredential
    from azure.storage.blob import ContainerClient
except ModuleNotFoundError as missing:
    print(f"{missing}: pip install azure-identity azure-storage-blob", file=sys.stderr)
    sys.exit(2)
except KeyboardInterrupt:
    # The libraries take some tenths of a second to load.
    sys.exit(130)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
"""Seconds between two looks, doubled from the first to the longest."""
LATE = 180.0
"""Seconds without a status after which a person is told; the first one usually comes within some seconds."""
RETRY = {"retry_total": 2, "initial_backoff": 1, "increment_base": 2}
"""A person is waiting: the library's own retries would take more than a minute."""
EXAMPLE = """
example:
  python drop_and_wait.py "{URL of the container}" laptops.csv "{customer-id}/{batch-id}/laptops.csv"

exit status:
  0    completed: every device is registered
  1    the manifest has ended in another way, or somebody has dropped another file of this name
  2    this script could not run: its arguments, the file, signing in, rights, or the network
  3    not at its end when the timeout was over; the manifest stays dropped, and the app goes on with it
  130  stopped by Ctrl-C; the same holds
"""


class RefusedError(Exception):
    """The arguments cannot be right."""


class OverwrittenError(Exception):
    """Somebody has dropped another file of the same name."""


def main() -> int:
    """Run the command line and return its exit status."""
    given = read_arguments()
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # each fault is reported once, below
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        check(given)
        return drop_and_wait(given)
    except OverwrittenError:
        say(f"Somebody has dropped another file as {given.name}.")
        return 1
    except KeyboardInterrupt:
        say("Stopped. What was dropped stays dropped.")
        return 130
    except RefusedError as error:
        say(str(error))
        return 2
    except (OSError, ValueError, exceptions.AzureError) as error:
        say(explain(error, given.container))
        return 2


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "container", help="https://{account}.blob.core.windows.net/manifests, with a (user delegation) SAS or without"
    )
    parser.add_argument("file", type=Path, help="the manifest")
    parser.add_argument("name", help="name of the blob: {customer-id}/{batch-id}/{any further path}")
    parser.add_argument("--timeout", type=float, default=math.inf, metavar="SECONDS", help="wait no longer than this")
    return parser.parse_args()


def check(given: argparse.Namespace) -> None:
    """Refuse what would fail without a clear reason, or be waited for without end."""
    if not given.name:
        raise RefusedError("The name is empty.")
    if given.name.endswith((".status.json", ".results.csv")):
        raise RefusedError(f"{given.name} is never a manifest: the app's own blobs end so.")
    if given.container.startswith("http:") and "?" not in given.container:
        raise RefusedError("Signing in needs https. Without it, use a URL with a SAS.")


def drop_and_wait(given: argparse.Namespace) -> int:
    """Drop the file, wait, and print what became of it."""
    credential = None if "?" in given.container else DefaultAzureCredential()
    with ContainerClient.from_container_url(given.container, credential, **RETRY) as container:
        with given.file.open("rb") as file:
            dropped = container.get_blob_client(given.name).upload_blob(file, overwrite=True)
        say(f"Dropped {given.file} as {given.name}.")
        status = wait(container, given.name, dropped["etag"].strip('"'), given.timeout)
        if not status:
            say(f"Not at its end after {given.timeout:g} seconds. What was dropped stays dropped.")
            return 3
        if status["results"]:
            print(container.download_blob(status["results"]).readall().decode("utf-8-sig"), end="")
        else:
            for issue in status["issues"]:
                say(f"{issue['where']}: {issue['message']}")
            del status["internal"]  # the app's own bookkeeping
            print(json.dumps(status, indent=2))
    return 0 if status["state"] == "completed" else 1


def wait(container: ContainerClient, name: str, etag: str, timeout: float) -> dict[str, Any] | None:
    """Look until the status is final and speaks of what was dropped, not of an older file of the same name.

    Returns:
        The status, or None if `timeout` seconds are over first.
    """
    end, late = time.monotonic() + timeout, time.monotonic() + LATE
    pause = FIRST_PAUSE
    seen, shown = False, ""
    while True:
        status = read(container, f"{name}.status.json")
        if status and status["etag"] == etag:
            seen = True
            shown = show(f"{status['state']}: {status['message']}", shown)
            if status["final"]:
                return status
        elif status and (seen or (status["previous"] or {}).get("etag") == etag):
            raise OverwrittenError
        if not seen and time.monotonic() >= late:
            late = math.inf
            say("No status yet. Is the app running, and signed in? docs/troubleshooting.md says where to look.")
        if time.monotonic() >= end:
            return None
        time.sleep(max(0, min(pause, end - time.monotonic())))
        pause = min(2 * pause, LONGEST_PAUSE)


def read(container: ContainerClient, name: str) -> dict[str, Any] | None:
    """Read a status; None while there is none, or while the network is in trouble."""
    try:
        document: dict[str, Any] = json.loads(container.download_blob(name).readall())
    except (exceptions.ResourceNotFoundError, exceptions.ServiceRequestError, exceptions.ServiceResponseError):
        return None
    return document


def show(text: str, shown: str) -> str:
    """Show how the manifest stands, unless that was shown last."""
    if text != shown:
        say(f"{time.strftime('%H:%M:%S')} {text}")
    return text


def explain(error: Exception, url: str) -> str:
    """Say what hinders the script. No text of the network's own: it may repeat the SAS."""
    place = urlsplit(url)
    match error:
        case exceptions.HttpResponseError(status_code=401 | 403) if place.query:
            text = "Storage refuses the SAS: has it expired, and does it allow to read, create and write?"
        case exceptions.ClientAuthenticationError():
            text = "Signing in has failed: run az login, or use a URL with a SAS."
        case exceptions.HttpResponseError(status_code=403):
            text = "Storage refuses: you need the role Storage Blob Data Contributor on the container."
        case exceptions.HttpResponseError():
            text = f"Storage answers {error.status_code} {error.reason}. Is the URL of the container right?"
        case exceptions.AzureError():
            text = f"No connection to {place.hostname}."
        case OSError():
            text = f"{error.filename}: {error.strerror}."
        case _:
            text = f"{url.partition('?')[0]} is no URL of a container."
    return text


def say(text: str) -> None:
    """Write a line for a person, apart from what is printed for programs."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
