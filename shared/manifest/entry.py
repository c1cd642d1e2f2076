"""What a reader finds: devices with their places."""

import msgspec

from shared.manifest.device import Device


class Entry(msgspec.Struct, gc=False):
    """A device and its place in the reader's unit; one that is not ``sound`` has been reported already."""

    device: Device
    at: int
    sound: bool = True
