"""The app's settings, read once from the environment and checked all together."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import override

import msgspec

from shared.config import values
from shared.config.clouds import CLOUDS, Cloud
from shared.manifest import MAX_DEVICES

CONNECTION = "ManifestStorage"
"""Prefix of the storage connection's settings, as the trigger's binding names it."""

EVENTS, POLLING = TRIGGER_SOURCES = ("EventGrid", "LogsAndContainerScan")
SIGN_INS = ("managed_identity", "federated_app", "app_user")
MANIFEST_BYTES = 256 * 2**20
"""Bytes that a manifest may have unless a setting says otherwise."""

SHORTEST_LEASE = timedelta(minutes=5)
"""A lease outlasts the longest call to Partner Center, with the pauses and tries in it."""

PROJECT = "autopilot-manifest-uploader"

_HEADER, _COUNT = "text of printable ASCII characters", "whole number above 0"
_CREDENTIALS = re.compile(r"//[^/]*@")


class SettingsError(Exception):
    """Some settings are missing or malformed; the text names all of them."""


class Connection(msgspec.Struct, frozen=True):
    """How to reach the data account: a connection string, or two service URIs and a managed identity."""

    connection_string: str | None
    blob_uri: str | None
    queue_uri: str | None
    client_id: str | None

    @override
    def __repr__(self) -> str:
        return f"Connection({self.blob_uri or '(connection string)'})"


class Delays(msgspec.Struct, frozen=True):
    """How long the app waits for what."""

    lease: timedelta
    first_poll: timedelta
    longest_poll: timedelta
    first_retry: timedelta
    longest_retry: timedelta
    give_up: timedelta


class Limits(msgspec.Struct, frozen=True):
    """What a manifest may be, and whose."""

    devices_per_upload: int
    manifest_bytes: int
    devices: int
    allowed_customers: frozenset[str]
    create_missing_batch: bool = False
    requests_per_minute: int | None = None
    """Most requests to Partner Center; None: as many as it serves."""


class Settings(msgspec.Struct, frozen=True):
    """Everything that the app is told from outside."""

    connection: Connection
    container: str
    wake_up_queue: str
    cloud: Cloud
    url: str
    authority: str
    sign_in: str
    client_id: str | None
    tenant_id: str | None
    app_id: str | None
    refresh_token_secret: str | None
    certificate_secret: str | None
    locale: str
    application: str
    limits: Limits
    delays: Delays
    trigger_source: str


class _Reader:
    """Reads one variable after another and remembers what is wrong with each."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self._environment.get(name, "").strip() or default

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    def required(self, name: str, why: str) -> str:
        value = self.text(name)
        if not value:
            self.faults.append(f"{name} is missing: {why}")
        return value

    def one_of(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            self.faults.append(f"{name} is {value!r}, which is none of {', '.join(choices)}")
            return default
        return value

    def parsed[T](self, name: str, default: str, read: Callable[[str], T], shape: str) -> T:
        value = self.text(name, default)
        try:
            return read(value)
        except ValueError:
            shown = _CREDENTIALS.sub("//…@", value)
            self.faults.append(f"{name} is {shown!r}, which is no {shape}")
            return read(default)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: One or more are missing or malformed; the message names every one.
    """
    reader = _Reader(environment)
    settings = _settings(reader)
    if reader.faults:
        raise SettingsError("App settings: " + "; ".join(reader.faults) + ".")
    return settings


def _settings(reader: _Reader) -> Settings:
    sign_in = reader.one_of("PARTNER_CENTER_AUTH", SIGN_INS, "managed_identity")
    cloud = CLOUDS[reader.one_of("PARTNER_CENTER_CLOUD", tuple(CLOUDS), "global")]
    url = reader.parsed("PARTNER_CENTER_URL", cloud.url, values.url, "https address (http is for loopback only)")
    host = reader.parsed("AZURE_AUTHORITY_HOST", cloud.authority, values.authority, "https address or host name")
    return Settings(
        connection=_connection(reader),
        container=_storage_name(reader, "MANIFEST_CONTAINER", "the container of the manifests"),
        wake_up_queue=_storage_name(reader, "WAKE_UP_QUEUE", "the storage queue of the follow-ups"),
        cloud=cloud,
        url=url,
        authority=host,
        sign_in=sign_in,
        client_id=_for_sign_in(reader, "PARTNER_CENTER_CLIENT_ID", sign_in, ("federated_app", "app_user")),
        tenant_id=_tenant(reader, sign_in),
        app_id=_for_sign_in(reader, "PARTNER_CENTER_APP_ID", sign_in, ("federated_app", "app_user")),
        refresh_token_secret=_secret(reader, "PARTNER_CENTER_REFRESH_TOKEN_SECRET", sign_in, ("app_user",)),
        certificate_secret=_secret(reader, "PARTNER_CENTER_CERTIFICATE_SECRET", sign_in, ()),
        locale=reader.parsed("PARTNER_CENTER_LOCALE", "en-US", values.header, _HEADER),
        application=reader.parsed("PARTNER_CENTER_APPLICATION", PROJECT, values.header, _HEADER),
        limits=_limits(reader, sign_in),
        delays=_delays(reader, url),
        trigger_source=reader.one_of("MANIFEST_TRIGGER_SOURCE", TRIGGER_SOURCES, "EventGrid"),
    )


def _connection(reader: _Reader) -> Connection:
    connection_string = reader.optional(CONNECTION)
    if connection_string:
        if not values.is_connection_string(connection_string):  # not repeated: it may hold a key
            reader.faults.append(f"{CONNECTION} is no connection string of a storage account")
        return Connection(connection_string, None, None, None)
    return Connection(
        None, _service(reader, "blob"), _service(reader, "queue"), reader.optional(f"{CONNECTION}__clientId")
    )


def _service(reader: _Reader, kind: str) -> str:
    name = f"{CONNECTION}__{kind}ServiceUri"
    uri = reader.required(name, f"neither it nor a connection string {CONNECTION} is set")
    if uri and not values.is_service(uri):  # not repeated: it may be a connection string, put here by mistake
        reader.faults.append(f"{name} is no https address such as https://my-account.{kind}.core.windows.net")
    return uri


def _storage_name(reader: _Reader, name: str, what: str) -> str:
    value = reader.required(name, what)
    if value and not values.is_storage_name(value):
        reader.faults.append(
            f"{name} is {value!r}, but a name has 3 to 63 lowercase letters, digits and single hyphens"
        )
    return value


def _for_sign_in(reader: _Reader, name: str, sign_in: str, needed_by: tuple[str, ...]) -> str | None:
    if sign_in in needed_by:
        return reader.required(name, f"PARTNER_CENTER_AUTH={sign_in} needs it")
    return reader.optional(name)


def _tenant(reader: _Reader, sign_in: str) -> str | None:
    value = _for_sign_in(reader, "PARTNER_CENTER_TENANT_ID", sign_in, ("federated_app", "app_user"))
    if value and not values.is_tenant(value):
        reader.faults.append(f"PARTNER_CENTER_TENANT_ID is {value!r}, which is neither a tenant's id nor its domain")
    return value


def _secret(reader: _Reader, name: str, sign_in: str, needed_by: tuple[str, ...]) -> str | None:
    value = _for_sign_in(reader, name, sign_in, needed_by)
    if value and not values.is_secret_url(value):  # the value is not repeated: it may be the secret itself, pasted here
        reader.faults.append(f"{name} is no secret's URL such as https://my-vault.vault.azure.net/secrets/my-secret")
    return value


def _limits(reader: _Reader, sign_in: str) -> Limits:
    return Limits(
        devices_per_upload=reader.parsed("MAX_DEVICES_PER_UPLOAD", "1000", values.positive, _COUNT),
        manifest_bytes=reader.parsed("MAX_MANIFEST_BYTES", str(MANIFEST_BYTES), values.positive, _COUNT),
        devices=reader.parsed("MAX_DEVICES", str(MAX_DEVICES), values.positive, _COUNT),
        allowed_customers=reader.parsed("ALLOWED_CUSTOMERS", "", values.customers, "list of customer ids (GUIDs)"),
        create_missing_batch=_create_missing_batch(reader, sign_in),
        requests_per_minute=reader.parsed("MAX_REQUESTS_PER_MINUTE", "", _positive_or_none, _COUNT),
    )


def _positive_or_none(text: str) -> int | None:
    return values.positive(text) if text else None


def _create_missing_batch(reader: _Reader, sign_in: str) -> bool:
    wanted = reader.one_of("CREATE_MISSING_BATCH", ("true", "false"), "false") == "true"
    if wanted and sign_in != "app_user":
        reader.faults.append("CREATE_MISSING_BATCH is true, but only PARTNER_CENTER_AUTH=app_user may create batches")
    return wanted


def _delays(reader: _Reader, url: str) -> Delays:
    def duration(name: str, default: str) -> timedelta:
        return reader.parsed(name, default, values.duration, "ISO 8601 duration such as PT30S or P2D")

    lease = duration("LEASE_DURATION", "PT5M")
    if lease < SHORTEST_LEASE and not values.is_loopback(url):
        reader.faults.append("LEASE_DURATION is less than PT5M, which a call may take: leave it out, or make it longer")
    return Delays(
        lease=lease,
        first_poll=duration("FIRST_POLL_AFTER", "PT30S"),
        longest_poll=duration("LONGEST_POLL_INTERVAL", "PT10M"),
        first_retry=duration("FIRST_RETRY_AFTER", "PT30S"),
        longest_retry=duration("LONGEST_RETRY_INTERVAL", "PT15M"),
        give_up=duration("GIVE_UP_AFTER", "P2D"),
    )
