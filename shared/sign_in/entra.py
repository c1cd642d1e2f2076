"""Entra ID's token endpoint for one app registration, through msal."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import msal  # type: ignore[import-untyped]  # the library carries no types
import requests
from msal.exceptions import MsalError  # type: ignore[import-untyped]  # the library carries no types

from shared.partner_center.token_protocol import SignInError
from shared.sign_in import faults

TIMEOUT = (5, 10)
"""Seconds to connect, and to wait for an answer; msal retries once where no connection is made."""

PUBLIC_CLIENT = "AADSTS700025"
"""The refresh token is a public client's, which must not prove itself (Entra ID error reference)."""

type Proof = Mapping[str, str | Callable[[], str]]
"""How the app proves itself, as msal's ``client_credential``: an assertion, or a key and its certificate."""


class SignInRefusedError(SignInError):
    """Entra ID refused the sign-in; another refresh token or proof may be accepted."""


@dataclass(frozen=True)
class Grant:
    """The tokens of a user's sign-in; ``expires_on`` in epoch seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_on: int


@dataclass(frozen=True)
class Authority:
    """Entra ID at ``url`` for the app registration ``app_id`` of a tenant."""

    url: str
    tenant_id: str
    app_id: str

    def redeem(self, refresh_token: str, scope: str, proof: Proof | None) -> Grant:
        """Exchange a refresh token for an access token and the next refresh token.

        Raises:
            SignInRefusedError: Entra ID refused this refresh token or this proof.
            SignInError: Entra ID did not answer, or the proof could not be made.
        """
        with self._client(proof) as client:
            return _grant(client.acquire_token_by_refresh_token(refresh_token, [scope]))

    def sign_in_by_code(self, scope: str, proof: Proof | None, show: Callable[[str], None]) -> Grant:
        """Sign a person in with a browser on any device; ``show`` is called with the page and the code to enter.

        Raises:
            SignInRefusedError: They did not, could not, or took too long.
            SignInError: Entra ID did not answer.
        """
        with self._client(proof) as client:
            # msal offers the device code flow to public clients only; its protocol layer does it with a proof as well.
            protocol = client.client
            flow = protocol.initiate_device_flow(scope=[scope, "offline_access", "openid", "profile"])
            if "message" not in flow:
                raise SignInRefusedError(faults.entra(flow))
            show(flow["message"])
            return _grant(protocol.obtain_token_by_device_flow(flow, data={"code": flow["device_code"]}))

    @contextmanager
    def _client(self, proof: Proof | None) -> Iterator[Any]:
        """Open a client for one sign-in; they are about an hour apart, so that connections are not worth keeping."""
        try:
            client = msal.ClientApplication(
                self.app_id,
                client_credential=proof,
                authority=f"{self.url}/{self.tenant_id}",
                # The authority is the admin's own setting, and may be one that Microsoft does not list.
                instance_discovery=False,
                timeout=TIMEOUT,
            )
            # A refresh token goes to this authority and nowhere else.
            client.http_client.http_client.max_redirects = 0
            with closing(client.http_client):
                yield client
        except (requests.RequestException, MsalError) as error:
            raise SignInError(faults.entra_unreachable(error)) from None
        # msal's error for a tenant that Entra ID does not know.
        except ValueError:
            raise SignInError(faults.UNKNOWN_TENANT) from None


def _grant(answer: Mapping[str, Any]) -> Grant:
    if "access_token" not in answer or "refresh_token" not in answer:
        raise SignInRefusedError(faults.entra(answer))
    expires_on = int(time.time()) + int(answer["expires_in"])
    return Grant(answer["access_token"], answer["refresh_token"], expires_on)
