"""What Partner Center's client asks of whoever signs in."""

from typing import Protocol

from shared.job.record import Fault

LONGEST_SIGN_IN = 45
"""Seconds after which a token comes too late for the call that asked for it. The sign-in keeps this bound."""


class SignInError(Exception):
    """No token can be had now; ``fault`` says why and what to correct."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class Tokens(Protocol):
    """Source of bearer tokens for Partner Center."""

    def token(self) -> str:
        """Return a valid token.

        Raises:
            SignInError: None can be had now.
        """
        ...

    def renew(self) -> None:
        """Drop the cached token, which was refused."""
        ...
