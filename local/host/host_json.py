"""The numbers of host.json that decide how triggers behave."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]


class Queues(msgspec.Struct, frozen=True, rename="camel"):
    """Hold `extensions.queues`."""

    batch_size: Annotated[int, msgspec.Meta(ge=1, le=32)] = 16
    max_dequeue_count: Count = 5
    visibility_timeout: Annotated[str, msgspec.Meta(pattern=r"^\d\d:\d\d:\d\d$")] = "00:00:00"
    message_encoding: Literal["base64", "none"] = "base64"

    @property
    def retry_delay(self) -> timedelta:
        """Return how long a message stays hidden after a failure."""
        hours, minutes, seconds = map(int, self.visibility_timeout.split(":"))
        return timedelta(hours=hours, minutes=minutes, seconds=seconds)


class Blobs(msgspec.Struct, frozen=True, rename="camel"):
    """Hold `extensions.blobs`."""

    max_degree_of_parallelism: Count = 8 * (os.process_cpu_count() or 1)
    poison_blob_threshold: Count = 5


class Extensions(msgspec.Struct, frozen=True):
    """Hold `extensions`."""

    queues: Queues = Queues()
    blobs: Blobs = Blobs()


class HostJson(msgspec.Struct, frozen=True):
    """Hold what is read of host.json."""

    version: Literal["2.0"]
    extensions: Extensions = Extensions()


def read_host_json(app_directory: Path) -> HostJson:
    """Read an app's host.json; raises FileNotFoundError or msgspec.ValidationError."""
    return msgspec.json.decode((app_directory / "host.json").read_bytes(), type=HostJson)
