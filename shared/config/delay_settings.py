"""The delays that an operator can set, with their defaults: polls, retries, the lease, and when to give up."""

from datetime import timedelta

import msgspec

from shared.config import parsing
from shared.config.environment import Reader
from shared.config.timeouts import SHORTEST_LEASE


class Delays(msgspec.Struct, frozen=True):
    """How long the app waits before it polls, retries and gives up, and how long a lease lasts."""

    lease: timedelta
    first_poll: timedelta
    longest_poll: timedelta
    first_retry: timedelta
    longest_retry: timedelta
    give_up: timedelta

    @property
    def retries(self) -> tuple[timedelta, timedelta]:
        """The time to the first retry, and the longest time between two."""
        return self.first_retry, self.longest_retry


_DELAYS = {
    "lease": ("LEASE_DURATION", "PT5M"),
    "first_poll": ("FIRST_POLL_AFTER", "PT45S"),
    "longest_poll": ("LONGEST_POLL_INTERVAL", "PT10M"),
    "first_retry": ("FIRST_RETRY_AFTER", "PT30S"),
    "longest_retry": ("LONGEST_RETRY_INTERVAL", "PT15M"),
    "give_up": ("GIVE_UP_AFTER", "P2D"),
}
"""The setting and the default of each delay."""


def read_delays(reader: Reader, url: str) -> Delays:
    """Read the delays; ``url`` is Partner Center's, as only on loopback a lease may be short."""
    shape = "ISO 8601 duration such as PT30S or P2D (no months, and a year at most)"
    read = {field: reader.parsed(name, default, parsing.duration, shape) for field, (name, default) in _DELAYS.items()}
    # A lease that expires during a call lets a second attempt upload the same part. Loopback is for tests, which wait.
    if read["lease"] < SHORTEST_LEASE and not parsing.is_loopback(url):
        reader.faults.append("LEASE_DURATION is less than PT5M, which a call may take: leave it out, or make it longer")
    return Delays(**read)
