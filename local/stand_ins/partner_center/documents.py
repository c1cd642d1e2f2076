"""The documents of successful answers, in the words of the REST reference."""

from datetime import datetime
from typing import Literal
from urllib.parse import quote

import msgspec

from local.stand_ins.partner_center.registry import Batch, Entry, Upload
from local.stand_ins.partner_center.script import Rows, Script

NEXT_PAGE = "seekOperation=Next"
"""The query of a link to another page; the page itself is named by a header."""

type Phase = Literal["queued", "processing", "finished"]


def batch_list(customer: str, batches: list[Batch], first: int, size: int) -> dict[str, object]:
    """List a page of a customer's batches, with a link to the next one where there are more."""
    items = [_batch(customer, batch) for batch in batches[first : first + size]]
    links: dict[str, object] = {"self": {"uri": f"/customers/{customer}/deviceBatches", "method": "GET", "headers": []}}
    if first + size < len(batches):
        links["next"] = {
            "uri": f"/customers/{customer}/deviceBatches?{NEXT_PAGE}",
            "method": "GET",
            "headers": [{"key": "MS-ContinuationToken", "value": f"after-{first + size}"}],
        }
    return {"totalCount": len(batches), "items": items, "links": links, "attributes": {"objectType": "Collection"}}


def _batch(customer: str, batch: Batch) -> dict[str, object]:
    link = f"/customers/{customer}/deviceBatches/{quote(batch.name, safe='')}/devices"
    return {
        "id": batch.name,
        "createdBy": "stand-in",
        "creationDate": _time(batch.created_at),
        "devicesCount": len(set(batch.devices)),
        "devicesLink": {"uri": link, "method": "GET", "headers": []},
        "attributes": {"objectType": "DeviceBatch"},
    }


def upload_details(upload: Upload, script: Script, now: datetime) -> dict[str, object]:
    """Report how far an upload is, and once it has finished, the outcome of each device."""
    phase = _phase(upload, script, now)
    failed = any(not entry.outcome.is_registered for entry in upload.entries)
    details: dict[str, object] = {
        "batchTrackingId": upload.tracking_id,
        "status": script.status_when_devices_fail if phase == "finished" and failed else phase,
        "devicesStatus": _rows(upload, script, phase),
        "attributes": {"objectType": "BatchUploadDetails"},
    }
    if phase != "queued":
        details["startedTime"] = _time(upload.accepted_at + script.queued_for)
    if phase == "finished":
        details["completedTime"] = _time(upload.accepted_at + script.queued_for + script.processing_for)
    return details


def _phase(upload: Upload, script: Script, now: datetime) -> Phase:
    processed = now - upload.accepted_at - script.queued_for
    if processed.total_seconds() < 0:
        return "queued"
    return "processing" if processed < script.processing_for else "finished"


def _rows(upload: Upload, script: Script, phase: Phase) -> Rows:
    if phase != "finished":
        return [_row(entry) | {"status": phase} for entry in upload.entries]
    return script.order([_row(entry) | _end(entry) for entry in upload.entries if entry.outcome.reported])


def _row(entry: Entry) -> dict[str, object]:
    sent: dict[str, object] = msgspec.to_builtins(entry.device)
    return {"deviceId": entry.device_id} | {name: sent[name] for name in ("serialNumber", "productKey") if name in sent}


def _end(entry: Entry) -> dict[str, object]:
    if not entry.outcome.is_error:
        return {"status": "finished"}
    error: dict[str, object] = {"errorCode": entry.outcome.code, "errorDescription": entry.outcome.description}
    return {"status": "finished_with_errors"} | {name: text for name, text in error.items() if text is not None}


def _time(moment: datetime) -> str:
    """Write seven decimals and no zone, as .NET does."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0"
