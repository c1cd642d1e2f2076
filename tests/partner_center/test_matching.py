from collections.abc import Sequence
from itertools import pairwise, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.job.device_results import DeviceResult, Outcome, ResultRun
from shared.manifest.device import Device
from shared.partner_center.device_errors import DEVICE_ERRORS, UNASSIGNED, DeviceError, action, device_error
from shared.partner_center.matching import compress, judge
from shared.partner_center.upload_details import DeviceEntry

DONE = "finished"
HASH = "T0EAAAEAHAAAAAoAAQD0ASlQ"


def device(serial: str | None = None, key: str | None = None, hardware_hash: str | None = None) -> Device:
    return Device(serial_number=serial, product_key=key, hardware_hash=hardware_hash)


def good(serial: str | None = None, key: str | None = None) -> DeviceEntry:
    return DeviceEntry(serial_number=serial, product_key=key, status=DONE)


def bad(serial: str | None = None, key: str | None = None) -> DeviceEntry:
    return DeviceEntry(serial_number=serial, product_key=key, status="finished_with_errors", error_code="808")


def device_results(devices: Sequence[Device], entries: Sequence[DeviceEntry]) -> list[DeviceResult]:
    return [run.result for run in judge(devices, entries) for _ in range(run.count)]


def outcomes(devices: Sequence[Device], entries: Sequence[DeviceEntry]) -> list[tuple[str, str | None]]:
    return [(result.outcome.value, result.matched_by) for result in device_results(devices, entries)]


UNKNOWN = ("not_reported", None)


def test_devices_are_found_by_serial_then_key_then_elimination() -> None:
    devices = [device(hardware_hash="h"), device(key="K1"), device("S1")]
    entries = [good("resolved-by-them"), good("s1 "), good(key="k1")]
    assert outcomes(devices, entries) == [
        ("registered", "position"),
        ("registered", "productKey"),
        ("registered", "serialNumber"),
    ]


@pytest.mark.parametrize("turned", [False, True])
def test_devices_of_one_serial_are_told_apart_by_their_keys(turned: bool) -> None:  # noqa: FBT001 - a table's column
    devices = [device("Default string", "K-1"), device("Default string", "K-2")]
    entries = [bad("Default string", "K-2"), good("Default string", "K-1")]
    assert outcomes(devices, entries[::-1] if turned else entries) == [
        ("registered", "productKey"),
        ("failed", "productKey"),
    ]


@pytest.mark.parametrize(
    ("devices", "entries", "expected"),
    [
        ([device("S", "K1")], [good("S", "K1")], [("registered", "serialNumber")]),
        ([device("S", "K1")], [good("S")], [("registered", "serialNumber")]),
        ([device("S")], [good("S", "K9")], [("registered", "serialNumber")]),
        ([device("S", "K1"), device("S", "K2")], [good("S"), bad("S", "K2")],
         [("registered", "serialNumber"), ("failed", "productKey")]),
        ([device("S", "K1")], [good(key="K1")], [("registered", "productKey")]),
        ([device(key="K1")], [good(key="k1 ")], [("registered", "productKey")]),
        ([device(key="K1"), device(key="K2")], [good(key="K2"), bad(key="K1")],
         [("failed", "productKey"), ("registered", "productKey")]),
        ([device(key="K1")], [good("S9", "K1")], [("registered", "productKey")]),
        ([device("S1", "K1", HASH)], [good("S9", "K1")], [("registered", "productKey")]),
    ],
)  # fmt: skip
def test_names_that_do_not_contradict_are_paired(
    devices: list[Device], entries: list[DeviceEntry], expected: list[tuple[str, str | None]]
) -> None:
    assert outcomes(devices, entries) == expected


@pytest.mark.parametrize(
    ("devices", "entries"),
    [
        ([device("S", "K1")], [good("S", "K9")]),
        ([device("S1", "K")], [good("S9", "K")]),
        ([device("S1")], [good("S9")]),
        ([device("S1", "K1", HASH)], [good("S9", "K9")]),
        ([device("S1", "K1", HASH), device("S2", "K2", HASH)], [good("S2", "K1"), good("S1", "K2")]),
        ([device("S", "K1"), device("S", "K2")], [good("S", "K8"), good("S", "K9")]),
    ],
)
def test_names_that_contradict_are_never_paired(devices: list[Device], entries: list[DeviceEntry]) -> None:
    found = device_results(devices, entries)
    assert [(result.outcome, result.matched_by) for result in found] == [UNKNOWN] * len(devices)
    assert all((result.description or "").startswith(UNASSIGNED) for result in found)


def test_the_serial_inside_a_hash_may_be_another() -> None:
    entries = [good("Default string")]
    assert outcomes([device("S1", hardware_hash=HASH)], entries) == [("registered", "position")]
    assert outcomes([device("S1")], entries) == [UNKNOWN]


def test_a_serial_of_another_device_is_never_the_one_inside_a_hash() -> None:
    devices = [device("S1", hardware_hash=HASH), device("S2", hardware_hash=HASH)]
    assert outcomes(devices, [good("S2"), good("S2")]) == [UNKNOWN, ("registered", "serialNumber")]


def test_what_is_left_is_paired_by_elimination_only_where_it_all_says_the_same() -> None:
    devices = [device("S1"), device("S2"), device(hardware_hash="h1"), device(hardware_hash="h2")]
    # S2 before S1: the order is visibly not that of the upload.
    assert outcomes(devices, [good("S2"), good("S1"), bad(), bad()])[2:] == [("failed", "position")] * 2
    assert outcomes(devices, [good("S2"), good("S1"), bad(), good()])[2:] == [UNKNOWN] * 2
    assert outcomes(devices, [good("S2"), good("S1"), bad()])[2:] == [UNKNOWN] * 2


def test_position_counts_only_where_the_counts_agree() -> None:
    devices = [device(hardware_hash="h1"), device(hardware_hash="h2")]
    assert outcomes(devices, [good()]) == [UNKNOWN] * 2
    assert outcomes(devices, [good()] * 2) == [("registered", "position")] * 2
    assert outcomes(devices, [good()] * 3) == [UNKNOWN] * 2


def test_places_say_nothing_where_outcomes_differ() -> None:
    devices = [device(hardware_hash="h1"), device(hardware_hash="h2"), device("S3")]
    first, second, third = device_results(devices, [good(), bad(), good("S3")])
    assert first == second
    assert (first.outcome, first.matched_by) == (Outcome.NOT_REPORTED, None)
    assert first.description == f"{UNASSIGNED} It has 1 registered, 1 failed 808."
    assert action(first) == "Look the device up in Partner Center to be sure."
    assert third.outcome is Outcome.REGISTERED
    assert outcomes(devices, [good(), good(), good("S3")]) == [("registered", "position")] * 2 + [
        ("registered", "serialNumber")
    ]


def test_position_is_no_ground_for_an_entry_that_names_several_devices() -> None:
    devices = [device("S", hardware_hash="h1"), device("S", hardware_hash="h2")]
    found = device_results(devices, [good("S"), bad("S")])
    assert [result.outcome for result in found] == [Outcome.NOT_REPORTED] * 2
    assert {action(result) for result in found} == {"Look the device up in Partner Center to be sure."}
    assert outcomes(devices, [good("S"), good("S")]) == [("registered", "serialNumber")] * 2


def test_fewer_entries_than_devices_of_a_name_are_nobodys() -> None:
    devices = [device("S", hardware_hash="h1"), device("S", hardware_hash="h2")]
    assert outcomes(devices, [good("S")]) == [UNKNOWN] * 2
    assert outcomes(devices, []) == [UNKNOWN] * 2
    assert device_results(devices, [])[0].description is None


names = st.sampled_from([None, "A", "B", "C"])
fleets = st.lists(st.builds(device, names, names, st.sampled_from([None, HASH])), min_size=1, max_size=5)


def _are_their_own(devices: list[Device], ends: list[bool], data: st.DataObject) -> None:
    ends = ends[: len(devices)]
    # Names may be missing, and a serial number be the one inside the hash.
    own = [
        (good if end else bad)(
            data.draw(st.sampled_from([one.serial_number, None, *(["Inside"] if one.hardware_hash else [])])),
            data.draw(st.sampled_from([one.product_key, None])),
        )
        for one, end in zip(devices, ends, strict=True)
    ]
    entries = [own[place] for place in data.draw(st.permutations(range(len(own))))]
    entries = entries[: data.draw(st.integers(0, len(entries)))]
    for result, end in zip(device_results(devices, entries), ends, strict=True):
        assert result.outcome is Outcome.NOT_REPORTED or (result.outcome is Outcome.REGISTERED) is end


_anything = given(fleets, st.lists(st.booleans(), min_size=5, max_size=5), st.data())


def test_outcomes_that_are_certain_are_the_devices_own() -> None:
    _anything(_are_their_own)()


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_outcomes_that_are_certain_are_the_devices_own_in_many_answers() -> None:
    settings(max_examples=20_000, deadline=None)(_anything(_are_their_own))()


def test_any_order_gives_devices_that_are_named_their_own() -> None:
    devices = [device("S1"), device("S2", "K2"), device("S", "K3"), device("S", "K4"), device(hardware_hash="h")]
    entries = [bad("S1"), good("S2", "K2"), bad("S", "K3"), good("S", "K4"), good("inside")]
    expected = ["failed", "registered", "failed", "registered", "registered"]
    for order in permutations(entries):
        assert [result.outcome.value for result in device_results(devices, order)] == expected


@pytest.mark.parametrize(
    ("status", "code", "description", "outcome"),
    [
        ("finished", None, None, Outcome.REGISTERED),
        ("Finished", "", None, Outcome.REGISTERED),
        ("finished", "0", None, Outcome.REGISTERED),
        ("finished_with_errors", "806", "ZtdDeviceAlreadyAssigned", Outcome.ALREADY_REGISTERED),
        ("finished_with_errors", "806", None, Outcome.ALREADY_REGISTERED),
        ("finished", "999", "ZtdDeviceAlreadyAssigned", Outcome.ALREADY_REGISTERED),
        ("finished_with_errors", "806", "ZtdDeviceAssignedToOtherTenant", Outcome.FAILED),
        ("finished_with_errors", "808", "x", Outcome.FAILED),
        ("finished_with_errors", None, None, Outcome.FAILED),
        ("FinishedWithErrors", "0", None, Outcome.FAILED),
        ("Failed", None, None, Outcome.FAILED),
        ("finished", "4711", None, Outcome.FAILED),
        ("processing", "808", None, Outcome.FAILED),
        ("processing", None, None, Outcome.NOT_REPORTED),
        (None, None, None, Outcome.NOT_REPORTED),
    ],
)
def test_each_entry_is_judged_by_its_own_words(
    status: str | None, code: str | None, description: str | None, outcome: Outcome
) -> None:
    entry = DeviceEntry(serial_number="S1", status=status, error_code=code, error_description=description)
    (run,) = judge([Device(serial_number="S1")], [entry])
    assert run.result.outcome is outcome


def test_equal_neighbours_are_counted_together() -> None:
    one, other = DeviceResult(Outcome.REGISTERED), DeviceResult(Outcome.FAILED, "802")
    assert compress([one, one, other, one]) == (ResultRun(2, one), ResultRun(1, other), ResultRun(1, one))


def test_a_large_answer_about_one_serial_is_judged_in_time_that_grows_with_its_size() -> None:
    devices = [device("S", f"K{number}") for number in range(1000)]
    entries = [good("S", f"K{number}") for number in reversed(range(20_000))]
    assert outcomes(devices, entries) == [("registered", "productKey")] * 1000


def test_a_chain_of_names_is_followed_for_a_few_links() -> None:
    # Each entry can mean two devices until the entry behind it has found its own.
    links = ["A0", *(f"{side}{number}" for number in range(1, 8) for side in "BA")]
    devices = [device(link) if link[0] == "A" else device(key=link) for link in links]
    entries = [good("A0")]
    for one, other in pairwise(links):
        serial, key = sorted((one, other))
        entries.append((good if len(entries) % 2 else bad)(serial, key))
    found = [result.outcome for result in device_results(devices, entries[::-1])]
    assert found[:5] == [Outcome.REGISTERED, Outcome.REGISTERED, Outcome.FAILED, Outcome.REGISTERED, Outcome.FAILED]
    assert set(found[5:]) == {Outcome.NOT_REPORTED}


@pytest.mark.parametrize("devices", [[device("S1")], [device("S1", hardware_hash=HASH), device(hardware_hash="h")]])
@pytest.mark.parametrize("entries", list(permutations([good("S1"), bad("S1")])))
def test_entries_of_one_name_that_contradict_each_other_are_no_devices(
    devices: list[Device], entries: tuple[DeviceEntry, ...]
) -> None:
    assert set(outcomes(devices, entries)) == {UNKNOWN}


FAILURES = [each for each in (*DEVICE_ERRORS, device_error(None, None)) if each.outcome is Outcome.FAILED]


@pytest.mark.parametrize("error", FAILURES)
def test_after_each_error_of_a_device_the_whole_manifest_is_dropped_again(error: DeviceError) -> None:
    assert error.action.endswith("drop the whole manifest again.")
