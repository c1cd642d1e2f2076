"""Every device is judged by its own entry in Partner Center's answer, whatever the answer says of the whole.

In Microsoft's example the batch is ``finished`` while its device is ``finished_with_errors``.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import groupby

from shared.job.record import Outcome, Verdict, VerdictRun
from shared.manifest.device import Device
from shared.partner_center.device_errors import device_error
from shared.partner_center.responses import DeviceEntry

_UNTOLD = Verdict(Outcome.NOT_REPORTED)


def judge(devices: Sequence[Device], entries: Sequence[DeviceEntry]) -> tuple[VerdictRun, ...]:
    """Judge the devices of one finished upload, in their order.

    Entries are matched by serial number, then by product key, then by position where the counts agree: hash-only
    devices come back without any identifier, and the order is undocumented.
    """
    matches = _Matches(devices, entries)
    matches.by("serialNumber", [d.serial_number for d in devices], [e.serial_number for e in entries])
    matches.by("productKey", [d.product_key for d in devices], [e.product_key for e in entries])
    if len(devices) == len(entries):
        matches.by_position()
    return compress(matches.verdicts)


def compress(verdicts: Sequence[Verdict]) -> tuple[VerdictRun, ...]:
    """Count equal neighbours together."""
    return tuple(VerdictRun(sum(1 for _ in same), verdict) for verdict, same in groupby(verdicts))


class _Matches:
    """Pairs devices with entries, each at most once."""

    def __init__(self, devices: Sequence[Device], entries: Sequence[DeviceEntry]) -> None:
        self.verdicts = [_UNTOLD] * len(devices)
        self._devices = devices
        self._entries = entries
        self._open_devices = dict.fromkeys(range(len(devices)))
        self._open_entries = dict.fromkeys(range(len(entries)))

    def by(self, name: str, wanted: Sequence[str | None], told: Sequence[str | None]) -> None:
        found: dict[str, deque[int]] = defaultdict(deque)
        for entry in self._open_entries:
            found[_key(told[entry])].append(entry)
        for device in list(self._open_devices):
            key = _key(wanted[device])
            if key and found[key]:
                self._pair(device, found[key].popleft(), name)

    def by_position(self) -> None:
        for device in list(self._open_devices):
            if device in self._open_entries and not self._contradicts(device):
                self._pair(device, device, "position")

    def _contradicts(self, place: int) -> bool:
        """Tell whether the entry at a device's place names another device."""
        device, entry = self._devices[place], self._entries[place]
        pairs = ((device.serial_number, entry.serial_number), (device.product_key, entry.product_key))
        return any(_key(ours) and _key(theirs) and _key(ours) != _key(theirs) for ours, theirs in pairs)

    def _pair(self, device: int, entry: int, name: str) -> None:
        self.verdicts[device] = _verdict(self._entries[entry], name)
        del self._open_devices[device]
        del self._open_entries[entry]


def _key(text: str | None) -> str:
    return (text or "").strip().lower()


def _verdict(entry: DeviceEntry, matched_by: str) -> Verdict:
    code, description = entry.error_code or "", entry.error_description or ""
    status = _key(entry.status)
    if code in ("", "0") and status == "finished":
        return Verdict(Outcome.REGISTERED, None, None, matched_by)
    if code in ("", "0") and status != "finished_with_errors":
        return Verdict(Outcome.NOT_REPORTED, None, description or f"status {status}", matched_by)
    return Verdict(device_error(code, description).outcome, code or None, description or None, matched_by)
