"""What this process has met of an outage, so that jobs which come to one late wait as long as those which began it."""

from datetime import datetime, timedelta

SEVERAL = 3
"""So many manifests must have failed: the faults of fewer may be their own."""

FACTOR = 2
"""Who meets an outage waits this many times as long as it has lasted."""


class Outage:
    """Temporary faults, throttles apart, since the last call that succeeded."""

    def __init__(self) -> None:
        """Know of none yet."""
        self._since: datetime | None = None
        self._manifests = set[str]()

    def met(self, manifest: str, now: datetime) -> timedelta:
        """Take note of a manifest's fault, and return the least that it should wait: nothing until several failed."""
        self._since = self._since or now
        if len(self._manifests) < SEVERAL:
            self._manifests.add(manifest)
        return FACTOR * (now - self._since) if len(self._manifests) == SEVERAL else timedelta(0)

    def end(self) -> None:
        """Forget it, as a call was served."""
        self._since = None
        self._manifests.clear()
