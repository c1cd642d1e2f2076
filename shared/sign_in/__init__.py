"""Sign-in without client secrets: tokens for Partner Center, in each of the three ways that it accepts."""

from shared.sign_in.managed_identity import managed_identity, operator
from shared.sign_in.token_source import Credential, TokenSource
from shared.sign_in.ways import credential

__all__ = ["Credential", "TokenSource", "credential", "managed_identity", "operator"]
