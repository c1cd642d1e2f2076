"""What a test or a demonstration has the stand-in do otherwise than well."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from local.stand_ins.partner_center.device import Device
from local.stand_ins.partner_center.registry import ALREADY_REGISTERED, Outcome
from local.stand_ins.partner_center.routes import Operation
from local.stand_ins.web import Fault, no_fault, take

BY_SERIAL = {
    "808-": Outcome("808", "ZtdDeviceAssignedToOtherTenant"),
    "802-": Outcome("802", "InvalidZtdHardwareHash"),
    "806-": ALREADY_REGISTERED,
}
"""Outcomes of devices by the beginning of their serial numbers, so that a file alone can show them."""

type Rows = list[dict[str, object]]


def as_sent(rows: Rows) -> Rows:
    """Keep the order of the upload."""
    return rows


@dataclass(eq=False)
class Script:
    """Hold the limits, the pace of registering, the next faults, and the outcomes of single devices.

    `outage` is met by every call for which no fault of its own is queued, until it is set to None again.
    `order` arranges the rows of a finished upload.
    """

    max_devices: int = 1000
    max_body: int = 30_000_000  # bytes
    batches_per_page: int = 100
    queued_for: timedelta = timedelta(0)
    processing_for: timedelta = timedelta(0)
    outage: Fault | None = None
    order: Callable[[Rows], Rows] = as_sent
    status_when_devices_fail: Literal["finished", "finished_with_errors"] = "finished"
    _faults: dict[Operation, deque[Fault]] = field(init=False)
    _outcomes: dict[str, Outcome] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Begin with nothing queued."""
        self._faults = {operation: deque() for operation in Operation}

    def next_upload(self, *faults: Fault) -> None:
        """Queue faults, one for each of the next uploads."""
        self.next_call(Operation.UPLOAD, *faults)

    def next_poll(self, *faults: Fault) -> None:
        """Queue faults, one for each of the next questions about an upload."""
        self.next_call(Operation.POLL, *faults)

    def next_call(self, operation: Operation, *faults: Fault) -> None:
        """Queue faults, one for each of the next calls of an operation."""
        self._faults[operation].extend(faults)

    def take_fault(self, operation: Operation) -> Fault:
        """Take what the call that has just come shall meet."""
        return take(self._faults[operation], self.outage or no_fault)

    def device_ends(self, value: str, outcome: Outcome | None) -> None:
        """Settle how devices end in later uploads that carry a value as serial number, product key or hardware hash.

        None takes it back.
        """
        self._outcomes.pop(value, None)
        if outcome:
            self._outcomes[value] = outcome

    def outcome_of(self, device: Device) -> Outcome | None:
        """Return the outcome that was settled for a device, or that its serial number asks for."""
        values = (device.serial_number, device.product_key, device.hardware_hash)
        settled = next((self._outcomes[value] for value in values if value in self._outcomes), None)
        return settled or BY_SERIAL.get(str(device.serial_number)[:4])
