import pytest

from shared.job.record import Outcome, Verdict, VerdictRun
from shared.manifest.device import Device
from shared.partner_center.matching import compress, judge
from shared.partner_center.responses import DeviceEntry

DONE = "finished"


def fates(devices: list[Device], entries: list[DeviceEntry]) -> list[tuple[str, str | None]]:
    return [
        (run.verdict.outcome.value, run.verdict.matched_by) for run in judge(devices, entries) for _ in range(run.count)
    ]


def test_devices_are_found_by_serial_then_key_then_place() -> None:
    devices = [Device(hardware_hash="h"), Device(product_key="K1"), Device(serial_number="S1")]
    entries = [
        DeviceEntry(serial_number="resolved-by-them", status=DONE),
        DeviceEntry(serial_number="s1 ", status=DONE),
        DeviceEntry(product_key="k1", status=DONE),
    ]
    assert fates(devices, entries) == [
        ("registered", "position"),
        ("registered", "productKey"),
        ("registered", "serialNumber"),
    ]


def test_position_counts_only_where_the_counts_agree() -> None:
    devices = [Device(hardware_hash="h1"), Device(hardware_hash="h2")]
    assert fates(devices, [DeviceEntry(status=DONE)]) == [("not_reported", None)] * 2
    assert fates(devices, [DeviceEntry(status=DONE)] * 2) == [("registered", "position")] * 2


def test_position_never_gives_a_device_anothers_entry() -> None:
    devices = [Device(serial_number="S1", hardware_hash="h"), Device(hardware_hash="h2")]
    entries = [DeviceEntry(serial_number="S9", status=DONE), DeviceEntry(status=DONE)]
    assert fates(devices, entries) == [("not_reported", None), ("registered", "position")]


def test_each_entry_judges_one_device() -> None:
    devices = [Device(serial_number="S1", model_name="A"), Device(serial_number="S1", model_name="B")]
    entries = [DeviceEntry(serial_number="S1", status=DONE), DeviceEntry(serial_number="S1", error_code="802")]
    assert [name for name, _ in fates(devices, entries)] == ["registered", "failed"]
    assert [name for name, _ in fates(devices, entries[:1])] == ["registered", "not_reported"]


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
        ("finished", "4711", None, Outcome.FAILED),
        ("processing", None, None, Outcome.NOT_REPORTED),
        (None, None, None, Outcome.NOT_REPORTED),
    ],
)
def test_each_entry_is_judged_by_its_own_words(
    status: str | None, code: str | None, description: str | None, outcome: Outcome
) -> None:
    entry = DeviceEntry(serial_number="S1", status=status, error_code=code, error_description=description)
    (run,) = judge([Device(serial_number="S1")], [entry])
    assert run.verdict.outcome is outcome


def test_equal_neighbours_are_counted_together() -> None:
    good, bad = Verdict(Outcome.REGISTERED), Verdict(Outcome.FAILED, "802")
    assert compress([good, good, bad, good]) == (VerdictRun(2, good), VerdictRun(1, bad), VerdictRun(1, good))
