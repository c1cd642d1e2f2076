"""Reads a certificate and its private key as Key Vault stores them, for msal to sign with."""

from base64 import b64decode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import Certificate, load_pem_x509_certificate

from shared.partner_center.token_protocol import SignInError
from shared.sign_in import faults
from shared.sign_in.entra import Proof


def proof_of(secret: str) -> Proof:
    """Return msal's client credential for a certificate's secret, which is PEM, or PFX in base64.

    Raises:
        SignInError: It is neither, or its key is not an RSA key, as Entra ID requires.
    """
    # Key Vault returns whichever of the two formats the certificate was created with.
    try:
        key, certificate = _from_pem(secret) if "-----BEGIN" in secret else _from_pfx(secret)
    except ValueError:
        raise SignInError(faults.NO_CERTIFICATE) from None
    return {
        "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "public_certificate": certificate.public_bytes(Encoding.PEM).decode(),
    }


def _from_pem(text: str) -> tuple[RSAPrivateKey, Certificate]:
    return _rsa(load_pem_private_key(text.encode(), None), load_pem_x509_certificate(text.encode()))


def _from_pfx(text: str) -> tuple[RSAPrivateKey, Certificate]:
    key, certificate, _ = pkcs12.load_key_and_certificates(b64decode(text), None)
    return _rsa(key, certificate)


def _rsa(key: object, certificate: Certificate | None) -> tuple[RSAPrivateKey, Certificate]:
    if not isinstance(key, RSAPrivateKey) or certificate is None:
        raise ValueError(type(key).__name__)
    return key, certificate
