"""Answer like Partner Center: headers, rights, scripted faults, and a record of every call."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from uuid import uuid4

from requests.structures import CaseInsensitiveDict

from local.stand_ins.partner_center import checks
from local.stand_ins.partner_center.checks import RefusedError, SignIn
from local.stand_ins.partner_center.desk import Desk
from local.stand_ins.partner_center.device import Device
from local.stand_ins.partner_center.registry import Registry
from local.stand_ins.partner_center.routes import Operation, Target, is_known_path, target_of
from local.stand_ins.partner_center.script import Script
from local.stand_ins.web import Headers, Request, Response, no_fault


@dataclass(frozen=True, slots=True)
class Call:
    """Hold one call; `operation` is None for an unknown path, `response` where the client got none."""

    operation: Operation | None
    request: Request
    response: Response | None
    at: datetime

    @property
    def headers(self) -> Headers:
        """Return the headers of the request."""
        return self.request.headers

    @property
    def document(self) -> object:
        """Decode the body of the request; an empty one is None."""
        return json.loads(self.request.body) if self.request.body else None


@dataclass(eq=False, kw_only=True)
class PartnerCenter:
    """Answer requests about the batches of `customers`, from many threads at once.

    `sign_in` says what a bearer token is good for, or None: `{"a token": SignIn.APP_ONLY}.get` will do.
    `clock` returns aware UTC times. `calls` grows in the order in which calls end.
    """

    customers: Mapping[str, Collection[str]]
    sign_in: Callable[[str], SignIn | None]
    clock: Callable[[], datetime]
    script: Script = field(default_factory=Script)
    calls: list[Call] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Enter the customers and batches that there are from the beginning."""
        self._lock = Lock()
        self._registry = Registry()
        self._desk = Desk(self._registry, self.script, self.clock)
        self._correlations: set[str] = set()
        for customer, batches in self.customers.items():
            self._registry.add_customer(customer)
            for batch in batches:
                self.add_batch(customer, batch)

    def answer(self, request: Request) -> Response:
        """Answer one request, unless a scripted fault raises NoAnswer."""
        target = target_of(request)
        fault = self.script.take_fault(target.operation) if target else no_fault
        is_new = self._is_new_correlation(request.headers)
        response = None
        try:
            response = _marked(fault(lambda: self._serve(target, request, correlation_is_new=is_new)), request)
        finally:
            self.calls.append(Call(target.operation if target else None, request, response, self.clock()))
        return response

    def add_customer(self, customer: str) -> None:
        """Begin a relationship with a customer."""
        with self._lock:
            self._registry.add_customer(customer)

    def add_batch(self, customer: str, batch: str) -> None:
        """Create a batch of a known customer, as somebody might in the portal."""
        with self._lock:
            self._registry.add_batch(customer, batch, self.clock())

    def registered(self, customer: str) -> Counter[Device]:
        """Count how many times each device was accepted for a customer, whatever batch it went to."""
        with self._lock:
            return self._registry.accepted(customer)

    def batches(self, customer: str) -> dict[str, list[Device]]:
        """Return the devices accepted for each batch of a customer, in order, repetitions included."""
        with self._lock:
            return {batch.name: list(batch.devices) for batch in self._registry.batches[customer.lower()].values()}

    def _serve(self, target: Target | None, request: Request, *, correlation_is_new: bool) -> Response:
        try:
            access = checks.check_sign_in(request.headers, self.sign_in)
            if target is None:
                raise _nowhere(request)
            checks.check_customer(target.customer)
            checks.check_media_types(request)
            checks.check_ids(request.headers, required=request.method == "POST", correlation_is_new=correlation_is_new)
            with self._lock:
                return self._desk.serve(target, request, access)
        except RefusedError as refusal:
            return refusal.response

    def _is_new_correlation(self, headers: Headers) -> bool:
        correlation = headers.get("MS-CorrelationId", "").lower()
        with self._lock:
            is_new = correlation not in self._correlations
            self._correlations.update({correlation} - {""})
        return is_new


def _nowhere(request: Request) -> RefusedError:
    if is_known_path(request):
        return RefusedError(405, "800002", "The resource does not know this method.")
    return RefusedError(404, "800037", "The resource was not found.")


def _marked(response: Response, request: Request) -> Response:
    """Add the ids that support asks for; a gateway's page has none."""
    if response.headers.get("Content-Type") == "text/html":
        return response
    ids = {name: request.headers.get(name) or str(uuid4()) for name in ("MS-RequestId", "MS-CorrelationId")}
    ids |= {"MS-CV": f"{uuid4().hex[:16]}.0", "MS-ServerId": "101112616"}
    return Response(response.status, CaseInsensitiveDict({**ids, **response.headers}), response.body)
