"""``BatchUploadDetails``: the status of one upload, and of each of its devices."""

import re
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from typing import Any

import msgspec

from shared.config.limit_settings import MOST_IN_PART
from shared.job.status_document import LONGEST_STATE
from shared.partner_center.redaction import replaced
from shared.partner_center.responses import Answer, text_of

LONGEST_ENTRY = 10_000
"""Bytes of one device's entry, or of the status; one of the documented form has about 300."""

_MEMBERS = 10
"""Members that an entry may have; six are documented."""

_NUMBERED = {"0": "unknown", "1": "queued", "2": "processing", "3": "finished", "4": "finished_with_errors"}
"""The statuses by their numbers in Microsoft's .NET SDK (3.4), which reads both."""

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)
"""An escape of JSON; the group has matched where it is one half of a pair without the other."""
_MAYBE_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class DeviceEntry(msgspec.Struct, frozen=True):
    """One device of an upload, as ``BatchUploadDetails.devicesStatus`` has it."""

    serial_number: str | None = None
    product_key: str | None = None
    status: str | None = None
    error_code: str | None = None
    error_description: str | None = None

    @property
    def finished(self) -> bool:
        """Whether the device is registered, unless the entry has an error."""
        return _plain(self.status) == "finished"

    @property
    def failed(self) -> bool:
        """Whether the device is not registered; if it is neither ``finished`` nor this, its outcome is open."""
        return (self.error_code or "0") != "0" or _plain(self.status) in ("finishedwitherrors", "failed")


class UploadDetails(msgspec.Struct, frozen=True):
    """The status of one upload, as Partner Center calls it, and its devices once it has finished."""

    status: str
    devices: tuple[DeviceEntry, ...]

    @property
    def finished(self) -> bool:
        """Whether Partner Center has finished, so that every device has its outcome in its own entry."""
        return _plain(self.status) in ("finished", "finishedwitherrors", "failed")


class Poll(msgspec.Struct, frozen=True):
    """The details of an upload at one poll, and the least time to the next one, if Partner Center asks for it."""

    details: UploadDetails
    retry_after: timedelta | None


class _Documented(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """An entry as it is documented."""

    status: str
    device_id: msgspec.Raw = msgspec.Raw()
    serial_number: str | None = None
    product_key: str | None = None
    error_code: str | None = None
    error_description: str | None = None


_DOCUMENTED = msgspec.json.Decoder(_Documented)


class _Document(msgspec.Struct, frozen=True):
    """The two members that matter, not decoded yet; .NET may write their names in PascalCase, others in lower case."""

    status: msgspec.Raw = msgspec.Raw()
    devices: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="devicesStatus")
    pascal_status: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="Status")
    pascal_devices: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="DevicesStatus")
    lower_devices: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="devicesstatus")


def upload_details_in(answer: Answer) -> UploadDetails | None:
    """Return the details of an upload; ``None`` if the body is something else.

    An invalid entry leaves the others usable. The answer is split first, and then decoded entry by entry, so that it
    takes a few times its size in memory, whatever it holds.
    """
    body = _whole(answer.body)
    # To split an array of millions of tiny entries would make millions of objects: commas are counted first.
    if body.count(b",") > MOST_IN_PART * _MEMBERS:
        return None
    try:
        document = msgspec.json.decode(body, type=_Document)
        status = _value(document.status or document.pascal_status or b'"unknown"')
    except (ValueError, RecursionError):
        return None
    if isinstance(status, bool) or not isinstance(status, int | str):
        return None
    details = UploadDetails(_word(text_of(status, LONGEST_STATE)) or "unknown", ())
    # A thousand entries take four milliseconds, and are not used before the end.
    if not details.finished:
        return details
    devices = document.devices or document.pascal_devices or document.lower_devices
    is_array = bytes(memoryview(devices)[:1]) == b"["
    entries = msgspec.json.decode(devices, type=list[msgspec.Raw]) if is_array else []
    return msgspec.structs.replace(details, devices=tuple(map(_entry, entries[:MOST_IN_PART])))


def _whole(body: bytes) -> bytes:
    """Replace half characters: a description that was cut off may end in one, and strict decoders refuse it."""
    if not _MAYBE_HALF.search(body):
        return body
    return replaced(_ESCAPE, lambda escape: b"?" if escape[1] else escape[0], body)


def _entry(raw: msgspec.Raw) -> DeviceEntry:
    """Read an entry: as documented, which is three times as quick, or else in any form."""
    if len(memoryview(raw)) <= LONGEST_ENTRY:
        with suppress(ValueError, RecursionError):
            found = _DOCUMENTED.decode(raw)
            status, code, description = map(_repeated, (found.status, found.error_code, found.error_description))
            return DeviceEntry(
                text_of(found.serial_number), text_of(found.product_key), _word(status), code, description
            )
    return _odd_entry(raw)


# Thousands of entries have the same few words.
_repeated = lru_cache(64)(text_of)


def _odd_entry(raw: msgspec.Raw) -> DeviceEntry:
    value = _value(raw)
    members = {name.lower(): member for name, member in value.items()} if isinstance(value, dict) else {}
    return DeviceEntry(
        text_of(members.get("serialnumber")),
        text_of(members.get("productkey")),
        _word(text_of(members.get("status"))),
        text_of(members.get("errorcode")),
        text_of(members.get("errordescription")),
    )


def _value(raw: msgspec.Raw | bytes) -> Any:  # noqa: ANN401 - a foreign value can be anything
    """Decode a part of the document; return ``None`` if it is too large, or damaged."""
    try:
        return msgspec.json.decode(raw) if len(memoryview(raw)) <= LONGEST_ENTRY else None
    except (ValueError, RecursionError):
        return None


def _word(status: str | None) -> str | None:
    return _NUMBERED.get(status or "", status)


@lru_cache(64)
def _plain(status: str | None) -> str:
    """Return a status as it is compared: ``FinishedWithErrors`` is ``finished_with_errors``."""
    return re.sub("[^a-z]", "", (status or "").lower())
