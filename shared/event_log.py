"""The app's log: a constant event name and fields, in the message for people and as attributes for machines.

A field is never a hash, a product key, a token, or a foreign text that could hold one.
"""

import json
import logging

from shared.job.record import Fault
from shared.partner_center.advice import advice

_log = logging.getLogger("manifests")


def log(event: str, *, fault: Fault | None = None, level: int = logging.INFO, **fields: object) -> None:
    """Write one event, with the evidence of a fault where there is one."""
    if fault:
        fields |= evidence(fault)
    told = {name: value for name, value in fields.items() if value is not None}
    if _log.isEnabledFor(level):
        _log.log(level, "%s %s", event, json.dumps(told, default=str), extra={"event": event, **told})


def evidence(fault: Fault) -> dict[str, object]:
    """Give a fault's fields; its description is left out, as it may repeat what was sent, but not our own advice."""
    return {
        "status": fault.http_status,
        "code": fault.code,
        "advice": advice(fault.http_status or 0, fault.code, fault.description),
        "request": fault.request_id,
        "correlation": fault.correlation_id,
        "server_correlation": fault.server_correlation,
    }
