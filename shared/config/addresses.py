"""What the address or the name of something looks like; nobody is asked whether it exists."""

import re
from urllib.parse import urlsplit

_SECRET_URL = re.compile(r"https://[^/?#@]+/secrets/[0-9A-Za-z-]+(/[0-9A-Za-z]*)?")
_STORAGE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
_TENANT = re.compile(r"[0-9A-Za-z.-]+")
_ACCOUNT = frozenset({"usedevelopmentstorage", "accountname", "blobendpoint"})


def url(text: str) -> str:
    """Take an https address, or an http one on loopback, without the slash at its end.

    Raises:
        ValueError: It is none.
    """
    parts = urlsplit(text)
    schemes = ("https", "http") if is_loopback(text) else ("https",)
    superfluous = "@" in parts.netloc or parts.query or parts.fragment  # paths are appended to the text
    if not parts.hostname or parts.port == 0 or parts.scheme not in schemes or superfluous:
        raise ValueError(text)
    return text.rstrip("/")


def is_loopback(address: str) -> bool:
    """Tell whether an address never leaves this machine."""
    return urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")


def authority(text: str) -> str:
    """Take an https address, or a bare host name, as azure-identity does.

    Raises:
        ValueError: It is neither.
    """
    address = url(text if "://" in text else f"https://{text}")
    if not is_service(address):
        raise ValueError(text)
    return address


def is_service(text: str) -> bool:
    """Tell whether a text can be the address of a service of Azure, to which secrets are sent over https alone."""
    try:
        return url(text).startswith("https://")
    except ValueError:
        return False


def is_connection_string(text: str) -> bool:
    """Tell whether a text can be a storage account's connection string."""
    parts = [part.partition("=") for part in text.strip().rstrip(";").split(";")]
    return all(value for _, _, value in parts) and not _ACCOUNT.isdisjoint(name.lower() for name, _, _ in parts)


def is_tenant(text: str) -> bool:
    """Tell whether a text can be a tenant's id or domain."""
    return _TENANT.fullmatch(text) is not None


def is_storage_name(text: str) -> bool:
    """Tell whether a container or a queue can be called so."""
    return _STORAGE_NAME.fullmatch(text) is not None


def is_secret_url(text: str) -> bool:
    """Tell whether a text can be the URL of a secret in Key Vault, with or without a version."""
    return _SECRET_URL.fullmatch(text) is not None
