"""Moments as the status document has them: UTC, whole seconds."""

from datetime import datetime
from typing import Annotated

import msgspec

type Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""UTC, whole seconds."""


def timestamp(moment: datetime) -> str:
    """Write a moment (UTC, whole seconds) as the status document and its messages do: RFC 3339 with ``Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
