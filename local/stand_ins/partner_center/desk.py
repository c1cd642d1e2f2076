"""Serve the requests that are in order, each MS-RequestId once."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from requests.structures import CaseInsensitiveDict

from local.stand_ins.partner_center.checks import RefusedError, SignIn
from local.stand_ins.partner_center.device import Device, read_devices, read_new_batch
from local.stand_ins.partner_center.documents import NEXT_PAGE, batch_list, upload_details
from local.stand_ins.partner_center.registry import Batch, Registry, Upload
from local.stand_ins.partner_center.routes import Operation, Target
from local.stand_ins.partner_center.script import Script
from local.stand_ins.web import Request, Response


@dataclass(eq=False)
class Desk:
    """Work on the registry; callers see to it that one thread at a time is inside."""

    registry: Registry
    script: Script
    clock: Callable[[], datetime]
    _accepted: dict[str, tuple[Request, Upload]] = field(default_factory=dict, init=False)

    def serve(self, target: Target, request: Request, access: SignIn) -> Response:
        """Answer a request whose headers are in order; RefusedError says why it cannot be."""
        batches = self.registry.batches.get(target.customer.lower())
        if batches is None:
            raise RefusedError(403, "20002", "There is no relationship with this customer.")
        match target.operation:
            case Operation.UPLOAD:
                return self._once(request, lambda: self._upload(target, batches, request.body))
            case Operation.POLL:
                return self._details(target)
            case Operation.LIST_BATCHES:
                return self._list(target, list(batches.values()), request)
            case Operation.CREATE_BATCH:
                _check_user(access)
                return self._once(request, lambda: self._create(target, batches, request.body))

    def _list(self, target: Target, batches: list[Batch], request: Request) -> Response:
        token = request.headers.get("MS-ContinuationToken", "")
        first = int(token.removeprefix("after-")) if re.fullmatch("after-[0-9]{1,6}", token) else 0
        if (target.query, bool(first)) not in (("", False), (NEXT_PAGE, True)):
            raise RefusedError(400, "3000", "The query and the continuation token do not belong together.")
        return Response.of(200, batch_list(target.customer, batches, first, self.script.batches_per_page))

    def _once(self, request: Request, accept: Callable[[], Upload]) -> Response:
        request_id = request.headers["MS-RequestId"].lower()
        if request_id not in self._accepted:
            self._accepted[request_id] = request, accept()
        first, upload = self._accepted[request_id]
        if (first.target, first.body) != (request.target, request.body):
            raise RefusedError(409, "800002", "This MS-RequestId belongs to another request.")
        return Response(202, CaseInsensitiveDict({"Location": upload.location}))

    def _upload(self, target: Target, batches: dict[str, Batch], body: bytes) -> Upload:
        batch = batches.get(target.name)
        if batch is None:
            raise RefusedError(404, "60003", "The batch was not found.")
        devices = self._read(body, read_devices)
        self._check_number(devices)
        return self._accept(target, batch, devices)

    def _create(self, target: Target, batches: dict[str, Batch], body: bytes) -> Upload:
        new = self._read(body, read_new_batch)
        if new.batch_id in batches:
            raise RefusedError(409, "800002", "The batch exists already.")
        self._check_number(new.devices)
        return self._accept(target, self.registry.add_batch(target.customer, new.batch_id, self.clock()), new.devices)

    def _accept(self, target: Target, batch: Batch, devices: list[Device]) -> Upload:
        entries = self.registry.judge(target.customer, devices, self.script.outcome_of)
        return self.registry.accept(target.customer, batch, entries, self.clock())

    def _read[T](self, body: bytes, reader: Callable[[bytes], T]) -> T:
        if len(body) > self.script.max_body:
            raise RefusedError(413, "800002", "The request is too large.")
        try:
            return reader(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise RefusedError(400, "3000", f"The request is invalid: {error}") from error

    def _check_number(self, devices: list[Device]) -> None:
        if len(devices) > self.script.max_devices:
            raise RefusedError(413, "800002", f"At most {self.script.max_devices} devices fit into one request.")

    def _details(self, target: Target) -> Response:
        upload = self.registry.uploads.get(target.name.lower())
        if upload is None or upload.customer.lower() != target.customer.lower():
            raise RefusedError(404, "1000", "The upload was not found.")
        return Response.of(200, upload_details(upload, self.script, self.clock()))


def _check_user(access: SignIn) -> None:
    if access is not SignIn.APP_AND_USER:
        raise RefusedError(403, "2032", "Only an application together with a user may create a batch.")
