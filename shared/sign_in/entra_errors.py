"""Entra ID's error numbers (``AADSTS…``) that a wrong set-up of this app leads to, and what to do about each.

Source: "Microsoft Entra authentication and authorization error codes". Its numbers may change over time: they choose
words for people here. The app itself decides by one of them alone, see ``authority.PUBLIC_CLIENT``.
"""

_CREDENTIALS = "portal: App registrations > PARTNER_CENTER_APP_ID > Certificates & secrets"
_TRUST = f"The app registration does not trust the managed identity: add a federated credential ({_CREDENTIALS})"

_ISSUER = f"{_TRUST} whose issuer is <authority>/<PARTNER_CENTER_TENANT_ID>/v2.0, the cloud's authority first."
_AUDIENCE = f"{_TRUST} whose audience is that of PARTNER_CENTER_CLOUD, api://AzureADTokenExchange in the global cloud."
_SUBJECT = f"{_TRUST} whose subject is the object (principal) id of the identity PARTNER_CENTER_CLIENT_ID."
_TRUST_AT_ALL = f"{_TRUST} for the identity PARTNER_CENTER_CLIENT_ID; docs/signing-in.md has the command."
_CLOCK = "What the app proves itself with is too old or too new: the clocks disagree. It is tried again by itself."
_CERTIFICATE = (
    "The app registration does not know the certificate that PARTNER_CENTER_CERTIFICATE_SECRET names:"
    f" upload its public part ({_CREDENTIALS})."
)
_PROOF = (
    "The app registration accepts no sign-in without a proof: allow public client flows (portal: App registrations >"
    " PARTNER_CENTER_APP_ID > Authentication), or set PARTNER_CENTER_CERTIFICATE_SECRET."
)
_PUBLIC = (
    "The app registration is a public client, which may not prove itself: take its public client flows back (portal:"
    " App registrations > PARTNER_CENTER_APP_ID > Authentication)."
)
_PRINCIPAL = (
    "The app registration has no service principal in this tenant: run az ad sp create --id with PARTNER_CENTER_APP_ID."
)
_APP = (
    "There is no such app in this tenant, or it is disabled: correct PARTNER_CENTER_APP_ID, PARTNER_CENTER_TENANT_ID."
)
_TENANT = (
    "There is no such tenant in this cloud: correct PARTNER_CENTER_TENANT_ID; PARTNER_CENTER_CLOUD has to name the"
    " cloud that the tenant is in."
)
_RESOURCE = (
    "The app may not ask for tokens for Partner Center: PARTNER_CENTER_CLOUD has to name this partner's cloud, and"
    " the app needs the permission Microsoft Partner Center (portal: App registrations > PARTNER_CENTER_APP_ID > API"
    " permissions)."
)
_CONSENT = (
    "Nobody has consented to the app: grant admin consent (portal: App registrations > PARTNER_CENTER_APP_ID > API"
    " permissions)."
)
_MFA = "The user has to sign in with multi-factor authentication: run python -m shared consent again, with MFA."
_POLICY = (
    "A Conditional Access policy forbids it: look the sign-in up (Entra admin center > Sign-in logs) and exempt the"
    " user from that policy; some block the device code flow altogether."
)
_REFRESH_TOKEN = "The refresh token is expired, revoked or not this app's: run python -m shared consent again."  # noqa: S105 - words about one
_CODE = "The code was not entered in time, or the sign-in was declined: run python -m shared consent again."
_USER = "The user's account is disabled or locked: mend it (Entra admin center > Users), then run the consent again."
_UNKNOWN = "Entra ID refused the sign-in; docs/signing-in.md shows the whole set-up."

_ADVICE = {
    _ISSUER: "700211",
    _AUDIENCE: "700212",
    _SUBJECT: "700213",
    _TRUST_AT_ALL: "70021 700223 700229",
    _CLOCK: "700024 500133",
    _CERTIFICATE: "700027 700030 50012 7000222",
    _PROOF: "7000218",
    _PUBLIC: "700025",
    _PRINCIPAL: "7000229",
    _APP: "700016 700011 70001 7000112",
    _TENANT: "90002 900023 90038 900382 900432",
    _RESOURCE: "500011 50001 650057 70011 1002012",
    _CONSENT: "65001 65004 650056 90094",
    _MFA: "50072 50074 50076 50078 50079 50158",
    _POLICY: "53000 53001 53003 530032 530036 50131",
    _REFRESH_TOKEN: "70000 70008 700007 700082 700084 70043 50089 50132 50133 50173",
    _CODE: "70018 70019 70020",
    _USER: "50034 50053 50055 50057 50105",
}
_BY_NUMBER = {number: words for words, numbers in _ADVICE.items() for number in numbers.split()}


def explain(number: str | None) -> str:
    """Say what to do about an error number, in one or two sentences."""
    return _BY_NUMBER.get(number or "", _UNKNOWN)
