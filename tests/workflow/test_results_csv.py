import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import msgspec
import pytest

from shared.job.device_results import DeviceResult, Outcome, ResultRun
from shared.job.lease import Lease
from shared.job.lifecycle import following, reported
from shared.job.status_document import Job, Upload
from shared.job.transitions import Start, begin
from shared.manifest import Row
from shared.manifest.device import Device
from shared.workflow.results_csv import COLUMNS, LONGEST_VALUE, PIECE, results_csv, unknown_rows

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def job(*runs: ResultRun) -> Job:
    upload = Upload(
        first_device=1,
        device_count=sum(run.count for run in runs),
        request_id="r",
        correlation_id="c",
        location="/l/1",
        state="finished",
        accepted_at=NOW,
    )
    claimed = begin(Start("m.json", "0x1", UUID(int=1), 1000, None, NOW), Lease(owner="me", until=NOW))
    posted = following(msgspec.structs.replace(claimed, uploads=(upload,)), NOW, NOW)
    return reported(posted, 0, "finished", runs, NOW)


def read(pieces: Iterable[bytes]) -> list[dict[str, str]]:
    results = b"".join(pieces)
    assert results.startswith(b"\xef\xbb\xbf"), "Excel needs the mark"
    return list(csv.DictReader(StringIO(results.decode("utf-8-sig"))))


def test_columns_are_the_contracts() -> None:
    assert ",".join(COLUMNS) == (
        "device,line,serialNumber,productKey,hardwareHashStart,oemManufacturerName,modelName,"
        "outcome,errorCode,errorDescription,action,matchedBy"
    )


def test_every_row_of_the_manifest_has_one() -> None:
    rows = [
        Row(1, Device("S1", "K1", "H" * 4000, "Contoso, Ltd.", 'Model "X"'), 1, duplicate=False),
        Row(2, Device("S1", "K1", "H" * 4000, "Contoso, Ltd.", 'Model "X"'), 1, duplicate=True),
        Row(3, Device("S2"), 2, duplicate=False),
        Row(4, Device("S3"), 3, duplicate=False),
    ]
    good = ResultRun(1, DeviceResult(Outcome.REGISTERED, None, None, "serialNumber"))
    bad = ResultRun(1, DeviceResult(Outcome.FAILED, "808", "ZtdDeviceAssignedToOtherTenant", "position"))
    found = read(results_csv(job(good, bad), rows))
    assert [row["device"] for row in found] == ["1", "2", "3", "4"]
    assert [row["outcome"] for row in found] == ["registered", "duplicate", "failed", "not_uploaded"]
    assert found[0]["hardwareHashStart"] == "H" * 16
    assert found[0]["oemManufacturerName"] == "Contoso, Ltd."
    assert found[0]["modelName"] == 'Model "X"'
    assert (found[2]["errorCode"], found[2]["matchedBy"]) == ("808", "position")
    assert [bool(row["action"]) for row in found] == [False, True, True, True]


def test_no_cell_is_a_formula() -> None:
    cells = ["=1+1", "A;=x", "B\t+1", "\r\n@x", "C, -1", "\uff1d1", "D\uff1b\uff20x", "'=x", "a=b", "a-b"]
    rows = [Row(place, Device(cell), place, duplicate=False) for place, cell in enumerate(cells, 1)]
    found = read(results_csv(job(ResultRun(10, DeviceResult(Outcome.REGISTERED))), rows))
    assert [row["serialNumber"] for row in found] == [
        "'=1+1",
        "A;'=x",
        "B\t'+1",
        "\r\n'@x",
        "C, '-1",
        "'\uff1d1",
        "D\uff1b'\uff20x",
        "'=x",
        "a=b",
        "a-b",
    ]


@pytest.mark.parametrize(
    "before", ["\0", "\x1b", "\u200b", "\ufeff", "A\v", "A\f", "A\x85", "A\u2028", "A;\0", "A\u2029\u200e"]
)
@pytest.mark.parametrize("sign", ["=", "\uff0b", "\ufe63"])
def test_no_cell_is_a_formula_to_a_reader_who_drops_what_cannot_be_seen(before: str, sign: str) -> None:
    rows = [Row(1, Device(f"{before}{sign}1"), 1, duplicate=False)]
    (found,) = read(results_csv(job(ResultRun(1, DeviceResult(Outcome.REGISTERED))), rows))
    assert found["serialNumber"] == f"{before}'{sign}1"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_a_formula_to_a_reader_who_drops_quotes_at_another_separator(separator: str) -> None:
    cells = [f'x{before}"{blank}=1+1{before}y' for before in ";\t\n" for blank in ("", " ", '"')]
    rows = [Row(place, Device(cell), place, duplicate=False) for place, cell in enumerate(cells, 1)]
    results = b"".join(results_csv(job(ResultRun(9, DeviceResult(Outcome.REGISTERED))), rows)).decode("utf-8-sig")
    found = [cell for row in csv.reader(StringIO(results, newline=""), delimiter=separator) for cell in row]
    assert [cell for cell in found if "=1+1" in cell]
    assert not [cell for cell in found if cell.strip().startswith("=")]


@pytest.mark.parametrize("blank", ["\n", " ", "\t", " \n", '"', ","])
def test_a_cell_of_blanks_takes_no_time(blank: str) -> None:
    text = f"a,{blank * 10**5}x=1"
    assert read(results_csv(job(ResultRun(1, DeviceResult(Outcome.FAILED, "1", text))), unknown_rows(1)))


def test_long_values_are_cut() -> None:
    row = Row(1, Device("S1", None, None, "M" * 32_767, "m" * LONGEST_VALUE), 1, duplicate=False)
    [found] = read(results_csv(job(ResultRun(1, DeviceResult(Outcome.REGISTERED))), [row]))
    assert found["oemManufacturerName"] == "M" * LONGEST_VALUE
    assert found["modelName"] == "m" * LONGEST_VALUE


def test_a_manifest_that_is_gone_still_has_its_rows() -> None:
    found = read(results_csv(job(ResultRun(2, DeviceResult(Outcome.REGISTERED))), unknown_rows(2)))
    assert [(row["device"], row["serialNumber"], row["outcome"]) for row in found] == [
        ("1", "", "registered"),
        ("2", "", "registered"),
    ]


def test_results_are_made_in_pieces_of_a_megabyte() -> None:
    rows = 40_000
    pieces = list(results_csv(job(ResultRun(rows, DeviceResult(Outcome.FAILED, "808", "x" * 60))), unknown_rows(rows)))
    assert len(pieces) > 1
    assert all(PIECE < len(piece) < PIECE + 1000 for piece in pieces[:-1])
    assert len(read(pieces)) == rows
