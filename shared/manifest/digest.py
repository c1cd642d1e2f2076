"""A digest of the devices that are sent, which shows that another version of the app reads a file differently."""

from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from shared.manifest.device import Device

_SIZE = 16
_MANY = 256
_SAMPLE = slice(-64, None)


class RunningDigest:
    """Digests devices one after the other: their short values, and the length and the end of their hashes.

    Whole hashes would make the reading take half as long again.
    """

    def __init__(self) -> None:
        self._digest = blake2b(digest_size=_SIZE)
        self._waiting: list[Device] = []

    def add(self, devices: Sequence[Device]) -> None:
        """Add the next devices."""
        self._waiting += devices
        while len(self._waiting) >= _MANY:
            self._take()

    def text(self) -> str:
        """Return the digest of all devices so far as hexadecimal digits."""
        self._take()
        return self._digest.hexdigest()

    def _take(self) -> None:
        samples = [
            (
                device.serial_number,
                device.product_key,
                device.oem_manufacturer_name,
                device.model_name,
                (value := device.hardware_hash) and (len(value), value[_SAMPLE]),
            )
            for device in self._waiting[:_MANY]
        ]
        self._digest.update(msgspec.msgpack.encode(samples))
        del self._waiting[:_MANY]
