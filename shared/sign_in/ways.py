"""The three ways to sign in; only the libraries of the one that ``PARTNER_CENTER_AUTH`` names are loaded."""

import logging

from shared.config.settings import Settings
from shared.sign_in.managed_identity import ManagedIdentity
from shared.sign_in.token_source import Credential


def credential(settings: Settings) -> Credential:
    """Return the credential of the way that the settings name."""
    # Its warnings repeat what others answered, unchecked; the fault of a sign-in says the same without secrets.
    logging.getLogger("azure.identity").setLevel(logging.ERROR)
    match settings.sign_in:
        case "federated_app":
            from shared.sign_in.federated_app import FederatedApp  # noqa: PLC0415 - see above

            return FederatedApp(settings)
        case "app_user":
            from shared.sign_in.app_user import AppUser  # noqa: PLC0415 - see above

            return AppUser(settings)
        case _:
            return ManagedIdentity(settings.client_id)
