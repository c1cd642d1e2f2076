"""What an upload's body may hold: the five identifying members of each device, and nothing else."""

from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

type Text = Annotated[str, msgspec.Meta(pattern=r"\S")]


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """Hold one device as it was sent; members that were not sent are UNSET.

    Raises:
        ValueError: the members identify no device.
    """

    serial_number: Text | UnsetType = UNSET
    product_key: Text | UnsetType = UNSET
    hardware_hash: Text | UnsetType = UNSET
    oem_manufacturer_name: Text | UnsetType = UNSET
    model_name: Text | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Accept the combinations of the documentation, which reduce to these three."""
        if self.hardware_hash is UNSET and self.product_key is UNSET and UNSET in self.model:
            message = "hardwareHash, productKey, or serialNumber with oemManufacturerName and modelName is needed"
            raise ValueError(message)

    @property
    def model(self) -> tuple[str | UnsetType, ...]:
        """Return the three members that identify a device together."""
        return self.serial_number, self.oem_manufacturer_name, self.model_name

    @property
    def identity(self) -> tuple[str | UnsetType, ...]:
        """Return what makes two uploaded devices the same one."""
        if self.hardware_hash is not UNSET:
            return (self.hardware_hash,)
        return self.model if self.product_key is UNSET else (self.product_key,)


type Devices = Annotated[list[Device], msgspec.Meta(min_length=1)]


class NewBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Hold the body that creates a batch."""

    batch_id: Text
    devices: Devices


def read_devices(body: bytes) -> list[Device]:
    """Read a bare array of devices.

    Raises:
        msgspec.MsgspecError: the body is anything else; the message says where, and quotes no value.
        UnicodeDecodeError: a string in it is not UTF-8.
    """
    devices: list[Device] = msgspec.json.decode(body, type=Devices)
    return devices


def read_new_batch(body: bytes) -> NewBatch:
    """Read a batch to be created, with its first devices.

    Raises:
        msgspec.MsgspecError: the body is anything else.
        UnicodeDecodeError: a string in it is not UTF-8.
    """
    return msgspec.json.decode(body, type=NewBatch)
