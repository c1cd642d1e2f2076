"""The device results: one row for each device of the manifest, for people with a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO

from shared.device import Device
from shared.device_errors import device_error
from shared.job import Job, Outcome, Verdict
from shared.manifest import Row

COLUMNS = (
    "device", "serialNumber", "productKey", "hardwareHashStart", "oemManufacturerName", "modelName",
    "outcome", "errorCode", "errorDescription", "action", "matchedBy",
)  # fmt: skip

HASH_START = 16
"""Characters of a hardware hash that are shown: enough to find it again."""

_FORMULA = ("=", "+", "-", "@")

_ACTIONS = {
    Outcome.REGISTERED: "",
    Outcome.NOT_REPORTED: "Partner Center said nothing of it: look it up there, or drop the manifest again.",
    Outcome.NOT_UPLOADED: "It was not sent; see the status for the reason, then drop the manifest again.",
    Outcome.DUPLICATE: "None: the same device stands earlier in the manifest.",
}

_NOT_UPLOADED = Verdict(Outcome.NOT_UPLOADED)
_DUPLICATE = Verdict(Outcome.DUPLICATE)


def write_results(job: Job, rows: Iterable[Row]) -> bytes:
    """Write the results of a job whose every upload has been judged: CSV, UTF-8 with a byte-order mark."""
    text = StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    verdicts = _verdicts(job)
    for row in rows:
        verdict = _DUPLICATE if row.duplicate else next(verdicts, _NOT_UPLOADED)
        writer.writerow(_cells(row.place, row.device, verdict))
    return text.getvalue().encode("utf-8-sig")


def unknown_rows(count: int) -> Iterator[Row]:
    """Stand in for the rows of a manifest that is gone."""
    return (Row(place, Device(), place, duplicate=False) for place in range(1, count + 1))


def _verdicts(job: Job) -> Iterator[Verdict]:
    for upload in job.uploads:
        for run in upload.verdicts or ():
            yield from (run.verdict for _ in range(run.count))


def _cells(place: int, device: Device, verdict: Verdict) -> list[object]:
    action = _ACTIONS.get(verdict.outcome)
    if action is None:
        action = device_error(verdict.code, verdict.description).action
    texts = (
        device.serial_number, device.product_key, (device.hardware_hash or "")[:HASH_START],
        device.oem_manufacturer_name, device.model_name,
        verdict.outcome, verdict.code, verdict.description, action, verdict.matched_by,
    )  # fmt: skip
    return [place, *map(_safe, texts)]


def _safe(text: str | None) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    return f"'{text}" if text and text.startswith(_FORMULA) else text or ""
