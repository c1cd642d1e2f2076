"""Puts the app together from its settings, once a process, at the first invocation."""

import logging
import os
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from threading import Lock

from azure.core.credentials import TokenCredential

from shared import sign_in
from shared.config.settings import EVENTS, Settings, read_settings
from shared.http_session import DirectSession
from shared.partner_center.client import PartnerCenter
from shared.storage.blobs import Storage
from shared.storage.clients import StorageCredential, container_client, queue_client
from shared.storage.wake_up_queue import WakeUpQueue
from shared.workflow.advance import Workflow
from shared.workflow.pacing import Pacing
from shared.workflow.ports import Services
from shared.workflow.sweep import Sweep


def own_identity(settings: Settings) -> TokenCredential:
    """Give what the app shows to the storage: its managed identity."""
    return sign_in.managed_identity(settings.connection.client_id)


class App:
    """The workflow, and the storage below it for those who look at more than one manifest."""

    def __init__(self, settings: Settings, identity: StorageCredential = own_identity) -> None:
        """Make one storage client, one credential and one HTTP session; ``identity`` is what the storage is shown."""
        _quieten()
        self.settings = settings
        self.storage = Storage(container_client(settings, identity))
        self.wake_ups = WakeUpQueue(queue_client(settings, identity))
        self.tokens = sign_in.TokenSource(partial(sign_in.credential, settings), settings.cloud.audience)
        self.api = PartnerCenter(
            DirectSession(trust_env=False),
            settings.url,
            self.tokens,
            {"X-Locale": settings.locale, "MS-PartnerCenter-Application": settings.application},
            now,
            time.sleep,
        )
        services = Services(
            self.storage,
            self.wake_ups,
            self.api,
            settings.limits,
            settings.delays,
            clock=now,
            draw=random.SystemRandom().random,
            pacing=Pacing(now, settings.limits.requests_per_minute),
            by_events=settings.trigger_source == EVENTS,
        )
        self.workflow = Workflow(services)
        self.sweep = Sweep(self.storage, self.wake_ups, now)


_lock = Lock()
_app: App | None = None


def app(environment: Mapping[str, str] = os.environ, identity: StorageCredential = own_identity) -> App:
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
