"""Builds the app from its settings, once a process, at the first invocation."""

import logging
import os
import random
import time
from datetime import UTC, datetime
from functools import partial
from threading import Lock

from azure.core.credentials import TokenCredential

from shared import sign_in
from shared.config.settings import EVENTS, Settings, read_settings
from shared.http_session import DirectSession
from shared.partner_center.client import PartnerCenter
from shared.storage.blobs import Storage
from shared.storage.clients import StorageCredential, board_client, container_client, queue_client
from shared.storage.notice_board import NoticeBoard
from shared.storage.wake_up_queue import WakeUpQueue
from shared.workflow.advance import Workflow
from shared.workflow.pacing import Pacing
from shared.workflow.ports import Services
from shared.workflow.sweep import Sweep


def own_identity(settings: Settings) -> TokenCredential:
    """Return the credential for the storage: the app's managed identity."""
    return sign_in.managed_identity(settings.connection.client_id)


class App:
    """The workflow and its parts, of which the sweep and the commands use some by themselves."""

    def __init__(self, settings: Settings, identity: StorageCredential = own_identity) -> None:
        """Make all parts; ``identity`` makes the credential for the storage. Nothing is called yet."""
        _quieten()
        self.settings = settings
        self.storage = Storage(container_client(settings, identity))
        self.wake_ups = WakeUpQueue(queue_client(settings, identity))
        self.tokens = sign_in.TokenSource(partial(sign_in.credential, settings), settings.cloud.audience)
        self.api = PartnerCenter(
            # Proxies and .netrc of the environment must not see or replace the token.
            DirectSession(trust_env=False),
            settings.url,
            self.tokens,
            {"X-Locale": settings.locale, "MS-PartnerCenter-Application": settings.application},
            now,
            time.sleep,
        )
        board = NoticeBoard(partial(board_client, settings, identity), settings.container)
        services = Services(
            self.storage,
            self.wake_ups,
            self.api,
            settings.limits,
            settings.delays,
            clock=now,
            draw=random.SystemRandom().random,
            pacing=Pacing(now, settings.delays.retries, board, settings.limits.requests_per_minute),
            by_events=settings.trigger_source == EVENTS,
        )
        self.workflow = Workflow(services)
        self.sweep = Sweep(self.storage, self.wake_ups, now)


_lock = Lock()
_app: App | None = None


def app(identity: StorageCredential = own_identity) -> App:
    """Return the process's app, built at the first call.

    Raises:
        SettingsError: Settings are missing or invalid; the next call tries again.
    """
    global _app  # noqa: PLW0603 - one a process, as the worker runs many invocations in one
    # Invocations run in threads: two at once must not build two apps, each with clients of its own.
    with _lock:
        if _app is None:
            _app = App(read_settings(os.environ), identity)
        return _app


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def _quieten() -> None:
    """Keep the SDKs from logging each request and response, which Application Insights would charge for."""
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)
