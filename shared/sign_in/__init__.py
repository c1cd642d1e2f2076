"""Sign-in without secrets: tokens for Partner Center in each of the ways that it accepts."""

from shared.sign_in.managed_identity import managed_identity, operator
from shared.sign_in.token_source import Credential, SignIn
from shared.sign_in.ways import credential

__all__ = ["Credential", "SignIn", "credential", "managed_identity", "operator"]
