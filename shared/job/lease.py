"""The lease on a job: who works on it, and until when nobody else may.

It stands in the status document, and is no lease of Azure's on the blob.
"""

from datetime import datetime
from uuid import uuid4

import msgspec

from shared.job.moments import Moment


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Who works on the job, and until when nobody else may."""

    owner: str
    until: Moment

    def is_live(self, now: datetime) -> bool:
        """Return whether its owner may still be at work; after that he counts as crashed."""
        return now < self.until


def new_lease(until: datetime, held: Lease | None = None) -> Lease:
    """Return a lease until a moment, of the owner of the one that is ``held``, or of a new one."""
    return Lease(owner=held.owner if held else uuid4().hex, until=until)
