"""The source of tokens for all threads: one signs in at a time, the others wait for its result."""

import logging
import re
import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from shared import event_log
from shared.config.timeouts import LONGEST_SIGN_IN
from shared.partner_center.token_protocol import SignInError
from shared.sign_in import faults

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

    from shared.job.status_document import Fault

_SENDABLE = re.compile(r"[!-~][ -~]*")

RENEWAL_INTERVAL = 60
"""Seconds between renewals: threads that get 401 for the same token sign in again once, not once each."""


class Credential(Protocol):
    """One way to sign in; it caches its token until five minutes before that expires."""

    def get_token(self, *scopes: str) -> "AccessToken":
        """Return a valid token."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class TokenSource:
    """Tokens for one audience, from a credential that is made at the first call."""

    def __init__(
        self, make_credential: Callable[[], Credential], audience: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Use the credential that ``make_credential`` returns; ``clock`` counts seconds."""
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
            SignInError: The sign-in failed, or took longer: each of its requests has a time-out, but several slow ones
                together may exceed ``LONGEST_SIGN_IN``.
        """
        seen, began = self._attempts, self._clock()
        if not self._lock.acquire(timeout=LONGEST_SIGN_IN):
            raise SignInError(faults.TOO_SLOW)
        try:
            # Threads that waited for a failed attempt share its fault: one after the other, they would take minutes.
            if self._fault and self._attempts != seen:
                raise SignInError(self._fault)
            token = self._attempt()
        finally:
            self._lock.release()
        # The lease covers a sign-in of this length; after it, another process may already be uploading the same part.
        if self._clock() - began > LONGEST_SIGN_IN:
            raise SignInError(faults.TOO_SLOW)
        return token

    def renew(self) -> None:
        """Make the next call sign in again, as the token was refused; at most once in ``RENEWAL_INTERVAL`` seconds."""
        # Without the lock, which a sign-in may hold for long; two threads at once only set the same flag.
        if self._clock() >= self._renewable_at:
            self._renewable_at = self._clock() + RENEWAL_INTERVAL
            self._refused = True

    def close(self) -> None:
        """Close the credential's connections."""
        credential, self._credential = self._credential, None
        if credential is not None:
            credential.close()

    def _attempt(self) -> str:
        """Sign in, and keep a fault for the threads that wait."""
        try:
            token = self._sign_in()
            self._fault = None
        # Logged here, once for all threads that share it.
        except SignInError as error:
            self._fault = error.fault
            event_log.log("sign_in_failed", level=logging.ERROR, code=error.fault.code, reason=error.fault.description)
            raise
        finally:
            self._attempts += 1
        return token

    def _sign_in(self) -> str:
        try:
            # A new credential has no cache from which the refused token could return.
            if self._refused:
                self._refused = False
                self.close()
            if self._credential is None:
                self._credential = self._make_credential()
            return _sendable(self._credential.get_token(self._scope).token)
        except SignInError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library raises, the job waits and does not die of it
            raise SignInError(faults.unexpected(error)) from None


def _sendable(token: object) -> str:
    """Return a token that a header can carry; raise ``ValueError`` for anything else that an endpoint may answer."""
    # With another one a call would seem to have got no answer, and its devices to have been taken perhaps.
    if not isinstance(token, str) or not _SENDABLE.fullmatch(token):
        raise ValueError("not a token")
    return token
