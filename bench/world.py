"""The world around all implementations: the stand-ins, and what app settings lead to them."""

import json
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import Process
from bench.recording import Life
from bench.stand_ins.center import Center
from bench.stand_ins.store import Store, connection_string
from bench.stand_ins.web import serve

ROOT = Path(__file__).parent.parent
CONTAINER = "manifests"
FIRST_POLL = 3
_MARGIN = 0.05
CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"


@dataclass(frozen=True)
class World:
    """The stand-ins, each in its process, and the settings of an app that shall meet them."""

    store: Process
    center: Process
    settings: Mapping[str, str]
    lives: dict[str, Life] = field(default_factory=dict)
    """What this app asks of the world, by the kind of manifest that it is asked for; empty until it is recorded."""

    def lesson(self) -> dict[str, str]:
        """Give the settings from which an app learns to make the same exchanges."""
        return {"BENCH_STEPS": json.dumps({kind: life.steps() for kind, life in self.lives.items()})}

    def take_asked(self) -> Counter[str]:
        """Tell how many exchanges of each kind there were since the last time, tokens left out."""
        asked: Counter[str] = self.store.ask("take_asked") + self.center.ask("take_asked")
        return asked

    def clear(self) -> None:
        """Forget what has been uploaded and written."""
        self.store.ask("clear")
        self.center.ask("clear")


@contextmanager
def world() -> Iterator[World]:
    """Start the stand-ins, and end them however the block is left."""
    with ExitStack() as parts:
        store = parts.enter_context(Process(serve, Store))
        center = parts.enter_context(Process(serve, Center))
        yield World(store, center, _settings(store.end(), center.end()))


def wait_until_due(accepted: float) -> None:
    """Wait for the first poll of everything accepted up to a moment: the app knows whole seconds only."""
    due = math.ceil(accepted + FIRST_POLL)
    time.sleep(max(due + _MARGIN - time.time(), 0))


def _settings(store: int, center: int) -> dict[str, str]:
    url = f"http://127.0.0.1:{center}"
    return {
        "ManifestStorage": connection_string(store),
        "MANIFEST_CONTAINER": CONTAINER,
        "MANIFEST_TRIGGER_SOURCE": "EventGrid",
        "WAKE_UP_QUEUE": "wake-ups",
        "SWEEP_SCHEDULE": "0 0 * * * *",
        "PARTNER_CENTER_URL": url,
        "IDENTITY_ENDPOINT": f"{url}/msi/token",
        "IDENTITY_HEADER": "stand-in",
        "FIRST_POLL_AFTER": f"PT{FIRST_POLL}S",
        "MAX_MANIFEST_BYTES": str(2**30),
        "PYTHON_THREADPOOL_THREAD_COUNT": "32",
        "BENCH_STORE_PORT": str(store),
        "BENCH_CENTER_PORT": str(center),
    }
