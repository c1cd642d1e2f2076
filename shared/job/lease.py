"""The lease on a job: who works on it, and until when nobody else may.

It stands in the status document, and is no lease of Azure's on the blob.
"""

from datetime import datetime

import msgspec

from shared.job.moments import Moment


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Who works on the job, and until when nobody else may."""

    owner: str
    until: Moment

    def is_live(self, now: datetime) -> bool:
        """Return whether its owner may still be at work; after that he counts as crashed."""
        return now < self.until
