"""The three ways to sign in; only the libraries of the chosen one are loaded, which shortens a cold start."""

import logging

from shared.config.settings import Settings
from shared.sign_in.managed_identity import ManagedIdentity
from shared.sign_in.token_source import Credential


def credential(settings: Settings) -> Credential:
    """Return the credential for ``PARTNER_CENTER_AUTH``."""
    # Its warnings repeat answers as they are; the fault of a sign-in says the same without what could be a token.
    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    match settings.sign_in:
        case "federated_app":
            from shared.sign_in.federated_app import FederatedApp  # noqa: PLC0415 - only this way needs its libraries

            return FederatedApp(settings)
        case "app_user":
            from shared.sign_in.app_user import AppUser  # noqa: PLC0415 - only this way needs its libraries

            return AppUser(settings)
        case _:
            return ManagedIdentity(settings.client_id)
