"""``python -m shared doctor``: checks settings, sign-in and rights, one line each; it changes nothing."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError

from shared.bootstrap import App
from shared.config.settings import CONNECTION, POLLING, SettingsError, read_settings
from shared.job.record import Fault
from shared.manifest.target import is_customer_id
from shared.partner_center.responses import AnswerError, readable
from shared.partner_center.tokens import SignInError

TRIGGER = "upload_manifest"
"""The blob trigger's name: a subscription that names another function loses every event without a word."""

_NOT_WRITTEN = "writing was not tried"


class SickError(Exception):
    """One check has failed; the text says what to do."""


@dataclass(frozen=True)
class Check:
    """One check: what it looks at, and how; it gives what it found, or raises ``SickError``."""

    name: str
    look: Callable[[], str]


def run(environment: Mapping[str, str], customer: str | None, say: Callable[[str], None]) -> int:
    """Check everything, offline first, and say a line for each.

    Returns:
        0 if all is well, else 1.
    """
    well = [_tell(check, say) for check in _offline_checks(environment)]
    if all(well):
        well += [_tell(check, say) for check in _online_checks(environment, customer)]
    else:
        say("      The rest needs the settings to be right.")
    return 0 if all(well) else 1


def _tell(check: Check, say: Callable[[str], None]) -> bool:
    try:
        say(f"ok    {check.name}: {check.look()}")
    except SickError as error:
        say(f"FAIL  {check.name}: {error}")
    except Exception as error:  # noqa: BLE001 - whatever a library raises, the other checks are made all the same
        say(f"FAIL  {check.name}: it broke off with {type(error).__name__}, which nobody has thought of")
    else:
        return True
    return False


def _offline_checks(environment: Mapping[str, str]) -> Iterator[Check]:
    yield Check("settings", lambda: _settings(environment))
    yield Check("trigger", lambda: _trigger(environment))


def _online_checks(environment: Mapping[str, str], customer: str | None) -> Iterator[Check]:
    settings = read_settings(environment)
    app = App(settings)
    yield Check("managed identity", lambda: _identity_endpoint(environment))
    yield Check("container", lambda: _container(app))
    yield Check("wake-up queue", lambda: _queue(app))
    yield Check("token", lambda: _token(app))
    yield Check("batches", lambda: _batches(app, customer))


def _settings(environment: Mapping[str, str]) -> str:
    try:
        settings = read_settings(environment)
    except SettingsError as error:
        raise SickError(str(error)) from None
    return f"complete; sign-in {settings.sign_in}, {settings.url}"


def _trigger(environment: Mapping[str, str]) -> str:
    if environment.get("MANIFEST_TRIGGER_SOURCE") == POLLING:
        return f"{TRIGGER} polls the container"
    return f"{TRIGGER} waits for events; the event subscription has to name Host.Functions.{TRIGGER}"


def _identity_endpoint(environment: Mapping[str, str]) -> str:
    if environment.get("IDENTITY_ENDPOINT"):
        return "an endpoint is there"
    raise SickError(
        "there is no endpoint here: run this where the app runs, and turn its identity on (portal: Settings > Identity)"
    )


def _container(app: App) -> str:
    blob = _asked(lambda: next(iter(app.storage.listing()), None), "Storage Blob Data Owner", "MANIFEST_CONTAINER")
    return f"can be listed{'' if blob else '; it is empty'}; {_NOT_WRITTEN}"


def _queue(app: App) -> str:
    count = _asked(app.wake_ups.count, "Storage Queue Data Contributor", "WAKE_UP_QUEUE")
    return f"can be read; about {count} wake-ups are in it; {_NOT_WRITTEN}"


def _asked[T](ask: Callable[[], T], role: str, setting: str) -> T:
    try:
        return ask()
    except ResourceNotFoundError:
        raise SickError(f"it does not exist: create it, or correct {setting}") from None
    except HttpResponseError as error:
        raise SickError(_refusal(error, role)) from None
    except AzureError as error:
        advice = f"check the addresses in {CONNECTION}…, and the account's network rules"
        raise SickError(f"the storage cannot be reached ({type(error).__name__}): {advice}") from None


def _refusal(error: HttpResponseError, role: str) -> str:
    code = getattr(error, "error_code", None)
    if code is None and isinstance(error, ClientAuthenticationError):
        return f"no token of the managed identity for it: mend that identity first, or correct {CONNECTION}__clientId"
    if error.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return f"not allowed ({code}): give the identity the role {role}; with a connection string, correct its key"
    return f"the storage answered {code or error.status_code}: try again later, and check {CONNECTION}…"


def _token(app: App) -> str:
    claims = _claims(_signed_in(app))
    wanted = app.settings.cloud.audience
    audience = str(claims.get("aud", "unknown")).rstrip("/")
    if audience != wanted:
        raise SickError(f"it is for {readable(audience)}, not for {wanted}: correct PARTNER_CENTER_CLOUD")
    rights = claims.get("roles") or str(claims.get("scp", "")).split()
    until = datetime.fromtimestamp(float(claims.get("exp", 0)), UTC)
    return f"for {audience}, roles {', '.join(map(str, rights)) or 'none'}, until {until:%H:%M} UTC"


def _signed_in(app: App) -> str:
    try:
        return app.tokens.token()
    except SignInError as error:
        raise SickError(error.fault.description) from None


def _claims(token: str) -> Mapping[str, Any]:
    """Read a token's claims, unverified: they are only shown."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        raise SickError("it cannot be read: it is no JSON Web Token") from None
    return claims if isinstance(claims, dict) else {}


def _batches(app: App, customer: str | None) -> str:
    if customer is None:
        return "not asked; name a customer with --customer ID"
    if not is_customer_id(customer):
        raise SickError("the customer id is no GUID")
    try:
        names = app.api.batches(customer)
    except SignInError:
        raise SickError("not asked, as there is no token") from None
    except AnswerError as error:
        raise SickError(_answer(error.fault)) from None
    return f"{len(names)}: {', '.join(names[:10])}{' …' if len(names) > 10 else ''}"  # noqa: PLR2004 - a line's worth


def _answer(fault: Fault) -> str:
    if fault.http_status is None:
        return f"{fault.description} Check PARTNER_CENTER_URL, PARTNER_CENTER_CLOUD and the network here."
    return f"{fault.description} (HTTP {fault.http_status})"
