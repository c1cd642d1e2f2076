"""What the storage's SDK is asked and answers, in the words of this app."""

from typing import Any

from azure.core import MatchConditions


def condition_over(version: str | None) -> dict[str, Any]:
    """Return the condition of a write over a version; over ``None``, there must be no blob yet."""
    if version is None:
        return {"match_condition": MatchConditions.IfMissing}
    return {"etag": version, "match_condition": MatchConditions.IfNotModified}


def reason_of(error: Exception) -> str:
    """Return the service's own code, or the kind of error where it has sent none."""
    code = getattr(error, "error_code", None) or type(error).__name__
    return str(getattr(code, "value", code))
