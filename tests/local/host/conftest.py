from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from local.azurite import Account
from local.host.event_grid import EventGrid
from local.host.host import HIDDEN_WHILE_RUNNING, Host
from tests.local.host.sample import SAMPLE, Clock, Starter, Storage


@pytest.fixture
def storage(storage_account: Account) -> Iterator[Storage]:
    with Storage(storage_account.connection_string) as storage:
        yield storage


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, storage_account: Account) -> None:
    values = {
        "AzureWebJobsStorage": storage_account.connection_string,
        "Data": storage_account.connection_string,
        "EVENTS": "events",
        "SCANNED": "scanned",
        "WORK": "work",
        "TICKS": "0 */5 * * * *",
        "PYTHON_THREADPOOL_THREAD_COUNT": "20",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def start(settings: None, clock: Clock) -> Iterator[Starter]:  # noqa: ARG001 - the settings are in the environment
    with ExitStack() as running:

        def start(
            directory: Path = SAMPLE,
            *,
            hidden: timedelta = HIDDEN_WHILE_RUNNING,
            whole_instance: bool = False,
            events: EventGrid | None = None,
        ) -> Host:
            running.close()
            host = Host(directory, clock=clock, hidden=hidden, whole_instance=whole_instance, events=events)
            return running.enter_context(host)

        yield start


@pytest.fixture
def host(start: Starter) -> Host:
    host = start()
    host.create_storage()
    return host
