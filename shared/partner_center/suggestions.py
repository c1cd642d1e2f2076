"""What a customer's existing batches are called, for somebody who has mistyped one."""

from collections.abc import Sequence

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
