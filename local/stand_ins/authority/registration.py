"""An app registration: what proves that a request is its own, and what it may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from local.stand_ins.authority.refusals import RefusedError
from local.stand_ins.identity import TENANT, TokenMint

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Trust:
    """Hold a federated credential: tokens that `issuer` has made out for `audience` to the identity `subject`.

    The stand-in of the identity endpoint knows an identity by its client id alone; Entra ID asks for its object id.
    """

    subject: str
    audience: str = "api://AzureADTokenExchange"
    issuer: str = f"https://sts.windows.net/{TENANT}/"


@dataclass(frozen=True, kw_only=True)
class Registration:
    """Hold an app registration; `certificates` are PEM texts, `resources` what it may get tokens for."""

    app_id: str
    resources: frozenset[str]
    trusts: tuple[Trust, ...] = ()
    certificates: tuple[str, ...] = ()
    allows_public_flows: bool = False
    roles: tuple[str, ...] = field(default=("user_impersonation",))

    def check_proof(self, form: Mapping[str, str], endpoint: str, mint: TokenMint, now: datetime) -> bool:
        """Return whether a request proves that the app sent it; raises RefusedError for a wrong proof."""
        assertion = form.get("client_assertion")
        if assertion is None:
            return False
        if form.get("client_assertion_type") != JWT_BEARER:
            raise RefusedError("invalid_request", 900144, "client_assertion_type is missing or wrong.")
        try:
            claims = jwt.decode(assertion, options={"verify_signature": False})
        except jwt.PyJWTError as error:
            raise RefusedError("invalid_client", 50027, "The assertion is no JWT.") from error
        if not claims.get("nbf", 0) - 300 <= now.timestamp() < claims.get("exp", 0):
            raise RefusedError("invalid_client", 700024, "Client assertion is not within its valid time range.")
        if claims.get("iss") == self.app_id:
            self._check_signed(assertion, endpoint)
        else:
            self._check_federated(assertion, claims, mint)
        return True

    def _check_federated(self, assertion: str, claims: Mapping[str, Any], mint: TokenMint) -> None:
        """Look for a federated credential that fits issuer, audience and subject."""
        audience = str(claims.get("aud"))
        known = mint.claims(assertion, audience)
        fitting = [trust for trust in self.trusts if known and trust.issuer == claims.get("iss")]
        nobody = "No matching federated identity record found for presented assertion"
        if known is None or not fitting:
            raise RefusedError("invalid_client", 700211, f"{nobody} issuer '{claims.get('iss')}'.")
        fitting = [trust for trust in fitting if trust.subject == known.app_id]
        if not fitting:
            raise RefusedError("invalid_client", 700213, f"{nobody} subject '{known.app_id}'.")
        if audience not in {trust.audience for trust in fitting}:
            raise RefusedError("invalid_client", 700212, f"{nobody} audience '{audience}'.")

    def _check_signed(self, assertion: str, endpoint: str) -> None:
        """Look for a certificate that the assertion is signed with."""
        for pem in self.certificates:
            key = load_pem_x509_certificate(pem.encode()).public_key()
            assert isinstance(key, RSAPublicKey)  # noqa: S101 - whoever sets a stand-in up registers an RSA certificate
            try:
                # PS256 with x5t#S256 is what Entra ID recommends; the older RS256 is not what this app sends.
                jwt.decode(assertion, key, ["PS256"], audience=endpoint, issuer=self.app_id, subject=self.app_id)
            except jwt.PyJWTError:
                continue
            return
        raise RefusedError("invalid_client", 700027, "Client assertion failed signature validation.")
