"""When whose call to Partner Center may be made, so that a backlog drains at the rate that it allows.

Quotas may be a partner's or a customer's, and a 429 does not say whose is used up ("API throttling guidance"). So the
first one is taken for the customer's; once a second customer meets one while nobody else is served, for the
partner's; until another customer is served behind the closed door. One instance a process, for all its threads.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import NamedTuple

from shared.workflow.learnt_rate import MEASURED
from shared.workflow.outage import Outage
from shared.workflow.waiting_line import NEW, Call, Line, Waited

PASS_EVERY, TEST_EVERY = timedelta(seconds=20), timedelta(minutes=1)
"""How often a customer without recent calls may pass the partner's line, and any customer test the partner's door."""

MOST_PASSES = 4
"""Customers that may wait for their pass; others stand in line."""

LEAST_PROOF, MOST_PROOF = 2, 32
"""How many customers must be throttled in a row for the quota to be taken for the partner's; more after each error."""

TELLING = timedelta(seconds=1)
"""A door that opens sooner proves nothing: ``Retry-After`` is rounded up."""

MOST_CUSTOMERS = 1000
"""Customers of whom something is kept, though they are calm."""


class Throttle(NamedTuple):
    """What was learnt from a 429: when its job may call again, whose quota it is, and the rate believed now."""

    until: datetime
    scope: str
    per_minute: float


class Pacing:
    """What this process has learnt of Partner Center's quotas; a customer's id may be written in either case."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        waits: tuple[timedelta, timedelta],
        requests_per_minute: int | None = None,
    ) -> None:
        """Know nothing yet.

        Args:
            clock: Return the time, UTC.
            waits: How long a throttle without ``Retry-After`` is waited out, at first and at most.
            requests_per_minute: Never exceeded by this process, where it is set.
        """
        self._waits = waits
        self._clock = clock
        self._most = requests_per_minute / 60 if requests_per_minute else None
        self._lock = Lock()
        self._partner = Line(clock(), waits, self._most)
        self._partner_wide = False
        self._customers: dict[str, Line] = {}
        self._most_customers = MOST_CUSTOMERS
        self._refused: dict[str, datetime] = {}
        """Customers that were throttled while no other was served, and until when."""
        self._passes: dict[str, datetime] = {}
        self._next_pass = self._next_test = clock()
        self._proof = LEAST_PROOF
        self._tester: str | None = None
        self._outage = Outage(clock())

    def turn(self, api: Call, customer: str, waited: Waited = NEW) -> datetime | None:
        """Begin a call now (``None``), or return when it is its turn."""
        customer = customer.lower()
        with self._lock:
            now = self._clock()
            line = self._line(customer, now)
            if not line.admits(api, waited, now):
                return self._place(api, customer, now, waited)
            if self._held_up(api, waited, now) and not self._passes_by(api, customer, now):
                return self._reserve_pass(customer, now) or self._place(api, customer, now, waited)
            line.call(now)
            self._partner.call(now)
            return None

    def place(self, api: Call, customer: str, earliest: datetime, waited: Waited = NEW) -> datetime:
        """Return when a later call should be made: at ``earliest``, or behind the line that there is now."""
        customer = customer.lower()
        with self._lock:
            return self._place(api, customer, earliest, waited)

    def served(self, api: Call, customer: str) -> None:
        """Take note that a call was answered, by neither a 429 nor a temporary fault."""
        customer = customer.lower()
        with self._lock:
            now = self._clock()
            self._outage.end()
            if customer == self._tester:  # behind the partner's closed door: the quotas are the customers' own
                self._partner_wide, self._tester = False, None
                self._proof = min(2 * self._proof, MOST_PROOF)
            if self._refused.keys() - {customer}:
                self._refused.clear()
            self._partner.served(api, now)
            self._line(customer, now).served(api, now)

    def failed(self, manifest: str) -> None:
        """Take note of a call that met a temporary fault other than a 429."""
        with self._lock:
            self._outage.met(manifest, self._clock())

    def outage_wait(self) -> timedelta:
        """Return the least to wait for a retry: nothing where there is no outage."""
        with self._lock:
            return self._outage.wait(self._clock())

    def throttled(self, api: Call, customer: str, retry_after: timedelta | None) -> Throttle:
        """Take note of a 429, and close the door for all whom it seems to concern."""
        customer = customer.lower()
        with self._lock:
            now = self._clock()
            self._learn_scope(customer, now + (retry_after or MEASURED), now)
            concerned, other = self._line(customer, now), self._partner
            if self._partner_wide:
                concerned, other = other, concerned
            other.refused()
            until = concerned.throttled(api, retry_after, now)
            return Throttle(until, "partner" if self._partner_wide else "customer", 60 * (concerned.rate(now) or 0))

    @property
    def _has_passes(self) -> bool:
        """Return whether customers may pass the partner's line: not where its quota is known."""
        return self._partner_wide and self._most is None

    def _held_up(self, api: Call, waited: Waited, now: datetime) -> bool:
        return (self._partner_wide or self._most is not None) and not self._partner.admits(api, waited, now)

    def _place(self, api: Call, customer: str, earliest: datetime, waited: Waited) -> datetime:
        now = self._clock()
        at = self._line(customer, now).place(api, earliest, now, waited)
        is_held_up = self._partner_wide or self._most is not None
        return self._partner.place(api, at, now, waited) if is_held_up else at

    def _line(self, customer: str, now: datetime) -> Line:
        if customer not in self._customers:
            if len(self._customers) >= self._most_customers:
                self._customers = {name: line for name, line in self._customers.items() if not line.is_calm(now)}
                # Else each new customer of thousands would look at all of them.
                self._most_customers = max(MOST_CUSTOMERS, 2 * len(self._customers))
            self._customers[customer] = Line(now, self._waits)
        return self._customers[customer]

    def _learn_scope(self, customer: str, until: datetime, now: datetime) -> None:
        self._tester = None
        self._refused = {name: end for name, end in self._refused.items() if end > now} | {customer: until}
        if not self._partner_wide and len(self._refused) >= self._proof:
            self._partner_wide, self._next_test = True, now + MEASURED
            for name in self._refused:
                self._line(name, now).forget(now)

    def _passes_by(self, api: Call, customer: str, now: datetime) -> bool:
        """Let a call pass the partner's line: of a customer without others, or to test a closed door."""
        if not self._has_passes:
            return False
        closed = self._partner.is_closed(api, now + TELLING)
        if self._passes.get(customer, self._next_pass) <= now and self._line(customer, now).is_calm(now):
            self._passes.pop(customer, None)
            self._next_pass = max(self._next_pass, now + PASS_EVERY)
        elif self._next_test <= now and closed and customer not in self._refused:
            self._next_test = now + TEST_EVERY
        else:
            return False
        if closed:
            self._tester = customer
        return True

    def _reserve_pass(self, customer: str, now: datetime) -> datetime | None:
        """Return when a customer without other calls may pass the line, if few wait for that."""
        self._passes = {name: at for name, at in self._passes.items() if at > now - MEASURED}
        if not self._has_passes or len(self._passes) >= MOST_PASSES or not self._line(customer, now).is_calm(now):
            return None
        if customer not in self._passes:
            self._passes[customer] = max(self._next_pass, now)
            self._next_pass = self._passes[customer] + PASS_EVERY
        return self._passes[customer]
