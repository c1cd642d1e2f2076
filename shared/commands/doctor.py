"""``python -m shared doctor``: checks settings, sign-in and rights, one line each; it writes nothing."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from azure.core.exceptions import AzureError

from shared.bootstrap import App
from shared.commands.storage import explain
from shared.commands.terminal import Terminal, counted
from shared.config.settings import CONNECTION, POLLING, SettingsError, read_settings
from shared.job.status_document import Fault
from shared.manifest.customer_and_batch import is_customer_id
from shared.partner_center.responses import AnswerError, readable
from shared.partner_center.token_protocol import SignInError

TRIGGER = "upload_manifest"
"""The blob trigger's name: a subscription that names another function loses every event silently."""

_BY_KEY = ("container", "wake-up queue")
_NOT_WRITTEN = "writing was not tried"
_NO_TOKEN = f"no token of the managed identity for it: correct that identity first, or {CONNECTION}__clientId"


class FailedError(Exception):
    """One check has failed; the text says what to do."""


class SkippedError(Exception):
    """One check could not be made; the text says what it needs."""


@dataclass(frozen=True)
class Check:
    """One check: ``look`` returns what it found, or raises ``FailedError`` or ``SkippedError``."""

    name: str
    look: Callable[[], str]


def run(environment: Mapping[str, str], customer: str | None, terminal: Terminal) -> int:
    """Check everything, offline first, and write a line for each; ``customer`` is one whose batches are listed.

    Returns:
        0 if no check has failed, else 1.
    """
    words = [_outcome(check, terminal) for check in _offline_checks(environment)]
    if "FAIL" in words:
        _say("skip", "the rest: it needs the settings to be right", terminal)
    else:
        words += [_outcome(check, terminal) for check in _online_checks(environment, customer)]
    failed, skipped = words.count("FAIL"), words.count("skip")
    end = f"{counted(failed, 'check')} failed" if failed else "Nothing failed"
    terminal.say(f"{end}, {counted(skipped, 'check')} skipped." if skipped else f"{end}.")
    return 1 if failed else 0


def _outcome(check: Check, terminal: Terminal) -> str:
    """Make a check, write what it found, and return its word."""
    try:
        word, found = "ok", check.look()
    except SkippedError as error:
        word, found = "skip", str(error)
    except FailedError as error:
        word, found = "FAIL", str(error)
    except Exception as error:  # noqa: BLE001 - whatever a library raises, the other checks are made all the same
        word, found = "FAIL", f"unexpected {type(error).__name__}"
    for line in found.splitlines():
        _say(word, f"{check.name}: {line}", terminal)
    return word


def _say(word: str, text: str, terminal: Terminal) -> None:
    terminal.table([(f"{word:4}", text)])


def _offline_checks(environment: Mapping[str, str]) -> Iterator[Check]:
    yield Check("settings", lambda: _settings(environment))
    yield Check("trigger", lambda: _trigger(environment))


def _online_checks(environment: Mapping[str, str], customer: str | None) -> Iterator[Check]:
    settings = read_settings(environment)
    app = App(settings)
    checks = (
        Check("container", lambda: _container(app)),
        Check("wake-up queue", lambda: _queue(app)),
        Check("token", lambda: _token(app)),
        Check("batches", lambda: _batches(app, customer)),
    )
    yield Check("managed identity", lambda: _identity_endpoint(environment))
    # Elsewhere a connection string alone opens anything; to look for an identity there takes long.
    has_identity, has_key = environment.get("IDENTITY_ENDPOINT"), settings.connection.connection_string
    for check in checks:
        is_possible = has_identity or (has_key and check.name in _BY_KEY)
        yield check if is_possible else Check(check.name, _skip_without_identity)


def _settings(environment: Mapping[str, str]) -> str:
    try:
        settings = read_settings(environment)
    except SettingsError as error:
        raise FailedError("\n".join(error.faults)) from None
    return f"complete; sign-in {settings.sign_in}, {settings.url}"


def _trigger(environment: Mapping[str, str]) -> str:
    if environment.get("MANIFEST_TRIGGER_SOURCE") == POLLING:
        return f"{TRIGGER} polls the container"
    return f"{TRIGGER} waits for events; the event subscription has to name Host.Functions.{TRIGGER}"


def _identity_endpoint(environment: Mapping[str, str]) -> str:
    if environment.get("IDENTITY_ENDPOINT"):
        return "an endpoint is there"
    # App Service and Functions set it for every app.
    if environment.get("WEBSITE_SITE_NAME"):
        raise FailedError("the app has none: turn it on (portal: Settings > Identity)")
    raise SkippedError("there is none on this machine: run this where the app runs")


def _skip_without_identity() -> str:
    raise SkippedError("it needs the managed identity, which is only where the app runs")


def _container(app: App) -> str:
    blob = _answer(lambda: next(iter(app.storage.listing()), None), "Storage Blob Data Owner", "MANIFEST_CONTAINER")
    return f"can be listed{'' if blob else '; it is empty'}; {_NOT_WRITTEN}"


def _queue(app: App) -> str:
    count = _answer(app.wake_ups.count, "Storage Queue Data Contributor", "WAKE_UP_QUEUE")
    return f"can be read; it holds about {counted(count, 'wake-up')}; {_NOT_WRITTEN}"


def _answer[T](ask: Callable[[], T], role: str, setting: str) -> T:
    try:
        return ask()
    except AzureError as error:
        raise FailedError(explain(error, role=role, setting=setting, no_token=_NO_TOKEN)) from None


def _token(app: App) -> str:
    claims = _claims(_signed_in(app))
    wanted = app.settings.cloud.audience
    audience = str(claims.get("aud", "unknown")).rstrip("/")
    if audience != wanted:
        raise FailedError(f"it is for {readable(audience)}, not for {wanted}: correct PARTNER_CENTER_CLOUD")
    rights = claims.get("roles") or str(claims.get("scp", "")).split()
    until = datetime.fromtimestamp(float(claims.get("exp", 0)), UTC)
    return f"for {audience}, roles {', '.join(map(str, rights)) or 'none'}, until {until:%H:%M} UTC"


def _signed_in(app: App) -> str:
    try:
        return app.tokens.token()
    except SignInError as error:
        raise FailedError(error.fault.description) from None


def _claims(token: str) -> Mapping[str, Any]:
    """Return a token's claims, unverified: they are only shown."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        raise FailedError("it cannot be read: it is no JSON Web Token") from None
    return claims if isinstance(claims, dict) else {}


def _batches(app: App, customer: str | None) -> str:
    if customer is None:
        raise SkippedError("name a customer with --customer ID to list its batches")
    if not is_customer_id(customer):
        raise FailedError("the customer id is no GUID")
    try:
        names = app.api.batches(customer)
    except SignInError:
        raise SkippedError("there is no token") from None
    except AnswerError as error:
        raise FailedError(_refusal(error.fault)) from None
    if not names:
        return "the customer has none yet"
    return f"{len(names)}: {', '.join(names[:10])}{' …' if len(names) > 10 else ''}"  # noqa: PLR2004 - a line's worth


def _refusal(fault: Fault) -> str:
    if fault.http_status is None:
        return f"{fault.description} Check PARTNER_CENTER_URL, PARTNER_CENTER_CLOUD and the network here."
    return f"{fault.description} (HTTP {fault.http_status})"
