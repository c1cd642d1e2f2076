"""What following a manifest costs with the settings' own delays, and how late its end is known."""

from datetime import timedelta

import pytest

from shared.config.settings import read_settings
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.world import World

DELAYS = read_settings(
    {
        "ManifestStorage": "UseDevelopmentStorage=true",
        "MANIFEST_CONTAINER": "manifests",
        "WAKE_UP_QUEUE": "manifest-wake-ups",
    }
).delays

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("registered_after", "most_executions"),
    [(timedelta(seconds=20), 2), (2 * MINUTE, 3), (4 * MINUTE, 4), (10 * MINUTE, 6), (15 * MINUTE, 7)],
)
def test_the_end_is_known_soon_and_with_few_executions(registered_after: timedelta, most_executions: int) -> None:
    world = World(delays=DELAYS)
    world.partner_center.script.processing_for = registered_after
    world.drop(array(serials(1)))
    executions = 0
    while world.events or world.queue.messages:
        if world.step():
            executions += 1
        else:
            world.clock.now = world.queue.next_moment() or world.clock.now
    job = world.job()
    assert job.state is State.COMPLETED
    assert executions <= most_executions
    late = job.updated_at - job.created_at - registered_after
    assert late <= max(MINUTE, registered_after / 2)


def test_a_small_manifest_makes_five_exchanges_until_it_is_accepted() -> None:
    world = World(delays=DELAYS)
    world.drop(array(serials(1)))
    world.step()
    assert world.job().state is State.ACCEPTED
    assert world.fuse.operations == ["open", "save processing", "send", "POST", "save accepted"]
