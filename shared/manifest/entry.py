"""What a reader finds: devices with their places."""

from typing import NamedTuple

from shared.device import Device


class Entry(NamedTuple):
    """A device of a manifest. ``at`` is its place in the reader's unit; one not ``sound`` has already been reported."""

    at: int
    device: Device
    sound: bool
