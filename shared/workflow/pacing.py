"""When whose call to Partner Center may be made, so that a backlog drains at the rate that it allows.

Quotas may be a partner's or a customer's, and a 429 does not say whose is used up ("API throttling guidance"). So the
first one is taken for the customer's; once a second customer meets one while nobody else is served, for the
partner's; until another customer is served behind the closed door. One instance a process, for all its threads; while
the rate is limited, the processes report to each other what they learn.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import NamedTuple
from uuid import uuid4

from shared.workflow.exchange import Board, Exchange
from shared.workflow.notices import Calls, Notices, ProcessReport, Scope, latest
from shared.workflow.outage import Outage
from shared.workflow.passes import Passes
from shared.workflow.recent_calls import MEASURED
from shared.workflow.waiting_line import NEW, Call, Line, Waited

TEST_EVERY = timedelta(minutes=1)
"""How often a customer may test the partner's closed door."""

LEAST_PROOF, MOST_PROOF = 8, 32
"""How many customers must be throttled in a row for the quota to be taken for the partner's; more after each error."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything was learnt."""

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
        board: Board,
        requests_per_minute: int | None = None,
    ) -> None:
        """Know nothing yet.

        Args:
            clock: Return the time, UTC.
            waits: How long a throttle without ``Retry-After`` is waited out, at first and at most.
            board: Where the processes report to each other what they learn.
            requests_per_minute: Never exceeded by this process, where it is set.
        """
        self._name = uuid4().hex
        self._exchange = Exchange(board, clock)
        self._waits = waits
        self._clock = clock
        self._most = requests_per_minute / 60 if requests_per_minute else None
        self._lock = Lock()
        self._partner = Line(clock(), waits, self._most)
        self._scope = Scope(LONG_AGO, is_partners=False, proof=LEAST_PROOF)
        self._customers: dict[str, Line] = {}
        self._most_customers = MOST_CUSTOMERS
        self._refused: dict[str, datetime] = {}
        """Customers that were throttled while no other was served, and until when."""
        self._served_at = LONG_AGO
        self._passes = Passes(clock())
        self._next_test = clock()
        self._tester: str | None = None
        self._outage = Outage(clock())

    def turn(self, api: Call, customer: str, waited: Waited = NEW) -> datetime | None:
        """Begin a call now (``None``), or return when it is its turn."""
        customer = customer.lower()
        self._exchange_notices(urgent=False)
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
                self._take_for_customers(now)
                self._tester = None
            if self._refused.keys() - {customer}:
                self._refused.clear()
            self._served_at = now
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
        # Others may have met it just before; and they shall know of it at once.
        self._exchange_notices(urgent=True)
        throttle = self._throttled(api, customer.lower(), retry_after)
        self._exchange_notices(urgent=True)
        return throttle

    def _throttled(self, api: Call, customer: str, retry_after: timedelta | None) -> Throttle:
        with self._lock:
            now = self._clock()
            self._learn_scope(api, customer, now + (retry_after or MEASURED), now)
            concerned, other = self._line(customer, now), self._partner
            if self._scope.is_partners:
                concerned, other = other, concerned
            other.refused()
            until = concerned.throttled(api, retry_after, now)
            scope = "partner" if self._scope.is_partners else "customer"
            return Throttle(until, scope, 60 * (concerned.rate(now) or 0))

    def _exchange_notices(self, *, urgent: bool) -> None:
        """Read what the other processes report, and report to them, where something is known; outside the lock."""
        with self._lock:
            now = self._clock()
            if not self._exchange.begin(now, urgent=urgent):
                return
            if not urgent and not any(line.belief(now) for line in self._lines.values()):
                return
        written = self._exchange.run(lambda notices: self._answer(notices, now))
        with self._lock:
            for whose, notice in written.quotas.items() if written else ():
                self._line(whose, now).reported(notice)

    def _answer(self, notices: Notices, now: datetime) -> Notices:
        """Learn from what others report, and return what there is to report then."""
        others = notices.read_by(self._name, now)
        with self._lock:
            self._learn_scope_of_others(others.scope, now)
            self._refused |= others.refused_since(self._served_at, now)
            quotas = others.quotas_of(partner=self._scope.is_partners)
            for whose, notice in quotas.items():
                self._line(whose, now).learn(notice, now)
            calls = dict[str, Calls]()
            for whose, line in self._lines.items():
                if belief := line.belief(now):
                    calls[whose] = line.update_calls(others, whose, now)
                    quotas[whose] = line.notice(belief, quotas.get(whose), now)
            kept = latest(quotas)
            made = {whose: calls[whose] for whose in kept if calls.get(whose)}
            return Notices(self._scope, kept, {**others.reports, self._name: ProcessReport(now, self._served_at, made)})

    def _learn_scope_of_others(self, scope: Scope | None, now: datetime) -> None:
        if scope is None or scope.changed <= self._scope.changed:
            return
        if scope.is_partners and not self._scope.is_partners:
            self._take_for_partners(now)
        self._scope = scope

    @property
    def _lines(self) -> dict[str, Line]:
        """Return the lines before what is taken for the quota, or the quotas."""
        return {"": self._partner} if self._scope.is_partners else self._customers

    @property
    def _has_passes(self) -> bool:
        """Return whether customers may pass the partner's line: not where its quota is known."""
        return self._scope.is_partners and self._most is None

    def _held_up(self, api: Call, waited: Waited, now: datetime) -> bool:
        return (self._scope.is_partners or self._most is not None) and not self._partner.admits(api, waited, now)

    def _place(self, api: Call, customer: str, earliest: datetime, waited: Waited) -> datetime:
        now = self._clock()
        at = self._line(customer, now).place(api, earliest, now, waited)
        is_held_up = self._scope.is_partners or self._most is not None
        return self._partner.place(api, at, now, waited) if is_held_up else at

    def _line(self, customer: str, now: datetime) -> Line:
        if not customer:
            return self._partner
        if customer not in self._customers:
            if len(self._customers) >= self._most_customers:
                self._customers = {name: line for name, line in self._customers.items() if not line.is_calm(now)}
                # Else each new customer of thousands would look at all of them.
                self._most_customers = max(MOST_CUSTOMERS, 2 * len(self._customers))
            self._customers[customer] = Line(now, self._waits)
        return self._customers[customer]

    def _learn_scope(self, api: Call, customer: str, until: datetime, now: datetime) -> None:
        self._tester = None
        self._refused = {name: end for name, end in self._refused.items() if end > now} | {customer: until}
        if self._scope.is_partners:
            if self._partner.is_anothers(api, now):
                self._take_for_customers(now)
        elif len(self._refused) >= self._scope.proof:
            self._take_for_partners(now)
            self._scope = Scope(now, is_partners=True, proof=self._scope.proof)

    def _take_for_customers(self, now: datetime) -> None:
        self._scope = Scope(now, is_partners=False, proof=min(2 * self._scope.proof, MOST_PROOF))

    def _take_for_partners(self, now: datetime) -> None:
        self._next_test = now + MEASURED
        for line in self._customers.values():
            line.forget(now)

    def _passes_by(self, api: Call, customer: str, now: datetime) -> bool:
        """Let a call pass the partner's line: of a customer without others, or to test a closed door."""
        if not self._has_passes:
            return False
        closed = self._partner.is_closed(api, now + TELLING)
        has_pass = self._line(customer, now).is_calm(now) and self._passes.take(customer, now)
        is_test = not has_pass and closed and self._next_test <= now and customer not in self._refused
        if is_test:
            self._next_test = now + TEST_EVERY
        if closed and (has_pass or is_test):
            self._tester = customer
        return has_pass or is_test

    def _reserve_pass(self, customer: str, now: datetime) -> datetime | None:
        """Return when a customer without other calls may pass the line."""
        may_pass = self._has_passes and self._line(customer, now).is_calm(now)
        return self._passes.reserve(customer, now) if may_pass else None
