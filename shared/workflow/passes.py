"""Customers without other calls may pass the partner's line now and then: a lone manifest is quick at any time."""

from datetime import datetime, timedelta

from shared.workflow.recent_calls import MEASURED

PASS_EVERY = timedelta(seconds=20)
"""How often one may pass."""

MOST_PASSES = 4
"""Customers that may wait for their pass; others stand in line."""


class Passes:
    """Who may pass, and when."""

    def __init__(self, now: datetime) -> None:
        """Let the first pass at once."""
        self._reserved: dict[str, datetime] = {}
        self._next = now

    def take(self, customer: str, now: datetime) -> bool:
        """Take a customer's pass, or a free one, if it is time for it."""
        if self._reserved.get(customer, self._next) > now:
            return False
        self._reserved.pop(customer, None)
        self._next = max(self._next, now + PASS_EVERY)
        return True

    def reserve(self, customer: str, now: datetime) -> datetime | None:
        """Return when a customer may pass, if few wait for that."""
        self._reserved = {name: at for name, at in self._reserved.items() if at > now - MEASURED}
        if len(self._reserved) >= MOST_PASSES:
            return None
        if customer not in self._reserved:
            self._reserved[customer] = max(self._next, now)
            self._next = self._reserved[customer] + PASS_EVERY
        return self._reserved[customer]
