"""A digest of the devices that are sent, by which one sees that another version reads a file otherwise."""

from hashlib import blake2b

from shared.manifest.device import Device

_SIZE = 16
_MANY = 256
_BEGIN, _END = slice(0, 32), slice(-32, None)


class RunningDigest:
    """Digests devices one after the other, each by its short values and by length, begin and end of its hash.

    To digest whole hashes would take half as long again as reading them.
    """

    def __init__(self) -> None:
        self._digest = blake2b(digest_size=_SIZE)
        self._waiting: list[str] = []

    def add(self, device: Device) -> None:
        """Add the next device."""
        value = device.hardware_hash
        sample = f"{len(value)}{value[_BEGIN]}{value[_END]}" if value else ""
        self._waiting.append(
            f"{sample}\0{device.serial_number}\0{device.product_key}\0{device.oem_manufacturer_name}\0{device.model_name}\n"
        )
        if len(self._waiting) == _MANY:
            self._take()

    def text(self) -> str:
        """Return the digest of all devices so far as hexadecimal digits."""
        self._take()
        return self._digest.hexdigest()

    def _take(self) -> None:
        self._digest.update("".join(self._waiting).encode())
        self._waiting.clear()
