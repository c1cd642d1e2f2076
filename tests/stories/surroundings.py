"""What stands around the app: storage, Partner Center, the identity endpoint, and the settings that name them."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueServiceClient

from local.azurite import Account
from local.stage import BATCH, CONTAINER, CUSTOMER
from local.stand_ins.identity import IdentityEndpoint
from local.stand_ins.partner_center import Call, Operation, PartnerCenter, SignIn
from local.stand_ins.web import Server
from shared.config.clouds import CLOUDS
from shared.http_session import DirectSession
from shared.job.blob_names import results_of, status_of
from shared.job.status_document import Job, decode
from tests.stories.witness import RememberingMint

NAME = f"{CUSTOMER}/{BATCH}/laptops.json"
QUEUE = "manifest-wake-ups"
AUDIENCE = CLOUDS["global"].audience


@dataclass
class Surroundings:
    """Everything but the app, and what a person finds there."""

    container: ContainerClient
    queues: QueueServiceClient
    partner_center: PartnerCenter
    identity: IdentityEndpoint
    mint: RememberingMint
    settings: dict[str, str] = field(repr=False)

    def job(self, name: str = NAME) -> Job:
        return decode(self._read(status_of(name)))

    def document(self, name: str = NAME) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._read(status_of(name)))
        return document

    def results(self, name: str = NAME) -> str:
        return self._read(results_of(name)).decode("utf-8-sig")

    def names(self) -> set[str]:
        return {str(blob.name) for blob in self.container.list_blobs()}

    def messages(self, queue: str) -> int:
        """How many messages a queue has, hidden ones included; none where it does not exist."""
        try:
            with self.queues.get_queue_client(queue) as client:
                return client.get_queue_properties().approximate_message_count or 0
        except ResourceNotFoundError:
            return 0

    def calls(self, operation: Operation) -> list[Call]:
        return [call for call in self.partner_center.calls if call.operation is operation]

    def uploads(self) -> list[Call]:
        return self.calls(Operation.UPLOAD)

    def accepted(self, customer: str = CUSTOMER) -> dict[str, int]:
        """How many times each serial number was accepted."""
        return {str(device.serial_number): times for device, times in self.partner_center.registered(customer).items()}

    def secrets(self) -> set[str]:
        return {*self.mint.tokens, self.settings["IDENTITY_HEADER"], self.settings["ManifestStorage"]}

    def _read(self, name: str) -> bytes:
        return self.container.download_blob(name).readall()


@contextmanager
def surroundings(account: Account, clock: Callable[[], datetime]) -> Iterator[Surroundings]:
    """Start the stand-ins beside an account; Partner Center goes by `clock`."""
    mint = RememberingMint(lambda: datetime.now(UTC))
    identity = IdentityEndpoint(mint=mint)
    partner_center = PartnerCenter(
        customers={CUSTOMER: [BATCH]},
        sign_in=lambda token: SignIn.APP_ONLY if mint.claims(token, AUDIENCE) else None,
        clock=clock,
    )
    with ExitStack() as parts:
        settings = {
            "AzureWebJobsStorage": account.connection_string,
            "ManifestStorage": account.connection_string,
            "MANIFEST_CONTAINER": CONTAINER,
            "MANIFEST_TRIGGER_SOURCE": "EventGrid",
            "WAKE_UP_QUEUE": QUEUE,
            "SWEEP_SCHEDULE": "0 0 0 29 2 *",  # not while a story goes on; those about the sweep have another
            "PARTNER_CENTER_URL": parts.enter_context(Server(partner_center)).url,
            **identity.environment(parts.enter_context(Server(identity)).url),
        }
        container = parts.enter_context(_container(account))
        queues = parts.enter_context(QueueServiceClient.from_connection_string(account.connection_string))
        yield Surroundings(container, queues, partner_center, identity, mint, settings)


def _container(account: Account) -> ContainerClient:
    # The SDK's own session would fold /./ in a name, and so put down another blob.
    transport = RequestsTransport(session=DirectSession(trust_env=True))
    return ContainerClient.from_connection_string(account.connection_string, CONTAINER, transport=transport)
