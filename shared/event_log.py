"""The app's log: a constant event name and fields, in the message and as attributes of the record.

A field is never a hash, a product key, a token, or a foreign text that could hold one.
"""

import json
import logging

from shared.job.status_document import Fault
from shared.partner_center.access_errors import advice

_log = logging.getLogger("manifests")


def log(event: str, *, fault: Fault | None = None, level: int = logging.INFO, **fields: object) -> None:
    """Write one event with its fields, and those of the fault; fields that are None are left out."""
    if fault:
        fields |= evidence(fault)
    known = {name: value for name, value in fields.items() if value is not None}
    # The level may be switched off, and json.dumps is what costs time.
    if _log.isEnabledFor(level):
        _log.log(level, "%s %s", event, json.dumps(known, default=str), extra={"event": event, **known})


def evidence(fault: Fault) -> dict[str, object]:
    """Return a fault's fields and our advice, but not its description, which may repeat what was sent."""
    return {
        "status": fault.http_status,
        "code": fault.code,
        "advice": advice(fault.http_status or 0, fault.code, fault.description),
        "request": fault.request_id,
        "correlation": fault.correlation_id,
        "server_correlation": fault.server_correlation,
    }
