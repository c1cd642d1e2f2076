"""The function app on real parts: worker runtime, storage, HTTP, credential. One account and one app for each story."""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient

from local.azurite import Account
from local.host.event_grid import EventGrid
from local.host.host import Host
from local.host.triggers import Run
from local.stage import APP
from shared import bootstrap
from shared.config.settings import Settings
from shared.http_session import DirectSession
from shared.job.status_document import Job
from shared.storage.blobs import Storage
from shared.storage.clients import StorageCredential
from shared.storage.wake_up_queue import WakeUpQueue
from tests.fakes import FakeQueue
from tests.stories.moments import Time, TimeTravel
from tests.stories.surroundings import NAME, Surroundings, surroundings
from tests.stories.witness import Witness

MOST_MOMENTS = 500
"""Moments of waiting in one story."""


@dataclass
class Stage(Surroundings):
    """Everything that a story needs."""

    host: Host
    time: Time | TimeTravel
    witness: Witness
    runs: list[Run] = field(default_factory=list)

    def drop(self, data: bytes, name: str = NAME) -> None:
        """Put a manifest down; its event follows."""
        self.witness.hide(data)
        self.container.upload_blob(name, data, overwrite=True)

    def finish(self, name: str = NAME) -> Job:
        """Let the host work and time pass until a job is final, and give it."""
        self.settle(lambda: self.job(name).final)
        return self.job(name)

    def settle(self, done: Callable[[], bool] = lambda: False) -> None:
        """Let the host work and time pass until it is done, or nothing more is to happen."""
        for _ in range(MOST_MOMENTS):
            self.work()
            if done() or not self.time.go_on():
                return
        raise AssertionError(f"not settled; the last runs were {self.runs[-5:]}")

    def work(self) -> list[Run]:
        """Let the host do what is due now."""
        ran = self.host.settle()
        self.runs += ran
        return ran

    def take_failures(self) -> list[Run]:
        """Give the runs that failed; a story that ends with any that nobody has taken is a failure itself."""
        failures = [run for run in self.runs if not run.ok]
        self.runs = [run for run in self.runs if run.ok]
        return failures

    def advance(self, by: timedelta) -> None:
        """Let time pass with nobody doing anything."""
        assert isinstance(self.time, TimeTravel)
        self.time.clock.advance(by)

    def lose_wake_ups(self) -> None:
        assert isinstance(self.time, TimeTravel)
        self.time.messages.clear()

    def tell(self, queue: str, text: str) -> None:
        """Put a message into a queue, which is created first, as the Functions host does."""
        with self.queues.create_queue(queue) as client:
            client.send_message(base64.b64encode(text.encode()).decode())


def _substitute(monkeypatch: pytest.MonkeyPatch, closing: ExitStack, time: Time | TimeTravel, witness: Witness) -> None:
    """Give the app, put together at its first invocation, the story's time and witness, and close it at the end."""

    def app(settings: Settings, identity: StorageCredential) -> bootstrap.App:
        built = build(settings, identity)
        closing.callback(built.tokens.close)
        return built

    def storage(container: ContainerClient) -> Storage:
        return witness.watch(closing.enter_context(container))

    def queue(client: QueueClient) -> WakeUpQueue | FakeQueue:
        return time.queue(closing.enter_context(client))

    def session(*, trust_env: bool) -> DirectSession:
        return closing.enter_context(DirectSession(trust_env=trust_env))

    build = bootstrap.App
    monkeypatch.setattr("shared.bootstrap._app", None)
    monkeypatch.setattr("shared.bootstrap.App", app)
    monkeypatch.setattr("shared.bootstrap.Storage", storage)
    monkeypatch.setattr("shared.bootstrap.WakeUpQueue", queue)
    monkeypatch.setattr("shared.bootstrap.DirectSession", session)
    monkeypatch.setattr("shared.bootstrap.now", time.now)
    monkeypatch.setattr("shared.bootstrap.time", time)


@contextmanager
def open_stage(
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    time: Time | TimeTravel,
    settings: Mapping[str, str],
    found: Mapping[str, bytes],
    events: EventGrid | None = None,
) -> Iterator[Stage]:
    """Start an app of its own.

    An empty value of `settings` takes a setting away; `found` are blobs that lie in the container before the app starts
    for the first time; `events` says which way brings what lands later, by itself the webhook.
    """
    witness = Witness()
    with surroundings(account, time.now) as around, ExitStack() as closing:
        for name, value in (around.settings | dict(settings)).items():
            monkeypatch.setenv(name, value)
            if not value:
                monkeypatch.delenv(name)
        _substitute(monkeypatch, closing, time, witness)
        if found:
            around.container.create_container()
        for name, data in found.items():
            around.container.upload_blob(name, data)
        with Host(APP, clock=time.now, events=events) as host:
            host.create_storage()
            yield Stage(**vars(around), host=host, time=time, witness=witness)
        witness.secrets |= around.secrets()
