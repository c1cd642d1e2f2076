"""The app's log: a constant event name and fields, in the message for people and as attributes for machines.

A field is never a hash, a product key, a token, or a foreign text that could hold one.
"""

import json
import logging

_log = logging.getLogger("manifests")


def log(event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Write one event."""
    told = {name: value for name, value in fields.items() if value is not None}
    if _log.isEnabledFor(level):
        _log.log(level, "%s %s", event, json.dumps(told, default=str), extra={"event": event, **told})
