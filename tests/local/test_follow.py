"""What a person sees of one manifest, from its first status to its end."""

from io import StringIO
from typing import TYPE_CHECKING, cast

import pytest
from rich.console import Console

from local import follow
from shared.job.status_document import Job, State
from shared.workflow.queue_messages import WakeUp
from tests.manifests import array, serials
from tests.world import NAME, World

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient


def watched(jobs: list[Job | None], console: Console) -> Job | None:
    coming = iter(jobs)
    return follow.watch(console, lambda: next(coming))


def test_each_change_is_shown_once_and_the_end_is_returned() -> None:
    world = World()
    world.drop(array(serials(1)))
    world.settle()
    last = world.storage.written[-1]
    page = StringIO()
    jobs = [None, *(job for job in world.storage.written for _ in range(2))]
    assert watched(jobs, Console(file=page, width=100)) == last
    states = [line.split()[1] for line in page.getvalue().splitlines()]
    assert states == ["processing", "accepted", "completed"]


def test_an_end_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "LONGEST_RUN", 0)
    assert watched([], Console(file=StringIO())) is None


class Container:
    """Holds the blobs of a world's storage for whoever follows one."""

    def __init__(self, world: World) -> None:
        self._world = world

    def download_blob(self, name: str) -> "Container":
        self._data = self._world.storage.blobs[name].data
        return self

    def readall(self) -> bytes:
        return self._data


def test_a_manifest_that_was_dropped_again_is_followed_no_further() -> None:
    world = World()
    first = world.storage.put(NAME, array(serials(1)))
    world.workflow.advance(WakeUp(NAME))
    world.drop(array(serials(2)))
    world.settle()
    page = StringIO()
    dropped = follow.Dropped(NAME, first, world.clock.now)
    assert follow.follow(Console(file=page), cast("ContainerClient", Container(world)), dropped) == 1
    assert page.getvalue() == "It was dropped again meanwhile.\n"


def test_a_long_message_is_wrapped_below_itself() -> None:
    world = World()
    world.drop(b"no manifest")
    world.settle()
    assert world.job().state is State.REJECTED
    page = StringIO()
    watched([world.job()], Console(file=page, width=60))
    lines = page.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert all(line[:22].strip() == "" for line in lines[1:])
    assert len(lines[0]) > 50
