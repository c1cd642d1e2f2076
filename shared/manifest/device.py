"""A device: the five strings that identify it to Partner Center."""

from collections.abc import Iterable

import msgspec

from shared.manifest.findings import Place


class Device(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A device as it is uploaded; what is absent is ``None``."""

    serial_number: str | None = None
    product_key: str | None = None
    hardware_hash: str | None = None
    oem_manufacturer_name: str | None = None
    model_name: str | None = None


FIELDS = tuple(field.encode_name for field in msgspec.structs.fields(Device))
"""The names of the members in the API, in the order of ``Device``."""

NO_DEVICE = Device()
"""In place of a device that could not be read."""


def encode(devices: Iterable[Device]) -> bytes:
    """Return the body of an upload: a JSON array of the devices, values unchanged, absent members left out."""
    return msgspec.json.encode(list(devices))


class Entry(msgspec.Struct, gc=False):
    """A device and its place; if it is not ``sound``, an issue with it has been reported."""

    device: Device
    place: int
    line: int | None = None
    sound: bool = True

    def reject(self) -> None:
        """Mark the device as not ``sound``, after reporting an issue."""
        self.sound = False

    def clean(self, device: Device) -> None:
        """Put the device as it is sent in the place of the device as it is written."""
        self.device = device

    @property
    def number(self) -> int:
        """The number that messages use: the line, or the place if there are no lines."""
        return self.line or self.place

    @property
    def at(self) -> Place:
        """The place for a finding."""
        return Place(self.place, self.line)
