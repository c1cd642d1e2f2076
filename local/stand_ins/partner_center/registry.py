"""What has been accepted: batches, uploads, and what becomes of each device."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from local.stand_ins.partner_center.device import Device


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold what Partner Center says about a device in the end."""

    code: str | None = None
    description: str | None = None
    reported: bool = True

    @property
    def is_error(self) -> bool:
        """Say whether the device's row speaks of an error; some errors have a name but no number."""
        return self.code is not None or self.description is not None

    @property
    def is_registered(self) -> bool:
        """Say whether the device is registered afterwards."""
        return not self.is_error or self.code == "806"


REGISTERED = Outcome()
ALREADY_REGISTERED = Outcome("806", "ZtdDeviceAlreadyAssigned")
UNREPORTED = Outcome(reported=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one device of an upload."""

    device: Device
    outcome: Outcome
    device_id: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class Upload:
    """Hold one accepted request."""

    tracking_id: str
    customer: str
    batch: str
    accepted_at: datetime
    entries: tuple[Entry, ...]

    @property
    def location(self) -> str:
        """Return the link that the answer carries: relative, and without the version."""
        return f"/customers/{self.customer}/batchJobStatus/{self.tracking_id}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Hold a batch and the devices that were accepted for it, in order, repetitions included."""

    name: str
    created_at: datetime
    devices: list[Device] = field(default_factory=list)


class Registry:
    """Keep customers, their batches and uploads; callers see to it that one thread at a time is inside."""

    def __init__(self) -> None:
        self.batches: dict[str, dict[str, Batch]] = {}
        self.uploads: dict[str, Upload] = {}
        self._registered: set[tuple[str, tuple[object, ...]]] = set()

    def add_customer(self, customer: str) -> None:
        """Begin a relationship with a customer."""
        self.batches.setdefault(customer.lower(), {})

    def add_batch(self, customer: str, name: str, now: datetime) -> Batch:
        """Create a batch of a customer that is known."""
        batch = self.batches[customer.lower()][name] = Batch(name, now)
        return batch

    def judge(
        self, customer: str, devices: Iterable[Device], settled: Callable[[Device], Outcome | None]
    ) -> list[Entry]:
        """Return each device with the outcome set for it, or the one that follows from the uploads accepted before."""
        return [Entry(device, settled(device) or self._follows(customer, device)) for device in devices]

    def accept(self, customer: str, batch: Batch, entries: Iterable[Entry], now: datetime) -> Upload:
        """Take an upload in."""
        upload = Upload(str(uuid4()), customer, batch.name, now, tuple(entries))
        owned = (entry.device.identity for entry in upload.entries if entry.outcome.is_registered)
        self._registered.update((customer.lower(), identity) for identity in owned)
        batch.devices.extend(entry.device for entry in upload.entries)
        self.uploads[upload.tracking_id] = upload
        return upload

    def accepted(self, customer: str) -> Counter[Device]:
        """Count how many times each device of a customer was accepted."""
        batches = self.batches.get(customer.lower(), {}).values()
        return Counter(device for batch in batches for device in batch.devices)

    def _follows(self, customer: str, device: Device) -> Outcome:
        return ALREADY_REGISTERED if (customer.lower(), device.identity) in self._registered else REGISTERED
