"""The device results: one row for each device of the manifest, for people with a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import repeat

from shared.job.record import Job, Outcome, Verdict
from shared.manifest import Row
from shared.manifest.device import Device
from shared.partner_center.device_errors import action

COLUMNS = (
    "device", "serialNumber", "productKey", "hardwareHashStart", "oemManufacturerName", "modelName",
    "outcome", "errorCode", "errorDescription", "action", "matchedBy",
)  # fmt: skip

HASH_START = 16
"""Characters of a hardware hash that are shown: enough to find it again."""

_FORMULA = ("=", "+", "-", "@")


def write_results(job: Job, rows: Iterable[Row]) -> bytes:
    """Write the results of a job whose every upload has been judged: CSV, UTF-8 with a byte-order mark."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    sent = _fates(job)
    for row in rows:
        fate = _DUPLICATE if row.duplicate else next(sent, _NOT_UPLOADED)
        writer.writerow([row.place, *_identity(row.device), *fate])
    return text.getvalue().encode("utf-8-sig")


def unknown_rows(count: int) -> Iterator[Row]:
    """Stand in for the rows of a manifest that is gone."""
    return (Row(place, Device(), place, duplicate=False) for place in range(1, count + 1))


def _fates(job: Job) -> Iterator[Sequence[str]]:
    """Give the last cells of each device that was sent; devices in a row with one verdict share them."""
    for upload in job.uploads:
        for run in upload.verdicts or ():
            yield from repeat(_fate(run.verdict), run.count)


def _fate(verdict: Verdict) -> Sequence[str]:
    return _cells(verdict.outcome, verdict.code, verdict.description, action(verdict), verdict.matched_by)


def _identity(device: Device) -> Sequence[str]:
    start = (device.hardware_hash or "")[:HASH_START]
    return _cells(device.serial_number, device.product_key, start, device.oem_manufacturer_name, device.model_name)


def _cells(*texts: str | None) -> Sequence[str]:
    return [_safe(text) for text in texts]


def _safe(text: str | None) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    return f"'{text}" if text and text.startswith(_FORMULA) else text or ""


_NOT_UPLOADED = _fate(Verdict(Outcome.NOT_UPLOADED))
_DUPLICATE = _fate(Verdict(Outcome.DUPLICATE))
