"""A device: the five strings that identify it to Partner Center."""

from collections.abc import Iterable

import msgspec

from shared.manifest.findings import Place


class Device(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """A device as it is uploaded; what is absent is ``None``."""

    serial_number: str | None = None
    product_key: str | None = None
    hardware_hash: str | None = None
    oem_manufacturer_name: str | None = None
    model_name: str | None = None


FIELDS = tuple(field.encode_name for field in msgspec.structs.fields(Device))
"""The members' names in the API, in the order of ``Device``."""

NOBODY = Device()
"""In place of a device that could not be read."""


def encode(devices: Iterable[Device]) -> bytes:
    """Write the body of an upload: a bare JSON array, values unchanged, absent members left out."""
    return msgspec.json.encode(list(devices))


class Entry(msgspec.Struct, gc=False):
    """A device and its place; one that is not ``sound`` has an issue that has been reported already."""

    device: Device
    place: int
    line: int | None = None
    sound: bool = True

    @property
    def number(self) -> int:
        """What the device is called by: its line, or its place where there are no lines."""
        return self.line or self.place

    @property
    def at(self) -> Place:
        """The place for a finding."""
        return Place(self.place, self.line)
