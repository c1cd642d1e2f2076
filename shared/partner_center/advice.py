"""What to mend when Partner Center refuses a call for who makes it, not for what it holds."""

from collections.abc import Sequence

_AUDIENCE = (
    "The token was made out for somebody else: PARTNER_CENTER_CLOUD has to name the cloud of this partner account."
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

_BY_CODE = {
    (401, "900420"): _AUDIENCE,
    (401, "10001"): _MFA,
    (403, "20002"): _RELATIONSHIP,
}
_BY_STATUS = {401: _REGISTRATION, 403: _RIGHTS}


def advice(http_status: int, code: str | None) -> str | None:
    """Say what to do about an answer; ``None`` where the answer is not about who asks."""
    return _BY_CODE.get((http_status, code or "")) or _BY_STATUS.get(http_status)


NEAREST = 5
"""How many names are told."""


def nearest_batches(batch: str, existing: Sequence[str]) -> str:
    """Say which existing batches have names near to one that does not exist."""
    if batch in existing:
        return "The batch itself exists."
    if not existing:
        return "The customer has no device batches yet."
    from difflib import get_close_matches  # noqa: PLC0415 - only a mistyped batch needs it

    lowered = {name.lower(): name for name in existing}
    near = [lowered[name] for name in get_close_matches(batch.lower(), lowered, NEAREST, cutoff=0.5)]
    told = near or sorted(existing)[:NEAREST]
    return f"{'Near' if near else 'Existing'} batch ids: {', '.join(told)}."
