"""The app's settings: their names, defaults and checks; numbers are in ``limits``, durations in ``delays``.

They are read together, so that all faults show at once.
"""

from collections.abc import Mapping, Sequence
from typing import override

import msgspec

from shared.config import parsing
from shared.config.clouds import CLOUDS, Cloud
from shared.config.delay_settings import Delays, read_delays
from shared.config.environment import Reader
from shared.config.limit_settings import Limits, read_limits

CONNECTION = "ManifestStorage"
"""Prefix of the settings of the data account; the triggers' bindings have the same name."""

BOARD_CONTAINER = "manifest-pacing"
"""Container of the blob in which the processes report to each other of Partner Center's quotas."""

EVENTS, POLLING = TRIGGER_SOURCES = ("EventGrid", "LogsAndContainerScan")
EVERY_15_MINUTES = "0 */15 * * * *"
SIGN_INS = ("managed_identity", "federated_app", "app_user")
PROJECT, VERSION = "autopilot-manifest-uploader", "0.1.0"

_HEADER = "text of printable ASCII characters"
_CREDENTIAL = "managedidentity"
_APP_WAYS = ("federated_app", "app_user")


class SettingsError(Exception):
    """Some settings are missing or invalid; the text names each of them, and each of the ``faults`` one."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"App settings: {'; '.join(faults)}.")
        self.faults = faults


class Settings(msgspec.Struct, frozen=True):
    """All settings of the app."""

    connection: "Connection"
    container: str
    wake_up_queue: str
    trigger_source: str
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


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: Some are missing or invalid; the text names each of them.
    """
    reader = Reader(environment)
    settings = _settings(reader)
    if reader.faults:
        raise SettingsError(reader.faults)
    return settings


def _settings(reader: Reader) -> Settings:
    way = reader.one_of("PARTNER_CENTER_AUTH", SIGN_INS, "managed_identity")
    cloud = CLOUDS[reader.one_of("PARTNER_CENTER_CLOUD", tuple(CLOUDS), "global")]
    # Only the host reads it, but where it is malformed nothing is swept, and only the host's own log says so.
    reader.parsed("SWEEP_SCHEDULE", EVERY_15_MINUTES, parsing.cron, f"six-field cron such as {EVERY_15_MINUTES}")
    url = reader.parsed("PARTNER_CENTER_URL", cloud.url, parsing.url, "https address (http is for loopback only)")
    return Settings(
        connection=_connection(reader),
        container=_storage_name(reader, "MANIFEST_CONTAINER", "it names the container of the manifests"),
        wake_up_queue=_storage_name(reader, "WAKE_UP_QUEUE", "it names the storage queue of the wake-ups"),
        trigger_source=reader.one_of("MANIFEST_TRIGGER_SOURCE", TRIGGER_SOURCES, "EventGrid"),
        cloud=cloud,
        url=url,
        authority=reader.parsed(
            "AZURE_AUTHORITY_HOST", cloud.authority, parsing.authority, "https address or host name"
        ),
        sign_in=way,
        client_id=_for_sign_in(reader, "PARTNER_CENTER_CLIENT_ID", way, _APP_WAYS),
        tenant_id=_tenant(reader, way),
        app_id=_app(reader, way),
        refresh_token_secret=_secret(reader, "PARTNER_CENTER_REFRESH_TOKEN_SECRET", way, ("app_user",)),
        certificate_secret=_secret(reader, "PARTNER_CENTER_CERTIFICATE_SECRET", way, ()),
        locale=reader.parsed("PARTNER_CENTER_LOCALE", "en-US", parsing.header, _HEADER),
        application=reader.parsed("PARTNER_CENTER_APPLICATION", PROJECT, parsing.header, _HEADER),
        limits=read_limits(reader, way),
        delays=read_delays(reader, url),
    )


def _storage_name(reader: Reader, name: str, what: str) -> str:
    value = reader.required(name, what)
    if value and not parsing.is_storage_name(value):
        reader.faults.append(
            f"{name} is {value!r}, but a name has 3 to 63 lowercase letters, digits and single hyphens"
        )
    if name == "MANIFEST_CONTAINER" and value == BOARD_CONTAINER:
        reader.faults.append(f"{name} is {value!r}, where the app keeps what it learns of Partner Center's quotas")
    return value


class Connection(msgspec.Struct, frozen=True):
    """The data account: by a connection string, or by two service URIs and a managed identity."""

    connection_string: str | None
    blob_uri: str | None
    queue_uri: str | None
    client_id: str | None

    # A repr gets into logs and tracebacks, and the connection string has a key.
    @override
    def __repr__(self) -> str:
        return f"Connection({self.blob_uri or '(connection string)'})"


def _connection(reader: Reader) -> Connection:
    connection_string = reader.optional(CONNECTION)
    if connection_string:
        # The value is not repeated, as it may hold a key.
        if not parsing.is_connection_string(connection_string):
            reader.faults.append(f"{CONNECTION} is no connection string of a storage account")
        return Connection(connection_string, None, None, None)
    # The host compares it without case. The value is not repeated, as it may be a key.
    if reader.text(f"{CONNECTION}__credential", _CREDENTIAL).lower() != _CREDENTIAL:
        reader.faults.append(f"{CONNECTION}__credential is not {_CREDENTIAL}")
    return Connection(
        None, _service(reader, "blob"), _service(reader, "queue"), reader.optional(f"{CONNECTION}__clientId")
    )


def _service(reader: Reader, kind: str) -> str:
    name = f"{CONNECTION}__{kind}ServiceUri"
    uri = reader.required(name, f"set it, or a connection string as {CONNECTION}")
    # The value is not repeated, as it may be a connection string, put here by mistake.
    if uri and not parsing.is_service(uri):
        reader.faults.append(f"{name} is no https address such as https://my-account.{kind}.core.windows.net")
    return uri


def _for_sign_in(reader: Reader, name: str, way: str, needed_by: tuple[str, ...]) -> str | None:
    if way in needed_by:
        return reader.required(name, f"PARTNER_CENTER_AUTH={way} needs it")
    return reader.optional(name)


def _tenant(reader: Reader, way: str) -> str | None:
    value = _for_sign_in(reader, "PARTNER_CENTER_TENANT_ID", way, _APP_WAYS)
    if value and not parsing.is_tenant(value):
        reader.faults.append(f"PARTNER_CENTER_TENANT_ID is {value!r}, which is neither a tenant's id nor its domain")
    return value


def _app(reader: Reader, way: str) -> str | None:
    value = _for_sign_in(reader, "PARTNER_CENTER_APP_ID", way, _APP_WAYS)
    if value and not parsing.is_application_id(value):
        reader.faults.append(f"PARTNER_CENTER_APP_ID is {value!r}, which is no application (client) id, a GUID")
    return value


def _secret(reader: Reader, name: str, way: str, needed_by: tuple[str, ...]) -> str | None:
    value = _for_sign_in(reader, name, way, needed_by)
    # The value is not repeated, as it may be the secret itself, pasted here.
    if value and not parsing.is_secret_url(value):
        reader.faults.append(f"{name} is no secret's URL such as https://my-vault.vault.azure.net/secrets/my-secret")
    return value
