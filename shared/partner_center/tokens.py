"""Where Partner Center's client gets its tokens from."""

from typing import Protocol

from shared.job.record import Fault


class SignInError(Exception):
    """There is no token now; ``fault`` says why, and what to correct."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class Tokens(Protocol):
    """Source of bearer tokens for Partner Center."""

    def token(self) -> str:
        """Return a valid token.

        Raises:
            SignInError: There is none now.
        """
        ...

    def renew(self) -> None:
        """Drop the cached token, which was refused."""
        ...
