"""The Secure Application Model: a user signs in once, and a refresh token in Key Vault represents them from then on.

Source: "Enabling the Secure Application Model framework", Partner Center developer documentation.
"""

import time
from contextlib import suppress

from azure.core.credentials import AccessToken

from shared.config.settings import Settings
from shared.partner_center.token_protocol import SignInError
from shared.sign_in.certificate import proof_of
from shared.sign_in.entra import PUBLIC_CLIENT, Authority, Grant, Proof, SignInRefusedError
from shared.sign_in.managed_identity import ManagedIdentity
from shared.sign_in.vault import Secret

MARGIN = 300
"""A token is replaced this many seconds before it expires, as in Microsoft's libraries."""


class AppUser:
    """Signs in as the app registration together with the user (App+User)."""

    def __init__(self, settings: Settings) -> None:
        """Take identity, tenant, app and the secrets' URLs from the settings; nothing is called yet."""
        self._identity = ManagedIdentity(settings.client_id)
        self._refresh_token = Secret(
            "PARTNER_CENTER_REFRESH_TOKEN_SECRET", str(settings.refresh_token_secret), self._identity
        )
        self._certificate = (
            Secret("PARTNER_CENTER_CERTIFICATE_SECRET", settings.certificate_secret, self._identity)
            if settings.certificate_secret
            else None
        )
        self._authority = Authority(settings.authority, str(settings.tenant_id), str(settings.app_id))
        self._exchange_audience = settings.cloud.exchange_audience
        self._grant: Grant | None = None
        self._unsaved: str | None = None

    def get_token(self, *scopes: str) -> AccessToken:
        """Return a valid token, once the refresh token that came with it has been stored.

        Raises:
            SignInError: Key Vault, the managed identity or Entra ID refused, or did not answer.
        """
        if self._grant is None or self._grant.expires_on - time.time() < MARGIN:
            self._grant = self._redeem(scopes[0])
            self._unsaved = self._grant.refresh_token
        # Stored before the token is used: a vault that cannot be written must show now, not when the old one expires.
        if self._unsaved:
            self._refresh_token.write(self._unsaved)
            self._unsaved = None
        return AccessToken(self._grant.access_token, self._grant.expires_on)

    def close(self) -> None:
        """Try once more to store a refresh token that is not stored yet, then close the connections."""
        if self._unsaved:
            with suppress(SignInError):
                self._refresh_token.write(self._unsaved)
        for part in (self._refresh_token, self._certificate, self._identity):
            if part is not None:
                part.close()

    def _redeem(self, scope: str) -> Grant:
        """Redeem the stored refresh token."""
        stored = self._unsaved or self._refresh_token.read()
        try:
            return self._exchange(stored, scope)
        except SignInRefusedError:
            # Another instance may have redeemed and replaced it since it was read.
            latest = self._refresh_token.read()
            if latest == stored:
                raise
            return self._exchange(latest, scope)

    def _exchange(self, refresh_token: str, scope: str) -> Grant:
        try:
            return self._authority.redeem(refresh_token, scope, self._proof())
        except SignInRefusedError as error:
            if error.fault.code != PUBLIC_CLIENT:
                raise
        # The user signed in to a public client, without a proof of the app: Entra ID then accepts none at redemption.
        return self._authority.redeem(refresh_token, scope, None)

    def _proof(self) -> Proof:
        if self._certificate:
            return proof_of(self._certificate.read())
        return {"client_assertion": self._identity.assertion(self._exchange_audience)}
