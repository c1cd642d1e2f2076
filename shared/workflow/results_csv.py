"""The device results: one row for each device of the manifest, for people with a spreadsheet."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain, repeat

from shared.job.device_results import DeviceResult, Outcome
from shared.job.status_document import Job
from shared.manifest import Row
from shared.manifest.device import Device
from shared.partner_center.device_errors import UNANSWERED, action

COLUMNS = (
    "device", "line", "serialNumber", "productKey", "hardwareHashStart", "oemManufacturerName", "modelName",
    "outcome", "errorCode", "errorDescription", "action", "matchedBy",
)  # fmt: skip

HASH_START = 16
"""Characters of a hardware hash that are shown: enough to find it again."""

PIECE = 2**20
"""Characters of the results that are made at once."""

LONGEST_VALUE = 1000
"""Characters of a device's value that are shown: a small workbook can repeat a long one in each of 250,000 rows."""

# A spreadsheet may split a cell at another separator than ours, where quotes are dropped; users may type in full width.
_SIGNS = r"[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
_BREAKS = r"\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029"
# What a reader may drop before the sign. Each is read once: a sender chooses how many there are.
_DROPPED = rf'(?:[^\S{_BREAKS}]|["\x00-\x08\x0e-\x1b\x7f\u200b-\u200f\u2060\ufeff])*+'
_FORMULA = re.compile(rf"((?:^|[,;{_BREAKS}\uff0c\uff1b]){_DROPPED})(?={_SIGNS})")
_SIGN = re.compile(_SIGNS)


def results_csv(job: Job, rows: Iterable[Row]) -> Iterator[bytes]:
    """Write the results of a job whose every upload has been judged, in pieces of about a megabyte.

    Returns:
        CSV, UTF-8 with a byte-order mark.
    """
    text = StringIO(newline="")
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    sent = _outcomes(job)
    for row in rows:
        cells = _DUPLICATE if row.duplicate else next(sent, _NOT_UPLOADED)
        writer.writerow([row.place, row.line, *_identity(row.device), *cells])
        if text.tell() > PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def unknown_rows(count: int) -> Iterator[Row]:
    """Return blank rows, where the manifest is gone or cannot be read."""
    return (Row(place, Device(), place, duplicate=False) for place in range(1, count + 1))


def _outcomes(job: Job) -> Iterator[Sequence[str]]:
    """Return the last cells of each device in the order of sending; devices in a row with one result share them."""
    runs = chain.from_iterable(job.device_results(index) or () for index in range(len(job.uploads)))
    for run in runs:
        yield from repeat(_outcome(run.result), run.count)
    if job.internal.unanswered:
        first, last = job.internal.unanswered
        yield from repeat(_outcome(DeviceResult(Outcome.NOT_UPLOADED, None, UNANSWERED)), last - first + 1)


def _outcome(result: DeviceResult) -> Sequence[str]:
    return _cells(result.outcome, result.code, result.description, action(result), result.matched_by)


def _identity(device: Device) -> Sequence[str]:
    start = (device.hardware_hash or "")[:HASH_START]
    values = (device.serial_number, device.product_key, start, device.oem_manufacturer_name, device.model_name)
    return _cells(*[value and value[:LONGEST_VALUE] for value in values])


def _cells(*texts: str | None) -> Sequence[str]:
    return [_safe(text) for text in texts]


def _safe(text: str | None) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    # Most cells have no such sign, and there are some of them for each of thousands of devices.
    if not text or text.isalnum() or not _SIGN.search(text):
        return text or ""
    return _FORMULA.sub(r"\1'", text)


_NOT_UPLOADED = _outcome(DeviceResult(Outcome.NOT_UPLOADED))
_DUPLICATE = _outcome(DeviceResult(Outcome.DUPLICATE))
