"""The stand-ins that all implementations meet, and the app settings that lead to them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from bench.processes import Process
from bench.stand_ins.partner_center import PartnerCenter
from bench.stand_ins.storage import Storage, connection_string
from bench.stand_ins.web import run_site
from bench.work import MOST_THREADS

CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
FIRST_POLL = 1


class World(NamedTuple):
    """The stand-ins, each in its process, and the settings of an app that meets them."""

    storage: Process
    api: Process
    settings: Mapping[str, str]

    def clear(self) -> None:
        """Forget what has been uploaded and written, and answer at once."""
        self.storage.call("clear")
        self.api.call("clear")
        self.api.call("set_latency", 0)


@contextmanager
def start_world() -> Iterator[World]:
    """Start the stand-ins, and end them however the block is left."""
    with ExitStack() as parts:
        storage = parts.enter_context(Process(run_site, Storage))
        api = parts.enter_context(Process(run_site, PartnerCenter))
        yield World(storage, api, _settings(storage.answer(), api.answer()))


def wait_until_due(accepted: float) -> None:
    """Wait for the first poll of everything accepted up to a moment: the app knows whole seconds only."""
    time.sleep(max(accepted + FIRST_POLL + 1.05 - time.time(), 0))


def _settings(storage: int, api: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{api}"
    return {
        "ManifestStorage": connection_string(storage),
        "MANIFEST_CONTAINER": "manifests",
        "MANIFEST_TRIGGER_SOURCE": "EventGrid",
        "WAKE_UP_QUEUE": "wake-ups",
        "SWEEP_SCHEDULE": "0 0 * * * *",
        "PARTNER_CENTER_URL": url,
        "IDENTITY_ENDPOINT": f"{url}/msi/token",
        "IDENTITY_HEADER": "stand-in",
        "FIRST_POLL_AFTER": f"PT{FIRST_POLL}S",
        "MAX_MANIFEST_BYTES": str(2**30),
        "PYTHON_THREADPOOL_THREAD_COUNT": str(MOST_THREADS),
        "BENCH_STORAGE_PORT": str(storage),
        "BENCH_API_PORT": str(api),
    }
