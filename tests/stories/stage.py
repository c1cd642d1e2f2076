"""The function app on real parts: worker runtime, storage, HTTP, credential. One account and one app for each story."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient, QueueServiceClient

from local.azurite import Account
from local.host import Host
from local.identity import IdentityEndpoint
from local.partner_center import Call, Operation, PartnerCenter, SignIn
from local.stage import APP, BATCH, CONTAINER, CUSTOMER
from local.triggers import Run
from local.web import Server
from shared import bootstrap
from shared.clouds import CLOUDS
from shared.job import Job, decode
from shared.names import results_of, status_of
from shared.partner_center import open_session
from shared.settings import Settings
from shared.storage import Storage, WakeUpQueue
from shared.wake_up import read_wake_up
from tests.fakes import Clock, FakeQueue
from tests.stories.witness import RememberingMint, Witness

NAME = f"{CUSTOMER}/{BATCH}/laptops.json"
AUDIENCE = CLOUDS["global"].audience
MOST_MOMENTS = 500
"""Moments of waiting in one story."""

SETTINGS = {
    "MANIFEST_CONTAINER": CONTAINER,
    "MANIFEST_TRIGGER_SOURCE": "EventGrid",
    "WAKE_UP_QUEUE": "manifest-wake-ups",
    "SWEEP_SCHEDULE": "0 0 0 29 2 *",  # not while a story goes on; those about the sweep have another
}


class Time:
    """Time that passes by itself: a story waits."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def queue(self, client: QueueClient) -> WakeUpQueue:
        return WakeUpQueue(client)

    def sleep(self, seconds: float) -> None:
        Event().wait(seconds)

    def go_on(self) -> bool:
        self.sleep(0.05)
        return True


class TimeTravel(FakeQueue):
    """Time that jumps to the next wake-up, each of which is put on the real queue when its moment has come."""

    def __init__(self) -> None:
        self.clock = Clock(datetime.now(UTC))
        super().__init__(self.clock)

    def now(self) -> datetime:
        return self.clock.now

    def queue(self, client: QueueClient) -> FakeQueue:
        self._real = WakeUpQueue(client)
        return self

    def sleep(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def go_on(self) -> bool:
        moment = self.next_moment()
        if moment is None:
            return False
        self.clock.now = max(self.clock.now, moment)
        for message in self.visible():
            self.messages.remove(message)
            self._real.send(read_wake_up(message.text), timedelta(0))
        return True


@dataclass
class Stage:
    """Everything that a story needs."""

    host: Host
    time: Time | TimeTravel
    container: ContainerClient
    queues: QueueServiceClient
    partner_center: PartnerCenter
    identity: IdentityEndpoint
    witness: Witness
    runs: list[Run] = field(default_factory=list)

    def drop(self, data: bytes, name: str = NAME) -> None:
        """Put a manifest down; its event follows."""
        self.witness.hide(data)
        self.container.upload_blob(name, data, overwrite=True)

    def settle(self, done: Callable[[], bool] = lambda: False) -> None:
        """Let the host work and time pass until nothing more is to happen, or it is done."""
        for _ in range(MOST_MOMENTS):
            self.runs += self.host.settle()
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
        """Put a message into a queue as the Functions host does."""
        with self.queues.get_queue_client(queue) as client:
            client.send_message(base64.b64encode(text.encode()).decode())

    def job(self, name: str = NAME) -> Job:
        return decode(self._read(status_of(name)))

    def document(self, name: str = NAME) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._read(status_of(name)))
        return document

    def results(self, name: str = NAME) -> str:
        return self._read(results_of(name)).decode("utf-8-sig")

    def names(self) -> set[str]:
        return {str(blob.name) for blob in self.container.list_blobs()}

    def calls(self, operation: Operation) -> list[Call]:
        return [call for call in self.partner_center.calls if call.operation is operation]

    def uploads(self) -> list[Call]:
        return self.calls(Operation.UPLOAD)

    def accepted(self, customer: str = CUSTOMER) -> dict[str, int]:
        """How many times each serial number was accepted."""
        return {str(device.serial_number): times for device, times in self.partner_center.registered(customer).items()}

    def _read(self, name: str) -> bytes:
        return self.container.download_blob(name).readall()


def _substitute(
    monkeypatch: pytest.MonkeyPatch, closing: ExitStack, time: Time | TimeTravel, witness: Witness
) -> None:
    """Give the app, which is put together at the first invocation, the story's time and witness; close it at the end."""

    def app(settings: Settings) -> bootstrap.App:
        built = build(settings)
        closing.callback(built.tokens.close)
        return built

    def storage(container: ContainerClient) -> Storage:
        return witness.watch(closing.enter_context(container))

    def queue(client: QueueClient) -> WakeUpQueue | FakeQueue:
        return time.queue(closing.enter_context(client))

    build = bootstrap.App
    monkeypatch.setattr("shared.bootstrap._app", None)
    monkeypatch.setattr("shared.bootstrap.App", app)
    monkeypatch.setattr("shared.bootstrap.Storage", storage)
    monkeypatch.setattr("shared.bootstrap.WakeUpQueue", queue)
    monkeypatch.setattr("shared.bootstrap.open_session", lambda: closing.enter_context(open_session()))
    monkeypatch.setattr("shared.bootstrap.now", time.now)
    monkeypatch.setattr("shared.bootstrap.time", time)


@contextmanager
def open_stage(
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    time: Time | TimeTravel,
    settings: Mapping[str, str],
    found: Mapping[str, bytes],
) -> Iterator[Stage]:
    """Start an app of its own; `found` are blobs that lie in the container before it starts for the first time."""
    witness, mint = Witness(), RememberingMint(lambda: datetime.now(UTC))
    identity = IdentityEndpoint(mint=mint)
    partner_center = PartnerCenter(
        customers={CUSTOMER: [BATCH]},
        sign_in=lambda token: SignIn.APP_ONLY if mint.claims(token, AUDIENCE) else None,
        clock=time.now,
    )
    with ExitStack() as parts:
        own = SETTINGS | {
            "ManifestStorage": account.connection_string,
            "PARTNER_CENTER_URL": parts.enter_context(Server(partner_center)).url,
            **identity.environment(parts.enter_context(Server(identity)).url),
        }
        for name, value in (own | dict(settings)).items():
            monkeypatch.setenv(name, value)
        _substitute(monkeypatch, parts.enter_context(ExitStack()), time, witness)
        container = parts.enter_context(ContainerClient.from_connection_string(account.connection_string, CONTAINER))
        queues = parts.enter_context(QueueServiceClient.from_connection_string(account.connection_string))
        if found:
            container.create_container()
        for name, data in found.items():
            container.upload_blob(name, data)
        host = parts.enter_context(Host(APP, clock=time.now))
        host.create_storage()
        stage = Stage(host, time, container, queues, partner_center, identity, witness)
        yield stage
        witness.secrets |= {*mint.tokens, own["IDENTITY_HEADER"], own["ManifestStorage"]}
