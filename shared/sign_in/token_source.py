"""One source of tokens for all threads: one of them signs in at a time, the others wait for its result."""

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from shared import event_log
from shared.config.timeouts import LONGEST_SIGN_IN
from shared.partner_center.tokens import SignInError
from shared.sign_in import faults

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

    from shared.job.record import Fault

RENEWAL_INTERVAL = 60
"""Seconds between renewals: threads that meet the same refused token renew it once, not once each."""


class Credential(Protocol):
    """One way to sign in; it caches its token until five minutes before the token expires."""

    def get_token(self, *scopes: str) -> "AccessToken":
        """Return a valid token."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class TokenSource:
    """Tokens for one audience, from a credential that is made at first use."""

    def __init__(
        self, make_credential: Callable[[], Credential], audience: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the credential's factory and the audience; ``clock`` counts seconds."""
        self._make_credential = make_credential
        self._scope = f"{audience}/.default"
        self._clock = clock
        self._credential: Credential | None = None
        self._lock = Lock()
        self._attempts = 0
        self._fault: Fault | None = None
        self._refused = False
        self._renewable_at = clock()

    def token(self) -> str:
        """Return a valid token, at most ``LONGEST_SIGN_IN`` seconds after the call.

        Raises:
            SignInError: There is none now, or it came later than that: each exchange of a sign-in has its time-out, and
                one silent server is given up in time, but several slow ones together may take longer.
        """
        seen, began = self._attempts, self._clock()
        if not self._lock.acquire(timeout=LONGEST_SIGN_IN):
            raise SignInError(faults.TOO_SLOW)
        try:
            # Threads that waited for a failed attempt share its fault; one after the other would take minutes to fail.
            if self._fault and self._attempts != seen:
                raise SignInError(self._fault)
            token = self._attempt()
        finally:
            self._lock.release()
        # The job's lease covers a sign-in of this length: whoever uploads later may no longer be alone.
        if self._clock() - began > LONGEST_SIGN_IN:
            raise SignInError(faults.TOO_SLOW)
        return token

    def renew(self) -> None:
        """Have the next call sign in again, as the cached token was refused; at most once a ``RENEWAL_INTERVAL``."""
        # No lock, so that nobody waits here for a sign-in; two threads at once only set the same flag.
        if self._clock() >= self._renewable_at:
            self._renewable_at = self._clock() + RENEWAL_INTERVAL
            self._refused = True

    def close(self) -> None:
        """Close the credential's connections."""
        credential, self._credential = self._credential, None
        if credential is not None:
            credential.close()

    def _attempt(self) -> str:
        """Ask the credential, and keep what came of it for the threads that wait."""
        try:
            token = self._ask()
            self._fault = None
        except SignInError as error:  # logged here, once for all that wait
            self._fault = error.fault
            event_log.log("sign_in_failed", level=logging.ERROR, code=error.fault.code, reason=error.fault.description)
            raise
        finally:
            self._attempts += 1
        return token

    def _ask(self) -> str:
        try:
            if self._refused:
                self._refused = False
                self.close()
            if self._credential is None:
                self._credential = self._make_credential()
            return self._credential.get_token(self._scope).token
        except SignInError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library raises, the job waits and does not die of it
            raise SignInError(faults.unexpected(error)) from None
