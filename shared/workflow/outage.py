"""What this process has met of an outage, so that jobs which come to one late wait as long as those which began it."""

from datetime import datetime, timedelta

MANY = 8
"""So many manifests must have failed: the faults of fewer may be their own, and cost few executions."""

FACTOR = 2
"""Who meets an outage waits this many times as long as it has lasted."""


class Outage:
    """Temporary faults of calls, throttles apart, since the last call that succeeded."""

    def __init__(self, now: datetime) -> None:
        """Know of none yet."""
        self._since = now
        self._manifests = set[str]()

    def met(self, manifest: str, now: datetime) -> None:
        """Take note of a manifest's fault; an outage begins with the last of ``MANY`` manifests."""
        # A manifest that has failed for days by itself must not date the outage that others meet back to that.
        if len(self._manifests) < MANY:
            self._manifests.add(manifest)
            self._since = now

    def wait(self, now: datetime) -> timedelta:
        """Return the least that a manifest should wait: nothing where there is no outage."""
        return FACTOR * (now - self._since) if len(self._manifests) == MANY else timedelta(0)

    def end(self) -> None:
        """Forget it, as a call was served."""
        self._manifests.clear()
