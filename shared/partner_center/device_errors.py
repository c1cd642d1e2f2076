"""What Partner Center's device error codes mean for the person who must act.

Sources: the "Add devices to Windows Autopilot" troubleshooting tables and the device resources of the REST reference.
They disagree about numbers, so a name found in the description counts before the number.
"""

import msgspec

from shared.job.record import Outcome


class DeviceError(msgspec.Struct, frozen=True):
    """One code: its number where one is known, its name, and what to do about it."""

    number: str | None
    name: str
    action: str
    outcome: Outcome = Outcome.FAILED


_FIX = "Correct the row and drop the manifest again."
_OWNER = "Ask the device's present owner to release it, then drop the manifest again."

KNOWN = (
    DeviceError("640", "StorageError", "A fault on Microsoft's side: drop the manifest again."),
    DeviceError("801", "InvalidZtdRequestBody", _FIX),
    DeviceError("802", "InvalidZtdHardwareHash", f"The hardware hash is damaged: read it out anew. {_FIX}"),
    DeviceError("803", "MissingZtdSerialNumberAndProductKey", f"Add a serial number or a product key. {_FIX}"),
    DeviceError(
        "806",
        "ZtdDeviceAlreadyAssigned",
        "None: it was registered for this customer before.",
        Outcome.ALREADY_REGISTERED,
    ),
    DeviceError("808", "ZtdDeviceAssignedToOtherTenant", f"Another tenant has registered it. {_OWNER}"),
    DeviceError("811", "ZtdDeviceRegisteredByOtherTenant", f"Another tenant has registered it. {_OWNER}"),
    DeviceError(
        "812",
        "ZtdDeviceNotFound",
        "Serial number, manufacturer and model match no device: spell them as SMBIOS does, or add the hardware hash.",
    ),
    DeviceError(
        "813",
        "ZtdDeviceIsNotUnique",
        "Serial number, manufacturer and model match several devices: add the hardware hash.",
    ),
    DeviceError("814", "ZtdDeviceAlreadyAadRegistered", f"It is registered in another directory. {_OWNER}"),
    DeviceError(None, "ZtdDeviceDuplicated", "The device stands in this upload more than once: remove the others."),
    DeviceError(None, "HashNot4k", "The hash is too old for this kind of entry: read out a 4K hash, or leave it out."),
)

UNKNOWN = DeviceError(None, "", "Look the code up in Partner Center, or ask its support with the status's request ids.")

_BY_NUMBER = {error.number: error for error in KNOWN if error.number}


def device_error(code: str | None, description: str | None) -> DeviceError:
    """Recognise an error by its name in either text, else by its number."""
    told = f"{code} {description}".lower()
    named = (error for error in KNOWN if error.name.lower() in told)
    return next(named, None) or _BY_NUMBER.get(code or "", UNKNOWN)
