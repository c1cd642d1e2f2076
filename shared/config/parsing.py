"""Parses and checks the values of settings; whether what they name exists is not checked.

The functions that parse raise ValueError for an invalid value.
"""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import msgspec

from shared.manifest.customer_and_batch import is_customer_id

_WEEKS = re.compile(r"P(\d{1,3})W")
_LONGEST = timedelta(days=366)
# Paths are appended to it, which a query or fragment would swallow; credentials in it would be logged.
_ADDRESS = re.compile(r"https?://(\w[\w.-]*|\[[\da-f:.]+\])(:\d+)?(/[!$-;=_a-z~]*)?", re.ASCII | re.IGNORECASE)
_SECRET_URL = re.compile(r"https://[^/?#@\s]+/secrets/[0-9A-Za-z-]+(/[0-9A-Za-z]*)?")
_STORAGE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
_CRON = re.compile(r"[0-9A-Za-z*,/-]+(?:\s+[0-9A-Za-z*,/-]+){5}")
_TENANT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]*")
_ENDPOINTS = frozenset({"blobendpoint", "queueendpoint"})
_SECRETS = frozenset({"accountkey", "sharedaccesssignature"})


def duration(text: str) -> timedelta:
    """Return an ISO 8601 duration, above zero and a year at most.

    >>> duration("P1W").days, duration("PT30S").seconds
    (7, 30)
    """
    # msgspec reads all forms but weeks.
    weeks = _WEEKS.fullmatch(text)
    found = timedelta(weeks=int(weeks[1])) if weeks else msgspec.convert(text, timedelta)
    if not timedelta(0) < found <= _LONGEST:
        raise ValueError(text)
    return found


def positive(text: str, most: int = 10**15) -> int:
    """Return a whole number above 0; ``most`` is the highest."""
    number = int(text)
    if not 1 <= number <= most:
        raise ValueError(text)
    return number


def positive_or_none(text: str) -> int | None:
    """Return a whole number above 0, or ``None`` for an empty text."""
    return positive(text) if text else None


def customers(text: str) -> frozenset[str]:
    """Return the customer ids of a comma-separated list, in lower case; none for an empty text."""
    ids = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    # Commas alone are a list that lost its ids: it must not mean every customer.
    if not all(map(is_customer_id, ids)) or (text and not ids):
        raise ValueError(text)
    return ids


def header(text: str) -> str:
    """Return a text that an HTTP header can carry: printable ASCII."""
    # Any other would fail each call, or arrive as something else.
    if not text.isascii() or not text.isprintable():
        raise ValueError(text)
    return text


def url(text: str) -> str:
    """Return an https address, or an http one on loopback, without the slash at its end."""
    parts = urlsplit(text)
    schemes = ("https", "http") if is_loopback(text) else ("https",)
    if not _ADDRESS.fullmatch(text) or parts.port == 0 or parts.scheme not in schemes:
        raise ValueError(text)
    return text.rstrip("/")


def cron(text: str) -> str:
    """Return a cron expression of six fields, from seconds to days of the week."""
    if not _CRON.fullmatch(text):
        raise ValueError(text)
    return text


def is_loopback(address: str) -> bool:
    """Return whether an address is on this machine."""
    return urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")


def authority(text: str) -> str:
    """Return an authority as an https address; like azure-identity, take a bare host name as well."""
    address = url(text if "://" in text else f"https://{text}")
    if not is_service(address):
        raise ValueError(text)
    return address


def is_service(text: str) -> bool:
    """Return whether a text can be the address of an Azure service; https alone, as tokens are sent there."""
    try:
        return url(text).startswith("https://")
    except ValueError:
        return False


def is_connection_string(text: str) -> bool:
    """Return whether a text can be a storage account's connection string, for its blobs and its queues."""
    parts = [part.partition("=") for part in text.strip().rstrip(";").split(";")]
    values = {name.lower(): value for name, _, value in parts}
    has_account = "accountname" in values or values.keys() >= _ENDPOINTS
    is_complete = has_account and not _SECRETS.isdisjoint(values)
    return all(values.values()) and (is_complete or values.get("usedevelopmentstorage") == "true")


def is_tenant(text: str) -> bool:
    """Return whether a text can be a tenant's id or domain."""
    return _TENANT.fullmatch(text) is not None


def is_application_id(text: str) -> bool:
    """Return whether a text can be the client id of an app registration."""
    return is_customer_id(text)  # both are GUIDs


def is_storage_name(text: str) -> bool:
    """Return whether a text can be the name of a container or a queue."""
    return _STORAGE_NAME.fullmatch(text) is not None


def is_secret_url(text: str) -> bool:
    """Return whether a text can be the URL of a secret in Key Vault, with or without a version."""
    return _SECRET_URL.fullmatch(text) is not None
