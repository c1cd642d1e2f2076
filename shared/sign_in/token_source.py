"""One token for all threads: asked for by one of them at a time, and waited for no longer than told here."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from shared import event_log
from shared.config.timeouts import LONGEST_SIGN_IN
from shared.partner_center.tokens import SignInError
from shared.sign_in import faults

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

RENEWAL_INTERVAL = 60
"""Seconds between renewals: threads that meet the same refused token renew it once, not once each."""

MARGIN = 300
"""Seconds before its end from which on a token is no longer given out."""

FRESH = 60
"""Seconds for which a token is handed out again before the credential is asked, which takes a change of threads."""


class Credential(Protocol):
    """What signs in; a token is cached in it until shortly before it expires."""

    def get_token(self, *scopes: str) -> "AccessToken":
        """Give a valid token."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class SignIn:
    """Gives tokens for one audience. A thread of its own does the asking, so that callers can stop waiting."""

    def __init__(
        self, make_credential: Callable[[], Credential], audience: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Make the credential at first use; ``clock`` counts seconds."""
        self._make_credential = make_credential
        self._scope = f"{audience}/.default"
        self._clock = clock
        self._credential: Credential | None = None
        self._desk = ThreadPoolExecutor(1, "sign-in")
        self._lock = Lock()
        self._asked: Future[str] | None = None
        self._fresh_until = clock()  # written by the desk's thread, and read of what that is done with
        self._renewable_at = clock()

    def token(self) -> str:
        """Give a valid token; whoever comes while one is being fetched shares that one, or the fault.

        Raises:
            SignInError: None is to be had now.
        """
        with self._lock:
            if self._asked is None or (self._asked.done() and self._clock() >= self._fresh_until):
                # In the context of whoever asks: the host drops log lines that belong to no invocation.
                self._asked = self._desk.submit(copy_context().run, self._ask)
            asked = self._asked
        try:
            return asked.result(LONGEST_SIGN_IN)
        except TimeoutError:
            raise SignInError(faults.TOO_SLOW) from None

    def renew(self) -> None:
        """Forget the cached token, which was not accepted."""
        with self._lock:
            if self._clock() >= self._renewable_at:
                self._renewable_at = self._clock() + RENEWAL_INTERVAL
                self._asked = None
                self._desk.submit(self._forget)

    def close(self) -> None:
        """End the thread and close the connections."""
        self._desk.shutdown()
        self._forget()

    def _ask(self) -> str:
        try:
            return self._fetch()
        except SignInError as error:  # logged here, once for all who wait
            event_log.log("sign_in_failed", level=logging.ERROR, code=error.fault.code, reason=error.fault.description)
            raise

    def _fetch(self) -> str:
        self._fresh_until = self._clock()
        try:
            if self._credential is None:
                self._credential = self._make_credential()
            token = self._credential.get_token(self._scope)
            self._fresh_until += min(FRESH, token.expires_on - time.time() - MARGIN)
        except SignInError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library raises, the job waits and does not die of it
            raise SignInError(faults.unexpected(error)) from None
        return token.token

    def _forget(self) -> None:
        credential, self._credential = self._credential, None
        if credential is not None:
            credential.close()
