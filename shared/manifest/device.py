"""A device: the five strings that identify it to Partner Center."""

from collections.abc import Iterable

import msgspec


class Device(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """A device as it is uploaded; what is absent is ``None``."""

    serial_number: str | None = None
    product_key: str | None = None
    hardware_hash: str | None = None
    oem_manufacturer_name: str | None = None
    model_name: str | None = None


FIELDS = tuple(field.encode_name for field in msgspec.structs.fields(Device))
"""The members' names in the API, in the order of ``Device``."""


def from_values(
    serial: str | None, key: str | None, hardware_hash: str | None, maker: str | None, model: str | None
) -> Device:
    """Make a device of its five values in the order of ``FIELDS``; a blank one counts as absent."""
    return Device(  # a loop would be three times as slow, and this runs for every device
        serial if serial and not serial.isspace() else None,
        key if key and not key.isspace() else None,
        hardware_hash if hardware_hash and not hardware_hash.isspace() else None,
        maker if maker and not maker.isspace() else None,
        model if model and not model.isspace() else None,
    )


def is_identified(device: Device) -> bool:
    """Tell whether Partner Center can know the device: by hash, by product key, or by all of the other three."""
    return bool(
        device.hardware_hash
        or device.product_key
        or (device.serial_number and device.oem_manufacturer_name and device.model_name)
    )


def encode(devices: Iterable[Device]) -> bytes:
    """Write the body of an upload: a bare JSON array, values unchanged, absent members left out."""
    return msgspec.json.encode(list(devices))


class Entry(msgspec.Struct, gc=False):
    """A device and its place in the reader's unit; one that is not ``sound`` has been reported already."""

    device: Device
    at: int
    sound: bool = True
