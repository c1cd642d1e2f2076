"""Partner Center's error codes of single devices, and what a person should do about each.

Sources: the "Add devices to Windows Autopilot" troubleshooting tables and the device resources of the REST reference.
They disagree about numbers, so a name found in the description counts before the number.
"""

import msgspec

from shared.job.device_results import DeviceResult, Outcome


class DeviceError(msgspec.Struct, frozen=True):
    """One error: its number if it is known, its name, what to do about it, and the outcome that it means."""

    number: str | None
    name: str
    action: str
    outcome: Outcome = Outcome.FAILED


_AGAIN = "then drop the whole manifest again."
_FIX = "Correct the row and drop the whole manifest again."
_OWNER = f"Ask the device's present owner to release it, {_AGAIN}"

DEVICE_ERRORS = (
    DeviceError("640", "StorageError", "A fault on Microsoft's side: drop the whole manifest again."),
    DeviceError("801", "InvalidZtdRequestBody", _FIX),
    DeviceError(
        "802",
        "InvalidZtdHardwareHash",
        "The hardware hash is damaged, or the machine's firmware has no manufacturer and serial number, as that of many"
        " virtual machines. Read the hash out again; in the second case leave the row out, or set the firmware"
        f" first; {_AGAIN}",
    ),
    DeviceError("803", "MissingZtdSerialNumberAndProductKey", f"Add a serial number or a product key. {_FIX}"),
    DeviceError(
        "806",
        "ZtdDeviceAlreadyAssigned",
        "Nothing to do: it was registered for this customer before.",
        Outcome.ALREADY_REGISTERED,
    ),
    DeviceError("808", "ZtdDeviceAssignedToOtherTenant", f"Another tenant has registered it. {_OWNER}"),
    DeviceError("811", "ZtdDeviceRegisteredByOtherTenant", f"Another tenant has registered it. {_OWNER}"),
    DeviceError(
        "812",
        "ZtdDeviceNotFound",
        "Serial number, manufacturer and model match no device: spell them as SMBIOS does, or add the hardware hash,"
        f" {_AGAIN}",
    ),
    DeviceError(
        "813",
        "ZtdDeviceIsNotUnique",
        f"Serial number, manufacturer and model match several devices: add the hardware hash, {_AGAIN}",
    ),
    DeviceError("814", "ZtdDeviceAlreadyAadRegistered", f"It is registered in another directory. {_OWNER}"),
    DeviceError(None, "ZtdDeviceDuplicated", f"The upload has the device more than once: remove the others, {_AGAIN}"),
    DeviceError(
        None,
        "HashNot4k",
        f"The hash is too old for this kind of entry: read out a 4K hash, or leave it out, {_AGAIN}",
    ),
)

UNKNOWN = DeviceError(
    None,
    "",
    f"Look the error up in Partner Center, or ask its support with the status's request ids; correct the row, {_AGAIN}",
)

UNASSIGNED = "Partner Center's answer leaves open which of several outcomes is this device's."
"""Begins the description of a device that is not reported although there is an entry that may be its own."""

UNANSWERED = "No clear answer came: it is not known whether Partner Center took the device."
"""Describes a device of a part that was posted, and perhaps accepted."""

_CHECK = "Look the device up in Partner Center to be sure."

_ACTIONS = {
    Outcome.REGISTERED: "",
    Outcome.NOT_REPORTED: "Partner Center did not report it: look it up there, or drop the whole manifest again.",
    Outcome.NOT_UPLOADED: "It was not sent; see the status for the reason, then drop the whole manifest again.",
    Outcome.DUPLICATE: "Nothing to do: the manifest has the same device in an earlier row.",
}

_BY_NUMBER = {error.number: error for error in DEVICE_ERRORS if error.number}


def device_error(code: str | None, description: str | None) -> DeviceError:
    """Return the known error whose name is in either text, else the one with this number, else ``UNKNOWN``.

    Microsoft spells names of the same error in two ways: ``…ToOtherTenant`` and ``…ToAnotherTenant``.

    >>> device_error("ZtdDeviceAssignedToAnotherTenant", None).number
    '808'
    """
    # The two documentation pages disagree about numbers, so that the name counts first.
    texts = f"{code} {description}".lower().replace("another", "other")
    named = (error for error in DEVICE_ERRORS if error.name.lower() in texts)
    return next(named, None) or _BY_NUMBER.get(code or "", UNKNOWN)


def action(result: DeviceResult) -> str:
    """Return the results' ``action`` for a device: what a person should do; empty where nothing is to be done."""
    description = result.description or ""
    if description.startswith((UNASSIGNED, UNANSWERED)):
        return _CHECK
    known = _ACTIONS.get(result.outcome)
    return device_error(result.code, description).action if known is None else known
