"""What became of each device, and how much of it a status keeps."""

from enum import StrEnum

import msgspec

MOST_RESULTS = 1000
"""Different results that a status keeps in full; of what comes after them it keeps the outcome alone."""


class Outcome(StrEnum):
    """What became of one device."""

    REGISTERED = "registered"
    ALREADY_REGISTERED = "already_registered"
    FAILED = "failed"
    NOT_REPORTED = "not_reported"
    NOT_UPLOADED = "not_uploaded"
    DUPLICATE = "duplicate"


class DeviceResult(msgspec.Struct, frozen=True, array_like=True):
    """One device's outcome as Partner Center reported it, and by which of its properties it was recognised."""

    outcome: Outcome
    code: str | None = None
    description: str | None = None
    matched_by: str | None = None


class ResultRun(msgspec.Struct, frozen=True):
    """``count`` devices in a row with one result."""

    count: int
    result: DeviceResult


def bounded(result: DeviceResult, known: dict[DeviceResult, int]) -> DeviceResult:
    """Bound the status: Partner Center can word the same fault otherwise for each of 250,000 devices."""
    if result in known or len(known) < MOST_RESULTS:
        return result
    return DeviceResult(result.outcome, None, None, result.matched_by)
