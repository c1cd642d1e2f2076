"""The limits that an operator can set, with their defaults."""

import msgspec

from shared.config import parsing
from shared.config.environment import Reader
from shared.manifest.reading import MAX_DEVICES

MANIFEST_BYTES = 256 * 2**20
"""Default of ``MAX_MANIFEST_BYTES``."""

MOST_IN_PART = 20_000
"""Devices of one request, far more than the API accepts: they are in memory together."""

_COUNT = "whole number above 0"


class Limits(msgspec.Struct, frozen=True):
    """How large a manifest may be, whose customers' it may be, and how often Partner Center may be called."""

    devices_per_upload: int
    manifest_bytes: int
    devices: int
    """Rows of a manifest, duplicates included."""
    allowed_customers: frozenset[str]
    """In lower case; empty for every customer."""
    create_missing_batch: bool = False
    requests_per_minute: int | None = None
    """``None``: as many as Partner Center serves."""


def read_limits(reader: Reader, way: str) -> Limits:
    """Read the limits; ``way`` is that of the sign-in, as only one of them may create batches."""
    return Limits(
        devices_per_upload=reader.parsed(
            "MAX_DEVICES_PER_UPLOAD", "1000", _part, f"whole number from 1 to {MOST_IN_PART:,}"
        ),
        manifest_bytes=reader.parsed("MAX_MANIFEST_BYTES", str(MANIFEST_BYTES), parsing.positive, _COUNT),
        devices=reader.parsed("MAX_DEVICES", str(MAX_DEVICES), parsing.positive, _COUNT),
        allowed_customers=reader.parsed("ALLOWED_CUSTOMERS", "", parsing.customers, "list of customer ids (GUIDs)"),
        create_missing_batch=_create_missing_batch(reader, way),
        requests_per_minute=reader.parsed("MAX_REQUESTS_PER_MINUTE", "", parsing.positive_or_none, _COUNT),
    )


def _part(text: str) -> int:
    return parsing.positive(text, MOST_IN_PART)


def _create_missing_batch(reader: Reader, way: str) -> bool:
    wanted = reader.one_of("CREATE_MISSING_BATCH", ("true", "false"), "false") == "true"
    # "Create a new device batch" supports App+User alone.
    if wanted and way != "app_user":
        reader.faults.append("CREATE_MISSING_BATCH is true, but only PARTNER_CENTER_AUTH=app_user may create batches")
    return wanted
