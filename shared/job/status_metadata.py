"""The metadata of a status blob, so that a listing is enough to find a job that is overdue, and to show all jobs."""

import re
from collections.abc import Mapping
from datetime import datetime

from shared.job.moments import timestamp
from shared.job.status_document import DeviceCounts, Job

_COUNTED = DeviceCounts.__struct_fields__
_COUNT = re.compile(r"(\w+)=(\d{1,9})", re.ASCII)


def metadata_of(job: Job) -> dict[str, str]:
    """Return the metadata that a job's status is written with; ``due`` is empty where nothing is next to happen."""
    due = timestamp(job.due) if job.due else ""
    counts = " ".join(f"{name}={count}" for name in _COUNTED if (count := getattr(job.devices, name)))
    return {"state": job.state, "etag": job.etag, "due": due, "run": str(job.internal.run), "devices": counts}


def is_marked(job: Job, metadata: Mapping[str, str | None]) -> bool:
    """Return whether a status has the metadata of its job; further metadata do not matter."""
    # Scanners add metadata of their own, some clients change the case of names, and a listing has None for "".
    known = {name.lower(): value or "" for name, value in metadata.items()}
    return metadata_of(job).items() <= known.items()


def moment(due: str) -> datetime | None:
    """Read a moment out of the metadata; ``None`` if this app has not written it."""
    try:
        read = datetime.fromisoformat(due)
    except ValueError:
        return None
    # Other forms of the same moment are not this app's.
    return read if timestamp(read) == due else None


def counts(devices: str) -> DeviceCounts:
    """Read the devices by outcome out of the metadata; what this app has not written is left out."""
    found = {match[1]: int(match[2]) for word in devices.split(" ") if (match := _COUNT.fullmatch(word))}
    return DeviceCounts(**{name: found.get(name) for name in _COUNTED})
