"""Manifests are overwritten and deleted while their jobs go on, and the app is replaced by another version."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from local.stand_ins.partner_center import Outcome, faults
from local.stand_ins.web import Proceed, Response, Silence, answer_lost
from shared.job.status_document import Fault, State
from shared.manifest import Content, InMemory, UnreadableError, inspect, reread
from shared.manifest.device import Entry
from shared.workflow.ports import Properties
from shared.workflow.queue_messages import WakeUp
from tests.manifests import array, serials
from tests.workflow.life.views import TWO, rows
from tests.world import NAME, World


def passed(proceed: Proceed) -> Response:
    return proceed()


def test_an_overwrite_starts_again_and_remembers() -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    first = world.job()
    world.drop(array(serials(3)))
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED
    assert job.device_count == 3
    assert job.devices.already_registered == 2
    assert job.previous is not None
    assert job.previous.etag == first.etag
    assert [upload.location for upload in job.previous.uploads] == [upload.location for upload in first.uploads]


def test_an_overwrite_under_a_live_lease_is_not_lost() -> None:
    world = World()
    world.drop(TWO)

    def overwritten(proceed: Proceed) -> Response:
        world.storage.put(NAME, array(serials(3)))
        world.workflow.advance(WakeUp(NAME))
        return proceed()

    world.partner_center.script.next_upload(overwritten)
    world.settle()
    assert world.job().device_count == 3
    assert world.job().state is State.COMPLETED
    assert world.job().previous is not None


def test_an_overwrite_between_parts_stops_the_old_content() -> None:
    world = World(part_size=1)

    def overwritten(proceed: Proceed) -> Response:
        world.storage.put(NAME, array(serials(2, start=50)))
        return proceed()

    world.partner_center.script.next_upload(overwritten)
    world.drop(array(serials(3)))
    world.settle()
    assert world.accepted() == {"S000001": 1, "S000050": 1, "S000051": 1}
    previous = world.job().previous
    assert previous is not None
    assert [upload.device_count for upload in previous.uploads] == [1]


def test_a_deletion_before_sending_cancels() -> None:
    world = World()
    world.partner_center.script.outage = faults.throttled(60)
    world.drop(TWO)
    world.step()
    del world.storage.blobs[NAME]
    world.settle()
    job = world.job()
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code == "manifest_gone"


def test_a_deletion_between_parts_cancels_the_rest() -> None:
    world = World(part_size=1)

    def deleted(proceed: Proceed) -> Response:
        del world.storage.blobs[NAME]
        return proceed()

    world.partner_center.script.next_upload(deleted)
    world.drop(array(serials(3)))
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.devices.registered == 1
    assert job.devices.not_uploaded == 2
    assert [row["outcome"] for row in rows(world)] == ["registered", "not_uploaded", "not_uploaded"]


def test_a_manifest_deleted_just_before_it_is_read_again_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(60))
    world.drop(TWO)
    world.step()
    seen = world.storage.properties(NAME)
    del world.storage.blobs[NAME]
    monkeypatch.setattr(world.storage, "properties", lambda _: seen)
    world.clock.advance(timedelta(minutes=1))
    world.step()
    assert world.job().state is State.FAILED
    assert world.job().attempts == 2


def test_a_manifest_deleted_just_before_its_new_run_cancels_the_old(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(3600))
    world.drop(TWO)
    world.settle(until=timedelta(minutes=30))
    world.storage.put(NAME, array(serials(3)))
    read = world.storage.properties

    def deleted_once_seen(name: str) -> Properties | None:
        seen = read(name)
        world.storage.blobs.pop(name, None)
        return seen

    monkeypatch.setattr(world.storage, "properties", deleted_once_seen)
    world.settle()
    assert world.job().error == Fault(code="manifest_gone", description="The manifest was deleted.")


def overwrite_after(world: World, monkeypatch: pytest.MonkeyPatch, call: str, data: bytes) -> None:
    """Overwrite the manifest right after the next ``call`` of the storage."""
    read = getattr(world.storage, call)

    def overwritten(name: str) -> object:
        seen = read(name)
        monkeypatch.setattr(world.storage, call, read)
        world.storage.put(name, data)
        return seen

    monkeypatch.setattr(world.storage, call, overwritten)


@pytest.mark.parametrize(
    ("moment", "last_look", "left"),
    [
        ("start", "properties", State.COMPLETED),
        ("attempt", "properties", State.WAITING),
        ("poll", "load", State.ACCEPTED),
    ],
)
def test_what_is_read_is_what_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, moment: str, last_look: str, left: State
) -> None:
    world = World()
    newest = array(serials(2, start=50))
    world.partner_center.script.next_upload(*[faults.throttled(60)] * (moment == "attempt"))
    world.drop(TWO)
    world.step()
    if moment == "start":
        world.settle()
        world.drop(array(serials(2, start=30)))
    overwrite_after(world, monkeypatch, last_look, newest)
    world.settle()
    world.workflow.advance(WakeUp(NAME))
    job = world.job()
    assert (job.state, job.etag) == (State.COMPLETED, world.storage.blobs[NAME].etag)
    assert job.previous is not None
    assert job.previous.state is left
    assert world.accepted() == dict.fromkeys(serials(2, start=50), 1) | (
        {} if moment == "attempt" else dict.fromkeys(serials(2), 1)
    )


def test_a_manifest_that_a_new_version_cannot_read_does_not_keep_the_job_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stricter(content: Content, *_: object) -> Iterator[Entry]:
        assert list(content.chunks())
        raise UnreadableError("nested_too_deeply")

    world = World()
    world.drop(TWO)
    world.step()
    monkeypatch.setattr("shared.manifest.manifest.entries", stricter)
    world.settle()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    assert [row["outcome"] for row in rows(world)] == ["not_reported"] * 2


def read_as(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    """Let the next version of the app read other devices in every manifest."""
    monkeypatch.setattr(
        "shared.workflow.upload.inspect", lambda _, **options: inspect(InMemory(array(names)), **options)
    )


OTHERWISE = {
    "without the last": serials(4),
    "without the first": serials(4, start=2),
    "one more at the front": ["S000000", *serials(5)],
    "fewer than were sent": serials(1),
    "in another order": serials(5)[::-1],
}


@pytest.mark.parametrize("names", OTHERWISE.values(), ids=OTHERWISE)
@pytest.mark.parametrize("answered", [True, False])
def test_a_version_that_reads_a_manifest_otherwise_sends_no_more_of_it(
    monkeypatch: pytest.MonkeyPatch, names: list[str], *, answered: bool
) -> None:
    world = World(part_size=2)
    world.partner_center.script.next_upload(
        passed if answered else answer_lost(Silence.TIMED_OUT), faults.throttled(60)
    )
    world.drop(array(serials(5)))
    world.step()
    read_as(monkeypatch, names)
    world.settle()
    job = world.job()
    assert job.error is not None
    assert job.error.code == "manifest_read_otherwise"
    assert job.state is (State.COMPLETED_WITH_ERRORS if answered else State.FAILED)
    assert ("It is not known whether Partner Center took devices 1 to 2" in job.message) is not answered
    assert world.accepted() == dict.fromkeys(serials(2), 1)
    if answered:
        assert (job.devices.registered, job.devices.not_uploaded) == (2, 3)
        assert [row["outcome"] for row in rows(world)] == ["registered"] * 2 + ["not_uploaded"] * 3


def test_a_version_that_reads_a_manifest_otherwise_may_send_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.partner_center.script.next_upload(faults.throttled(60))
    world.drop(array(serials(5)))
    world.step()
    read_as(monkeypatch, serials(4))
    world.settle(timedelta(minutes=1, seconds=1))
    assert world.accepted() == dict.fromkeys(serials(4), 1)


def reread_as(monkeypatch: pytest.MonkeyPatch, names: list[str]) -> None:
    """Let the next version of the app read other devices where it follows what was sent."""
    monkeypatch.setattr(
        "shared.workflow.sent_devices.reread", lambda _, **options: reread(InMemory(array(names)), **options)
    )


@pytest.mark.parametrize("part_size", [2, 5])
@pytest.mark.parametrize("names", OTHERWISE.values(), ids=OTHERWISE)
def test_a_version_that_reads_otherwise_what_was_all_sent_gives_no_device_anothers_outcome(
    monkeypatch: pytest.MonkeyPatch, names: list[str], part_size: int
) -> None:
    world = World(part_size=part_size)
    world.partner_center.script.device_ends("S000004", Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    world.drop(array(serials(5)))
    world.step()
    assert world.job().state is State.ACCEPTED
    reread_as(monkeypatch, names)
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert job.error is not None
    assert job.error.code == "manifest_read_otherwise"
    assert job.devices.not_reported == 5
    assert [(row["device"], row["serialNumber"], row["outcome"]) for row in rows(world)] == [
        (str(place), "", "not_reported") for place in range(1, 6)
    ]
    assert world.queue.messages == []


def test_a_manifest_with_duplicates_is_read_the_same_again() -> None:
    world = World(part_size=2)
    world.drop(array([*serials(3), *serials(2), "S000009"]))
    world.settle()
    assert world.job().state is State.COMPLETED
    assert [row["outcome"] for row in rows(world)].count("duplicate") == 2
