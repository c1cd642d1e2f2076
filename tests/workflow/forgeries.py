"""What somebody else writes into the container: statuses, and metadata of manifests."""

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


def touch(world: World, name: str = NAME) -> None:
    """Set metadata, as a virus scanner does: the ETag is new, and the blob is no other."""
    blob = world.storage.blobs[name]
    created = blob.created
    world.storage.put(name, blob.data, {"scanned": "clean"})
    world.storage.blobs[name].created = created
