"""What a manifest gives once it has been inspected."""

import json
from collections.abc import Iterator
from itertools import islice

import msgspec
import pytest

from shared.manifest import Finding, Findings, InMemory, inspect, reread
from shared.manifest.device import Device, encode
from tests.manifest.files import MOST, TEMPLATE, csv_text, json_file, made_up_hash, read, warnings_in


class Counted(InMemory):
    """Counts how often it is read, and comes in pieces as a download does."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__(data)
        self.times = 0
        self._step = step

    def chunks(self) -> Iterator[bytes]:
        self.times += 1
        (data,) = super().chunks()
        for start in range(0, len(data), self._step):
            yield data[start : start + self._step]


def numbered(count: int) -> list[Device]:
    return [Device(f"S{number:06}", None, made_up_hash(number, 400)) for number in range(1, count + 1)]


def test_a_device_is_written_with_what_it_has_alone() -> None:
    devices = [Device("1", None, "h"), Device(None, "k", None, "Müller", " M "), Device()]
    assert (
        encode(iter(devices))
        == (
            '[{"serialNumber":"1","hardwareHash":"h"},'
            '{"productKey":"k","oemManufacturerName":"Müller","modelName":" M "},{}]'
        ).encode()
    )


def test_a_blank_value_is_absent() -> None:
    text = '[{"serialNumber": "", "productKey": "K", "hardwareHash": " \\t", "modelName": "\u00a0"}]'
    assert [*read(text.encode()).devices()] == [Device(None, "K")]
    assert [*read(b"Serial Number,Windows Product ID,Model\n ,K,\t\n").devices()] == [Device(None, "K")]


def test_the_ids_of_an_envelope_are_reported() -> None:
    devices = [{"productKey": "K"}]
    manifest = read(json.dumps({"CustomerId": "c", "devices": devices, "batchID": " b"}).encode())
    assert (manifest.customer_id, manifest.batch_id, manifest.device_count) == ("c", " b", 1)
    manifest = read(json.dumps({"customerId": None, "devices": devices}).encode())
    assert (manifest.customer_id, manifest.batch_id, manifest.issues.count) == (None, None, 0)


@pytest.mark.parametrize("rest", ["}", ', "devices": {}}', ', "devices": [{]}', ', "devices": [], "devices": [1]}'])
def test_the_ids_of_an_envelope_are_known_though_its_devices_cannot_be_read(rest: str) -> None:
    manifest = read(b'{"customerId": "c", "batchId": "b"' + rest.encode())
    assert (manifest.customer_id, manifest.batch_id, manifest.device_count) == ("c", "b", None)


@pytest.mark.parametrize("streamed", [False, True], ids=["kept", "streamed"])
@pytest.mark.parametrize("layout", ["json", "csv"])
def test_devices_come_from_any_number_on(layout: str, *, streamed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if streamed:
        monkeypatch.setattr("shared.manifest.manifest.KEPT_DEVICES", 100)
    devices = numbered(500)
    data = json_file(devices) if layout == "json" else csv_text(devices, TEMPLATE).encode()
    content = Counted(data, 1000)
    manifest = inspect(content, max_bytes=MOST)
    assert content.times == 1
    for first in (1, 2, 250, 500, 501):
        assert [*manifest.devices(first)] == devices[first - 1 :]
    assert content.times == (6 if streamed else 1)


@pytest.mark.parametrize("streamed", [False, True], ids=["kept", "streamed"])
@pytest.mark.parametrize("layout", ["json", "csv"])
def test_what_is_listed_twice_is_sent_once(layout: str, *, streamed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if streamed:
        monkeypatch.setattr("shared.manifest.manifest.KEPT_CHARACTERS", 10)
    one, two, three = numbered(3)
    same_hash = Device("other", None, one.hardware_hash)
    listed = [one, two, one, same_hash, three, same_hash, one]
    data = json_file(listed) if layout == "json" else csv_text(listed, TEMPLATE).encode()
    manifest = read(data)
    unit, offset = ("device", 0) if layout == "json" else ("line", 1)
    places = {(3, "duplicate_device"), (4, "repeated_hash"), (6, "duplicate_device"), (7, "duplicate_device")}
    reported = {(f"{unit} {place + offset}", code) for place, code in places}
    assert reported == {(where, code) for where, code in warnings_in(data) if code != "unusual_hash_length"}
    assert manifest.device_count == 4
    assert [*manifest.devices()] == [one, two, same_hash, three]
    assert [*manifest.devices(3)] == [same_hash, three]
    rows = [(row.place, row.number, row.duplicate) for row in manifest.rows()]
    assert rows == [
        (1, 1, False),
        (2, 2, False),
        (3, 1, True),
        (4, 3, False),
        (5, 4, False),
        (6, 3, True),
        (7, 1, True),
    ]
    assert [row.device for row in manifest.rows()] == listed


def test_a_duplicate_is_one_whatever_case_and_blanks_it_is_written_with() -> None:
    text = '[{"serialNumber": "1", "productKey": "K"}, {"SERIALNUMBER": "1", "ProductKey": "K", "modelName": " "}]'
    assert read(text.encode()).device_count == 1


def test_first_sightings_are_found_among_very_many() -> None:
    keys = [f"{number:x}" for number in range(25_000)]
    listed = [*keys, *keys[::-1000], "new"]
    manifest = read(("Windows Product ID\n" + "\n".join(listed)).encode())
    assert manifest.device_count == 25_001
    rows = [row for row in manifest.rows() if row.duplicate]
    assert [(row.place, row.number) for row in rows] == [(25_001 + i, 25_000 - 1000 * i) for i in range(25)]
    assert all(keys[row.number - 1] == row.device.product_key for row in rows)
    assert [device.product_key for device in manifest.devices(25_000)] == [keys[-1], "new"]


def test_rows_without_duplicates_are_numbered_by_their_place() -> None:
    rows = read(json_file(numbered(3))).rows()
    assert [(row.place, row.number, row.duplicate) for row in rows] == [(n, n, False) for n in (1, 2, 3)]


def test_a_manifest_with_issues_gives_no_devices() -> None:
    manifest = read(b'[{"productKey": "K"}, {}]')
    assert manifest.device_count == 2
    with pytest.raises(ValueError, match="issues"):
        manifest.devices()
    with pytest.raises(ValueError, match="issues"):
        manifest.rows()


def test_the_first_findings_are_kept_and_all_are_counted() -> None:
    data = b"[" + b'{"modelName": " x "},' * 500 + b'{"productKey": " "}, {"productKey": " k"}' + b"]"
    manifest = read(data, keep=10)
    assert [issue.where for issue in manifest.issues.kept] == [f"device {place}" for place in range(1, 11)]
    assert (manifest.issues.count, manifest.warnings.count) == (501, 502)
    assert len(read(data, keep=None).issues.kept) == 501
    assert not read(data, keep=0).issues.kept


def test_what_stopped_the_reading_is_reported_first() -> None:
    kept = read(b"[" + b"{}," * 500, keep=10).issues.kept
    assert [issue.code for issue in kept] == ["invalid_json"] + ["missing_identity"] * 9


def test_findings_from_elsewhere_come_first() -> None:
    ours, theirs = Finding("device 1", None, "a", "b"), Finding("manifest", "batchId", "c", "d")
    assert Findings((ours,), 7).after([theirs]) == Findings((theirs, ours), 8)


def test_what_reading_raises_is_passed_on() -> None:
    class Gone(InMemory):
        def chunks(self) -> Iterator[bytes]:
            yield from islice(super().chunks(), 1)
            raise ConnectionError("the download broke off")

    with pytest.raises(ConnectionError):
        inspect(Gone(b"[{}"), max_bytes=MOST)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100_003])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_the_size_of_the_pieces_changes_nothing(step: int, encoding: str) -> None:
    text = "Serial Number,Manufacturer,Model\r\n" + '1,"Zürich\r\nÄ",M\r\n\r\n2,é,M\r\n,,\r\n3,\r\n' * 3
    whole, pieces = read(text.encode(encoding)), inspect(Counted(text.encode(encoding), step), max_bytes=MOST)
    assert (pieces.issues, pieces.warnings, pieces.device_count) == (whole.issues, whole.warnings, whole.device_count)
    assert whole.issues.count == 3


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "not noted"])
@pytest.mark.parametrize("most", [2, 100], ids=["streamed", "kept"])
@pytest.mark.parametrize("places", [(0, 1, 2), (0, 1, 0, 2, 1)], ids=["unlike", "with duplicates"])
def test_what_is_read_again_is_what_was_read(
    places: tuple[int, ...], most: int, *, noted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.manifest.manifest.KEPT_DEVICES", most)
    three = numbered(3)
    content = Counted(json_file([three[place] for place in places]), 1000)
    manifest = inspect(content, max_bytes=MOST)
    known = {"has_duplicates": manifest.has_duplicates, "is_as_written": manifest.is_as_written}
    again = reread(content, max_bytes=MOST, **(known if noted else {"has_duplicates": True}))
    content.times = 0
    assert [*again.rows()] == [*manifest.rows()]
    assert [*again.devices(1)] == [*manifest.devices()] == three
    assert content.times == (0 if most == 100 else 4)


@pytest.mark.parametrize("around", ["{}", "\n{}", " {} "], ids=["as it is sent", "wrapped", "with space"])
def test_what_was_cleaned_is_cleaned_again(around: str) -> None:
    written = [
        msgspec.structs.replace(device, hardware_hash=around.format(device.hardware_hash)) for device in numbered(3)
    ]
    content = InMemory(json_file(written))
    manifest = inspect(content, max_bytes=MOST)
    assert manifest.is_as_written is (around == "{}")
    again = reread(content, max_bytes=MOST, has_duplicates=False, is_as_written=manifest.is_as_written)
    assert [*again.devices(1)] == [*manifest.devices()] == numbered(3)


def test_a_manifest_that_is_said_to_be_clean_has_no_more_rows_than_others() -> None:
    again = reread(
        InMemory(json_file(numbered(5))), max_bytes=MOST, has_duplicates=False, is_as_written=True, max_devices=3
    )
    assert [row.place for row in again.rows()] == [1, 2, 3]


def test_no_hash_and_no_key_is_in_a_text_about_a_manifest() -> None:
    manifest = inspect(InMemory(json_file(numbered(2))), max_bytes=MOST)
    text = repr(manifest)
    assert "device_count=2" in text
    assert not any(device.hardware_hash[:20] in text for device in numbered(2) if device.hardware_hash)


@pytest.mark.parametrize("step", [1, 7, 60, 10_000])
def test_a_title_is_found_whatever_the_size_of_the_pieces(step: int) -> None:
    text = "Laptops of Berlin\n\n" * 20 + "Serial Number,Manufacturer,Model\n1,Contoso,X1\n"
    manifest = inspect(Counted(text.encode(), step), max_bytes=MOST)
    assert [device.serial_number for device in manifest.devices()] == ["1"]
    assert [warning.code for warning in manifest.warnings.kept] == ["skipped_top"]
