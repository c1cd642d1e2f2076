"""Everything that the function app needs around it, started on this machine: storage, stand-ins, host."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContainerClient
from msgspec import DecodeError

from local.azurite import Address, Azurite
from local.host.event_grid import Delivery, EventGrid
from local.host.host import Host
from local.sign_in import SignInServices, sign_in_services
from local.stand_ins.identity import IdentityEndpoint, TokenMint
from local.stand_ins.partner_center import PartnerCenter
from local.stand_ins.web import Server
from shared.job.blob_names import status_of
from shared.job.status_document import Job, decode

APP = Path(__file__).parent.parent
CONTAINER = "manifests"
CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
BATCH = "Test"
SECOND_BATCH = "Sales laptops"
"""The one that the sample of an envelope names."""

CLIENT_ID = "3e1f0a52-7c64-4b0d-9a53-6f2b1c8d7e90"
"""Client id of the user-assigned managed identity."""

QUICK = {
    "FIRST_POLL_AFTER": "PT1S",
    "LONGEST_POLL_INTERVAL": "PT2S",
    "FIRST_RETRY_AFTER": "PT2S",
    "LONGEST_RETRY_INTERVAL": "PT10S",
}
"""Delays for somebody who watches."""


@dataclass(frozen=True)
class Stage:
    """Hold what runs while the stage is up."""

    host: Host
    container: ContainerClient
    partner_center: PartnerCenter
    storage: Azurite

    def status(self, manifest: str) -> Job | None:
        """Read the status next to a manifest; None where it is missing, or no status of this app."""
        try:
            return decode(self.container.download_blob(status_of(manifest)).readall())
        except (ResourceNotFoundError, DecodeError):
            return None


@contextmanager
def stage(auth: str = "managed_identity", address: Address | None = None) -> Iterator[Stage]:
    """Start everything, and end all of it, however the block is left.

    Args:
        auth: The way to sign in, as ``PARTNER_CENTER_AUTH`` names it.
        address: Where the emulator is to be found; without one, at free ports with a new key.
    """
    with ExitStack() as parts:
        azurite = parts.enter_context(Azurite(address=address))
        identity = IdentityEndpoint(mint=TokenMint(_now), client_ids=[CLIENT_ID])
        signing_in = parts.enter_context(sign_in_services(auth, identity))
        partner_center = _partner_center(signing_in)
        identity_url = parts.enter_context(Server(identity)).url
        own = {
            "AzureWebJobsStorage": azurite.connection_string,
            "ManifestStorage": azurite.connection_string,
            "MANIFEST_CONTAINER": CONTAINER,
            "MANIFEST_TRIGGER_SOURCE": "EventGrid",
            "WAKE_UP_QUEUE": "manifest-wake-ups",
            "SWEEP_SCHEDULE": "0 */15 * * * *",
            "PARTNER_CENTER_URL": parts.enter_context(Server(partner_center)).url,
            **identity.environment(identity_url),
            **signing_in.environment,
            **QUICK,
        }
        parts.enter_context(environment(own))
        # As deployed, each event comes by two ways.
        events = EventGrid(queue=Delivery.AT_ONCE, queue_name=own["WAKE_UP_QUEUE"])
        host = parts.enter_context(Host(APP, events=events))
        host.create_storage()
        container = ContainerClient.from_connection_string(azurite.connection_string, CONTAINER)
        yield Stage(host, parts.enter_context(container), partner_center, azurite)


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, and restore what was there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _partner_center(signing_in: SignInServices) -> PartnerCenter:
    stand_in = PartnerCenter(customers={CUSTOMER: [BATCH, SECOND_BATCH]}, sign_in=signing_in.sign_in, clock=_now)
    stand_in.script.queued_for = timedelta(seconds=1)
    stand_in.script.processing_for = timedelta(seconds=1.5)
    return stand_in


def _now() -> datetime:
    return datetime.now(UTC)
