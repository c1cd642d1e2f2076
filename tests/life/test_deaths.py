"""Whoever dies is followed by somebody else, also where the host does not hand the message over again."""

from contextlib import suppress

import pytest

from local.partner_center import faults
from shared.names import status_of
from tests.fakes import Fuse, ProcessDied
from tests.manifests import array, serials
from tests.world import NAME, World


def throttled_twice(fuse: Fuse) -> World:
    """Take a job through two attempts that are told to wait for an hour; whatever dies is not handed over again."""
    world = World(part_size=2, fuse=fuse)
    world.partner_center.script.next_upload(faults.throttled(3600), lambda proceed: proceed(), faults.throttled(3600))
    world.storage.put(NAME, array(serials(5)))
    with suppress(ProcessDied):
        world.workflow.advance(NAME)
        due = world.job().due
        assert due is not None
        world.clock.now = due
        world.queue.messages.clear()
        world.workflow.advance(NAME, due)
    return world


OPERATIONS = throttled_twice(Fuse()).fuse.operations


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(len(OPERATIONS)), ids=lambda number: f"{number}-{OPERATIONS[number]}")
def test_whoever_dies_under_a_lease_leaves_somebody_who_comes_by_its_end(number: int, moment: str) -> None:
    world = throttled_twice(Fuse((number, moment)))
    assert world.fuse.blown
    if status_of(NAME) in world.storage.blobs and (lease := world.job().lease):
        assert world.comes_by(NAME, lease.until)
