"""Puts the app together from its settings, once a process, at the first invocation."""

import logging
import os
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import ContainerClient, LinearRetry
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from shared import sign_in
from shared.config.settings import Settings, read_settings
from shared.http_session import DirectSession
from shared.partner_center.client import PartnerCenter
from shared.storage.blobs import Storage
from shared.storage.wake_up_queue import WakeUpQueue
from shared.workflow.advance import Workflow
from shared.workflow.ports import Limits, Services
from shared.workflow.sweep import Sweep

RANGE = 6 * 2**20
"""Bytes of a manifest that are read at once: up to some 1,400 devices in one request, with no copy to be cut up."""

type Identity = Callable[[Settings], TokenCredential]


def own_identity(settings: Settings) -> TokenCredential:
    """Give what the app shows to the storage: its managed identity."""
    return sign_in.managed_identity(settings.connection.client_id)


class App:
    """The workflow, and the storage below it for those who look at more than one manifest."""

    def __init__(self, settings: Settings, identity: Identity = own_identity) -> None:
        """Make one storage client, one credential and one HTTP session; ``identity`` is what the storage is shown."""
        _quieten()
        self.settings = settings
        self.storage = Storage(_container(settings, identity))
        self.wake_ups = WakeUpQueue(_queue(settings, identity))
        self.tokens = sign_in.SignIn(partial(sign_in.credential, settings), settings.cloud.audience)
        self.api = PartnerCenter(
            DirectSession(trust_env=False),
            settings.url,
            self.tokens,
            {"X-Locale": settings.locale, "MS-PartnerCenter-Application": settings.application},
            now,
            time.sleep,
        )
        limits = Limits(
            settings.devices_per_upload,
            settings.manifest_bytes,
            settings.allowed_customers,
            settings.create_missing_batch,
        )
        services = Services(
            self.storage, self.wake_ups, self.api, limits, settings.delays, clock=now, draw=random.SystemRandom().random
        )
        self.workflow = Workflow(services)
        self.sweep = Sweep(self.storage, self.wake_ups, now)


_lock = Lock()
_app: App | None = None


def app(environment: Mapping[str, str] = os.environ, identity: Identity = own_identity) -> App:
    """Give the process's app, built at first use.

    Raises:
        SettingsError: Settings are missing or malformed.
    """
    global _app  # noqa: PLW0603 - one a process, as the worker runs many invocations in one
    with _lock:
        if _app is None:
            _app = App(read_settings(environment), identity)
        return _app


def now() -> datetime:
    """Tell the time, UTC."""
    return datetime.now(UTC)


def _quieten() -> None:
    """Keep the SDKs from logging each request and answer: nobody reads it, and Application Insights charges for it."""
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)


def _storage_options() -> dict[str, Any]:
    """Bound the SDK's retries: by its defaults, a call to a dead endpoint would take minutes and outlast a lease."""
    retries = LinearRetry(backoff=1, retry_total=2, random_jitter_range=1)
    transport = RequestsTransport(
        session=DirectSession(trust_env=True),
        connection_timeout=5,
        read_timeout=20,
        connection_data_block_size=RANGE,  # in one piece; 4,096 at a time would take five times as long
    )
    return {"transport": transport, "retry_policy": retries}


def _container(settings: Settings, identity: Identity) -> ContainerClient:
    options = _storage_options() | {"max_single_get_size": RANGE, "max_chunk_get_size": RANGE}
    connection = settings.connection
    if connection.connection_string:
        return ContainerClient.from_connection_string(connection.connection_string, settings.container, **options)
    return ContainerClient(str(connection.blob_uri), settings.container, credential=identity(settings), **options)


def _queue(settings: Settings, identity: Identity) -> QueueClient:
    options = _storage_options() | {"message_encode_policy": TextBase64EncodePolicy()}
    connection = settings.connection
    if connection.connection_string:
        return QueueClient.from_connection_string(connection.connection_string, settings.wake_up_queue, **options)
    return QueueClient(str(connection.queue_uri), settings.wake_up_queue, credential=identity(settings), **options)
