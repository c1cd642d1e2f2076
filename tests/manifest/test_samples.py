"""The samples: one that is fine for each layout, and two that show what the report looks like."""

import json
from pathlib import Path

import pytest

from tests.manifest.files import devices_in, issues_in, read, warnings_in

SAMPLES = Path(__file__).parents[2] / "samples"

FINE = {
    "seed-example.json": (2, {"unusual_hash_length"}),
    "devices-array.json": (3, set()),
    "envelope.json": (2, set()),
    "partner-center.csv": (3, set()),
    "windows-autopilot-info.csv": (2, {"ignored_column"}),
    "managed-desktop.csv": (2, set()),
    "excel-semicolon.csv": (2, {"guessed_encoding"}),
    "laptops.csv": (6, set()),
    "laptops.xlsx": (2, set()),
    "partial.csv": (5, set()),
    "intune.csv": (2, {"ignored_column"}),
    "configuration-manager.csv": (2, {"skipped_top", "unknown_column"}),
    "management-tool.csv": (2, {"unknown_column"}),
    "graph-export.json": (2, {"unknown_member", "ignored_member", "ignored_product_key"}),
    "import-csv-convertto-json.json": (2, {"unknown_member"}),
    "cipp.json": (2, set()),
}
BROKEN = {"broken.csv", "broken.json"}


def data(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_each_sample_is_tested() -> None:
    assert {
        path.name for path in SAMPLES.iterdir() if path.suffix in {".csv", ".json", ".xlsx"}
    } == FINE.keys() | BROKEN


@pytest.mark.parametrize("name", FINE)
def test_a_sample_is_fine(name: str) -> None:
    count, warnings = FINE[name]
    assert len(devices_in(data(name))) == count
    assert {code for _, code in warnings_in(data(name))} == warnings


def test_the_samples_are_what_they_are_said_to_be() -> None:
    assert data("windows-autopilot-info.csv").startswith(b"\xff\xfe")
    assert data("managed-desktop.csv").startswith(b"\xef\xbb\xbf")
    assert "Gebrüder Müller GmbH & Co. KG" in data("excel-semicolon.csv").decode("cp1252")
    manifest = read(data("envelope.json"))
    assert (manifest.customer_id, manifest.batch_id) == ("c7f3c849-129f-4b85-a96d-4f8e88b315a3", "Sales laptops")


def test_the_seed_example_is_the_references_own_to_the_letter() -> None:
    first, second = json.loads(data("seed-example.json"))
    assert second == first | {"HardwareHash": "DummyHash12345"}
    assert list(first.items()) == [
        ("Id", None),
        ("SerialNumber", "2R9-ZNP67"),
        ("ProductKey", "00329-00000-0003-AA606"),
        ("HardwareHash", "DummyHash1234"),
        ("Policies", None),
        ("CreatedBy", None),
        ("UploadedDate", "0001-01-01T00:00:00"),
        ("AllowedOperations", None),
        ("Attributes", {"ObjectType": "Device"}),
    ]


def test_the_partial_sample_has_a_device_for_each_verdict_of_the_stand_in() -> None:
    serials = [device.serial_number or "" for device in devices_in(data("partial.csv"))]
    assert {serial[:4] for serial in serials} >= {"808-", "802-", "806-"}


def test_the_broken_csv_shows_what_to_change_on_each_line() -> None:
    assert sorted(issues_in(data("broken.csv"))) == [
        ("line 12", "missing_identity"),
        ("line 2", "number_for_serial"),
        ("line 3", "too_many_cells"),
        ("line 4", "missing_identity"),
    ]
    assert sorted(warnings_in(data("broken.csv"))) == [
        ("line 1", "ignored_column"),
        ("line 1", "unknown_column"),
        ("line 10", "unusual_hash_length"),
        ("line 11", "surrounding_space"),
        ("line 5", "placeholder_value"),
        ("line 5", "placeholder_value"),
        ("line 7", "duplicate_device"),
        ("line 8", "repeated_hash"),
        ("line 9", "unusual_hash_length"),
    ]


def test_the_broken_json_shows_what_to_change_in_each_device() -> None:
    assert issues_in(data("broken.json")) == [
        ("device 1", "wrong_type"),
        ("device 2", "missing_identity"),
        ("device 3", "not_an_object"),
        ("device 4", "number_for_serial"),
        ("device 5", "conflicting_members"),
        ("device 7", "missing_identity"),
    ]
    assert set(warnings_in(data("broken.json"))) == {
        ("device 6", "ignored_member"),
        ("device 6", "placeholder_value"),
        ("device 7", "word_for_nothing"),
    }
