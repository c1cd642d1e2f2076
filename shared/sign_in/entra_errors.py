"""Entra ID's error numbers (``AADSTS…``) that this app's set-up can meet, with advice for each.

Source: "Microsoft Entra authentication and authorization error codes". Its numbers may change over time, so they only
choose words for people. The app itself decides by one of them alone, ``entra.PUBLIC_CLIENT``.
"""

_CREDENTIALS = "portal: App registrations > PARTNER_CENTER_APP_ID > Certificates & secrets"
_TRUST = f"The app registration does not trust the managed identity: add a federated credential ({_CREDENTIALS})"
_AUTHENTICATION = "portal: App registrations > PARTNER_CENTER_APP_ID > Authentication"
_PERMISSIONS = "portal: App registrations > PARTNER_CENTER_APP_ID > API permissions"
_APP = (
    "There is no such app in this tenant, or it is disabled: correct PARTNER_CENTER_APP_ID, PARTNER_CENTER_TENANT_ID."
)
_MFA = "The user has to sign in with multi-factor authentication: run python -m shared consent again, with MFA."
_CONSENT = "run python -m shared consent again."
_REFRESH_TOKEN = f"The refresh token is expired, revoked or not this app's: {_CONSENT}"

_ADVICE = {
    # The federated credential, for federated_app and app_user.
    "70021": f"{_TRUST} for the identity PARTNER_CENTER_CLIENT_ID; docs/signing-in.md has the command.",
    "700211": f"{_TRUST} whose issuer is <authority>/<PARTNER_CENTER_TENANT_ID>/v2.0, the cloud's authority first.",
    "700212": f"{_TRUST} whose audience is that of PARTNER_CENTER_CLOUD, in the global cloud"
    " api://AzureADTokenExchange.",
    "700213": f"{_TRUST} whose subject is the object (principal) id of the identity PARTNER_CENTER_CLIENT_ID.",
    "700024": "The app's proof is expired or not valid yet: the clocks disagree. It is retried automatically.",
    # The app registration, its service principal and its permission.
    "700016": _APP,
    "7000112": _APP,
    "7000229": "The app registration has no service principal in this tenant: run az ad sp create --id with"
    " PARTNER_CENTER_APP_ID.",
    "90002": "There is no such tenant in this cloud: correct PARTNER_CENTER_TENANT_ID; PARTNER_CENTER_CLOUD has to"
    " name the cloud that the tenant is in.",
    "500011": "The app may not get tokens for Partner Center: PARTNER_CENTER_CLOUD has to name this partner's cloud,"
    f" and the app needs the permission Microsoft Partner Center ({_PERMISSIONS}).",
    "65001": f"Nobody has consented to the app: grant admin consent ({_PERMISSIONS}).",
    # How the app proves itself beside a user, for app_user.
    "700025": f"The app registration is a public client, which may not prove itself: turn its public client flows off"
    f" ({_AUTHENTICATION}).",
    "700027": "The app registration does not know the certificate that PARTNER_CENTER_CERTIFICATE_SECRET names: "
    f"upload its public part ({_CREDENTIALS}).",
    "7000218": f"The app registration accepts no sign-in without a proof: allow public client flows ({_AUTHENTICATION})"
    ", or set PARTNER_CENTER_CERTIFICATE_SECRET.",
    # The user's refresh token, for app_user.
    "50076": _MFA,
    "50078": _MFA,
    "50079": _MFA,
    "53003": "A Conditional Access policy forbids it: look the sign-in up (Entra admin center > Sign-in logs) and"
    " exempt the user from that policy; some policies block the device code flow altogether.",
    "50057": f"The user's account is disabled: enable it (Entra admin center > Users), then {_CONSENT}",
    "50173": _REFRESH_TOKEN,
    "70000": _REFRESH_TOKEN,
    "70043": _REFRESH_TOKEN,
    "700082": _REFRESH_TOKEN,
    # The one interactive sign-in.
    "70020": f"The code was not entered in time: {_CONSENT}",
}
"""Advice by number; for any other number the fault has Entra ID's own words alone."""


def explain(number: str | None) -> str:
    """Return what to do about an error number, in one or two sentences."""
    return _ADVICE.get(number or "", "Entra ID refused the sign-in; docs/signing-in.md shows the whole set-up.")
