"""Partner Center's errors about the caller's identity, rights and rate, and what to do about each."""

_AUDIENCE = (
    "The token is meant for another service: PARTNER_CENTER_CLOUD has to name the cloud of this partner account."
)
_REGISTRATION = (
    "Register the app in Partner Center (Account settings > App management); with PARTNER_CENTER_AUTH=managed_identity"
    " it may never accept the token, federated_app is the documented way."
)
_MFA = (
    "The user had not signed in with multi-factor authentication: require it of the account, then run"
    " python -m shared consent again."
)
_RELATIONSHIP = (
    "This partner serves no such customer: correct the customer id, or request the relationship (Partner Center >"
    " Customers)."
)
_RIGHTS = (
    "The app or its user lacks the right: check the app (Partner Center > Account settings > App management), the"
    " user's roles (User management), and the customer's granular delegated admin privileges."
)
_USER = (
    "Partner Center does not serve an app alone here: sign in as an app together with a user"
    " (PARTNER_CENTER_AUTH=app_user)."
)

_BY_CODE = {
    (401, "900420"): _AUDIENCE,
    (401, "10001"): _MFA,
    (403, "20002"): _RELATIONSHIP,
}
_BY_STATUS = {401: _REGISTRATION, 403: _RIGHTS, 429: "Partner Center limits the rate of requests."}

_APP_ALONE = "accessed by application credentials"
"""Part of a description that Partner Center sends with HTTP 500: "… can't be accessed by application credentials"."""


def advice(http_status: int, code: str | None, description: str | None = None) -> str | None:
    """Return what to do about an error of Partner Center; ``None`` if it is not about the caller.

    >>> advice(500, None, "The resource can't be accessed by application credentials.").endswith("app_user).")
    True
    """
    # This one comes as a server error, so the description decides before the status.
    if _APP_ALONE in (description or "").lower():
        return _USER
    return _BY_CODE.get((http_status, code or "")) or _BY_STATUS.get(http_status)
