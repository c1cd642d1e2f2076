"""Partner Center behind a quota of requests."""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from requests.structures import CaseInsensitiveDict

from local.stand_ins.partner_center import PartnerCenter
from local.stand_ins.web import Request, Response
from tests.fakes import Clock

MINUTE = timedelta(minutes=1)


@dataclass
class Quota:
    """Requests a minute, sliding or from minute to minute, by partner or by customer."""

    limit: int = 60
    fixed: bool = False
    counts_refused: bool = True
    by_customer: bool = False
    later: tuple[timedelta, int] | None = None
    """After how long the limit is another."""
    outage: tuple[timedelta, timedelta] | None = None
    """When nothing is answered but 503."""
    tells_when: bool = True
    begun: datetime = field(init=False)
    taken: dict[str, deque[datetime]] = field(default_factory=dict, init=False)

    def limit_at(self, passed: timedelta) -> int:
        return self.later[1] if self.later and passed >= self.later[0] else self.limit

    def wait(self, whose: str, now: datetime) -> timedelta | None:
        """Take a request out of the quota; how long to wait where it is used up."""
        taken = self.taken.setdefault(whose if self.by_customer else "", deque())
        phase = (now - self.begun + timedelta(seconds=17)) % MINUTE
        since = now - (phase if self.fixed else MINUTE)
        while taken and taken[0] <= since:
            taken.popleft()
        full = len(taken) >= self.limit_at(now - self.begun)
        wait = (since if self.fixed else taken[0]) + MINUTE - now if full else None
        if not full or self.counts_refused:
            taken.append(now)
        return wait

    def least(self, manifests: int, customers: int) -> timedelta:
        """The time that two requests for each manifest take at the rate of the quota."""
        needed, served, passed = 2 * manifests / (customers if self.by_customer else 1), 0.0, timedelta(0)
        while served < needed:
            passed += timedelta(seconds=1)
            if not self.is_out(passed):
                served += self.limit_at(passed) / 60
        return passed

    def is_out(self, passed: timedelta) -> bool:
        return self.outage is not None and self.outage[0] <= passed < self.outage[1]


@dataclass
class Gate:
    """Partner Center behind a quota."""

    center: PartnerCenter
    quota: Quota
    clock: Clock
    served: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    unavailable: int = 0
    """Requests that met the outage."""

    def answer(self, request: Request) -> Response:
        now = self.clock()
        minute = (now - self.quota.begun) // MINUTE
        if self.quota.is_out(now - self.quota.begun):
            self.unavailable += 1
            return Response(503, CaseInsensitiveDict({"Content-Type": "text/html"}), b"<html></html>")
        wait = self.quota.wait(request.path.split("/")[3], now)
        if wait is None:
            self.served[minute] += 1
            return self.center.answer(request)
        self.refused[minute] += 1
        headers = {"Retry-After": str(int(wait.total_seconds()) + 1)} if self.quota.tells_when else {}
        return Response(429, CaseInsensitiveDict(headers), b'{"statusCode": 429, "message": "Rate limit is exceeded."}')
