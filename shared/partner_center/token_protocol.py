"""The tokens that Partner Center's client needs; ``sign_in`` provides them."""

from typing import Protocol

from shared.job.status_document import Fault


class SignInError(Exception):
    """There is no token; ``fault`` says why, and what to correct."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class Tokens(Protocol):
    """Source of bearer tokens for Partner Center."""

    def token(self) -> str:
        """Return a valid bearer token.

        Raises:
            SignInError: There is none.
        """
        ...

    def renew(self) -> None:
        """Drop the cached token, which was refused, so that the next call of ``token`` signs in again."""
        ...
