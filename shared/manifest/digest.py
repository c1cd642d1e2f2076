"""A digest of the devices that are sent, which shows that another version of the app reads a file differently."""

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from shared.manifest.device import Device

_SIZE = 16
_SAMPLE = slice(-64, None)
_encoder = msgspec.json.Encoder()


class RunningDigest:
    """Digests devices one after the other: their short values, and the length and the end of their hashes.

    Whole hashes would make the reading take half as long again.
    """

    def __init__(self) -> None:
        self._digest = blake2b(digest_size=_SIZE)

    def add(self, devices: Iterable[Device]) -> None:
        """Add the next devices; many at a time are quicker."""
        samples = [
            (
                device.serial_number,
                device.product_key,
                device.oem_manufacturer_name,
                device.model_name,
                (value := device.hardware_hash or "")[_SAMPLE],
                len(value),
            )
            for device in devices
        ]
        # In lines, so that it does not matter which devices are added together.
        self._digest.update(_encoder.encode_lines(samples))

    def text(self) -> str:
        """Return the digest of all devices so far as hexadecimal digits."""
        return self._digest.hexdigest()
