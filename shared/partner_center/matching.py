"""Each device gets the outcome of its own entry in Partner Center's answer, whatever the status of the upload is.

In Microsoft's example the batch is ``finished`` while its device is ``finished_with_errors``. The order of the entries
is undocumented. A device that was sent with a hash alone comes back without any identifier, and one with a hash may
come back under the serial number that is inside the hash.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, islice

import msgspec

from shared.job.device_results import DeviceResult, Outcome, ResultRun
from shared.manifest.device import Device
from shared.partner_center.device_errors import UNASSIGNED, device_error
from shared.partner_center.upload_details import DeviceEntry

_MOST_COUNTED = 5  # outcomes that are listed
_ROUNDS = 5  # each entry that is matched may leave others only one device; real answers need two rounds


def judge(devices: Sequence[Device], entries: Sequence[DeviceEntry]) -> tuple[ResultRun, ...]:
    """Return the outcomes of the devices of one finished upload, in their order.

    An entry is matched by serial number and product key, which must not contradict the device's, and only if no other
    device can be meant. If there are as many entries as devices, the remaining ones are matched by position where their
    outcomes are all the same, so that the order makes no difference. A device without an entry that is certainly its
    own is ``NOT_REPORTED``.

    >>> judge([Device(serial_number="S1")], [DeviceEntry(serial_number="s1", status="finished")])[0].result.matched_by
    'serialNumber'
    """
    results = _by_serial_number(devices, entries)
    if results is None:
        matching = _Matching(devices, entries)
        matching.by_names()
        matching.by_shared_name()
        if len(devices) == len(entries):
            matching.by_elimination()
        results = matching.outcomes()
    return compress(results)


def compress(device_results: Sequence[DeviceResult]) -> tuple[ResultRun, ...]:
    """Return runs of equal results, each with its length."""
    return tuple(ResultRun(sum(1 for _ in same), result) for result, same in groupby(device_results))


def _by_serial_number(devices: Sequence[Device], entries: Sequence[DeviceEntry]) -> list[DeviceResult] | None:
    """Match by serial number alone if each occurs once and no product key contradicts; else return ``None``.

    Most answers are such, and this takes a third of the time.
    """
    sent = {_plain(device.serial_number): device for device in devices}
    found = {_plain(entry.serial_number): entry for entry in entries}
    if "" in sent or len(sent) < len(devices) or len(found) < len(entries) or not found.keys() <= sent.keys():
        return None
    if any(
        entry.product_key and _plain(entry.product_key) != _plain(sent[serial].product_key)
        for serial, entry in found.items()
    ):
        return None
    left = DeviceResult(Outcome.NOT_REPORTED)
    return [_outcome(found[serial], "serialNumber") if serial in found else left for serial in sent]


class _Names(msgspec.Struct, frozen=True):
    """The names of a device or an entry, in lower case without outer blanks; empty if it has no such name."""

    serial: str
    key: str
    shared: bool = False
    """Other devices of the upload have the same serial number."""
    hidden: bool = False
    """The serial number may come from a hash: the device has one, or no device was sent with the entry's number."""

    def contradicts(self, other: "_Names") -> bool:
        serials_differ = self.serial and other.serial and self.serial != other.serial
        keys_differ = self.key and other.key and self.key != other.key
        return bool(keys_differ or (serials_differ and not (self.hidden and other.hidden)))

    def known_by(self, other: "_Names") -> str:
        by_serial, by_key = bool(self.serial) and self.serial == other.serial, self.key == other.key
        # Where devices share a serial number, the key distinguishes them.
        return "serialNumber" if by_serial and not (self.shared and self.key and by_key) else "productKey"


class _Devices:
    """The devices that have no entry yet, by their names."""

    def __init__(self, names: Sequence[_Names]) -> None:
        self._names_of = [tuple(_filed_under(device)) for device in names]
        self.open = dict.fromkeys(range(len(names)))
        self._index: dict[tuple[str, ...], dict[int, None]] = defaultdict(dict)
        for place, every in enumerate(self._names_of):
            for name in every:
                self._index[name][place] = None

    def called(self, *name: str) -> dict[int, None]:
        return self._index.get(name, {})

    def close(self, place: int) -> None:
        del self.open[place]
        for name in self._names_of[place]:
            del self._index[name][place]

    def meant_by(self, entry: _Names) -> list[int]:
        """Return the device that an entry is about, or several if it may be about any of them."""
        if not entry.key:
            return _two_of(self.called("serial", entry.serial))
        if not entry.serial:
            return _two_of(self.called("key", entry.key))
        exact = self.called("both", entry.serial, entry.key)
        if len(exact) == 1:
            return list(exact)
        others = (self.called("both", entry.serial, ""), self.called("both", "", entry.key))
        inside = self.called("hash", entry.key) if entry.hidden else {}
        return [place for group in (exact, *others, inside) for place in _two_of(group)]


def _two_of(places: dict[int, None]) -> list[int]:
    return list(islice(places, 2))


def _filed_under(device: _Names) -> Iterator[tuple[str, ...]]:
    yield ("both", device.serial, device.key)
    if device.serial:
        yield ("serial", device.serial)
    if device.key:
        yield ("key", device.key)
    if device.key and device.serial and device.hidden:
        yield ("hash", device.key)


class _Matching:
    """Pairs devices with entries, each at most once."""

    def __init__(self, devices: Sequence[Device], entries: Sequence[DeviceEntry]) -> None:
        sent = [(_plain(d.serial_number), _plain(d.product_key), bool(d.hardware_hash)) for d in devices]
        serials = Counter(serial for serial, _, _ in sent)
        self._names = [_Names(serial, key, serials[serial] > 1, has_hash) for serial, key, has_hash in sent]
        self._entries = [_names_of_entry(entry, serials) for entry in entries]
        self._outcomes = [_outcome(entry) for entry in entries]
        self._devices = _Devices(self._names)
        self._open_entries = dict.fromkeys(range(len(entries)))
        self._found: dict[int, DeviceResult] = {}

    def outcomes(self) -> list[DeviceResult]:
        left = DeviceResult(Outcome.NOT_REPORTED, None, self._unassigned())
        return [self._found.get(device, left) for device in range(len(self._names))]

    def _unassigned(self) -> str | None:
        """Return in words the outcomes of unmatched entries: some may be those of devices without one."""
        counts = Counter(self._outcomes[entry] for entry in self._open_entries).most_common(_MOST_COUNTED)
        outcomes = [f"{count} {result.outcome} {result.code or ''}".strip() for result, count in counts]
        return f"{UNASSIGNED} It has {', '.join(outcomes)}." if outcomes else None

    def by_names(self) -> None:
        """Pair entries that can be about one device only; each pair may leave other entries only one device."""
        for _ in range(_ROUNDS):
            before = len(self._found)
            for device, entries in self._meant_alone().items():
                # Where entries of one device contradict each other, one of them is of a device without that name.
                if self._alike(entries):
                    self._pair(device, entries[0], self._names[device].known_by(self._entries[entries[0]]))
            if len(self._found) == before:
                return

    def _meant_alone(self) -> dict[int, list[int]]:
        """Return the open devices that entries mean and no other, each with these entries."""
        found: dict[int, list[int]] = defaultdict(list)
        for entry in self._open_entries:
            meant = self._devices.meant_by(self._entries[entry])
            if len(meant) == 1:
                found[meant[0]].append(entry)
        return found

    def by_shared_name(self) -> None:
        """Pair devices that share a name with entries that have only this name, if the outcomes are all the same.

        If there are fewer entries than devices, it is unknown which device has none.
        """
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place in self._open_entries:
            entry = self._entries[place]
            if bool(entry.serial) != bool(entry.key):
                groups[("serial", entry.serial) if entry.serial else ("key", entry.key)].append(place)
        for name, places in groups.items():
            devices = list(self._devices.called(*name))
            if len(devices) <= len(places) and self._alike(places):
                for device, place in zip(devices, places, strict=False):
                    self._pair(device, place, self._names[device].known_by(self._entries[place]))

    def by_elimination(self) -> None:
        """Pair the remaining devices and entries by position, if the outcomes are all the same and no names contradict.

        The order of entries is undocumented: where outcomes differ, positions prove nothing.
        """
        left = list(zip(self._devices.open, self._open_entries, strict=True))
        contradict = any(self._names[device].contradicts(self._entries[entry]) for device, entry in left)
        if self._alike(self._open_entries) and not contradict:
            for device, entry in left:
                self._pair(device, entry, "position")

    def _alike(self, entries: Iterable[int]) -> bool:
        return len({self._outcomes[entry] for entry in entries}) <= 1

    def _pair(self, device: int, entry: int, name: str) -> None:
        self._found[device] = msgspec.structs.replace(self._outcomes[entry], matched_by=name)
        self._devices.close(device)
        del self._open_entries[entry]


def _plain(name: str | None) -> str:
    return (name or "").strip().lower()


def _names_of_entry(entry: DeviceEntry, serials: Counter[str]) -> _Names:
    serial = _plain(entry.serial_number)
    return _Names(serial, _plain(entry.product_key), hidden=not serial or serial not in serials)


def _outcome(entry: DeviceEntry, matched_by: str | None = None) -> DeviceResult:
    """Return the result that an entry has for its device, whichever that is."""
    return _result(entry.status, entry.error_code, entry.error_description, matched_by)


# Thousands of entries have the same few outcomes.
@lru_cache(64)
def _result(
    status: str | None, error_code: str | None, description: str | None, matched_by: str | None
) -> DeviceResult:
    entry = DeviceEntry(status=status, error_code=error_code)
    code, text = None if error_code == "0" else error_code or None, description or None
    if entry.failed:
        return DeviceResult(device_error(code, description).outcome, code, text, matched_by)
    if entry.finished:
        return DeviceResult(Outcome.REGISTERED, None, None, matched_by)
    return DeviceResult(Outcome.NOT_REPORTED, None, text or f"status {status or 'unknown'}", matched_by)
