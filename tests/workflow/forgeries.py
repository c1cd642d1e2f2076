"""Statuses that a sender writes, and what of a life they could change."""

import json
from collections.abc import Mapping
from typing import Any

from shared.job.blob_names import status_of
from tests.world import NAME, World


def forge(world: World, members: Mapping[str, object], name: str = NAME) -> None:
    """Rewrite some members of a manifest's status; those that begin with ``internal_`` are of the bookkeeping."""
    document: dict[str, Any] = json.loads(world.storage.blobs[status_of(name)].data)
    for member, value in members.items():
        inner = member.removeprefix("internal_")
        place = document if inner == member else document["internal"]
        assert inner in place
        place[inner] = value
    world.storage.put(status_of(name), json.dumps(document).encode())
