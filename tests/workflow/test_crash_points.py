"""A whole life, with the process dying just before and just after each of its operations on the outside world.

And with each operation failing where it has done nothing, and where it has done all but answer.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import override

import pytest
import requests
from azure.core.exceptions import AzureError, ServiceResponseError

from local.stand_ins.partner_center import Operation, Outcome, faults
from shared.job.status_document import State
from shared.workflow.ports import StatusUnavailableError, StorageUnavailableError
from tests.fakes import Fuse, ProcessDied
from tests.manifests import array, serials
from tests.world import CUSTOMER, World

pytestmark = pytest.mark.untraced
"""Other tests go through every branch, and in fewer steps."""

DEVICES = array(serials(5))


def eventful_world(fuse: Fuse) -> World:
    """A life with a throttle, three parts, slow registering, a throttled poll, and one failed device."""
    world = World(part_size=2, fuse=fuse)
    script = world.partner_center.script
    script.next_poll(lambda proceed: proceed(), faults.throttled(5))
    script.processing_for = timedelta(seconds=45)
    script.device_ends("S000004", Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    world.drop(array(serials(1, start=900)))
    world.settle()
    world.fuse.operations.clear()
    # The throttle comes first: after an answer that is no success the request id is a new one, so a throttle that
    # met a part whose first answer was lost would have that part accepted twice, as the API's rule for ids has it.
    script.next_upload(faults.throttled(40))
    world.drop(DEVICES)
    return world


def operations_of_a_life() -> list[str]:
    world = eventful_world(Fuse())
    world.settle()
    return world.fuse.operations


def outcome(world: World) -> tuple[object, ...]:
    job = world.job()
    parts = [(upload.first_device, upload.device_count) for upload in job.uploads]
    return job.state, job.message, parts, job.devices, job.error, job.lease, job.next_attempt_at, world.results()


@cache
def undisturbed() -> tuple[object, ...]:
    world = eventful_world(Fuse())
    world.settle()
    return outcome(world)


OPERATIONS = operations_of_a_life()


def test_a_life_touches_everything() -> None:
    kinds = {operation.split()[0] for operation in OPERATIONS}
    assert kinds == {"load", "open", "properties", "results", "send", "move", "save", "POST", "GET", "write"}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(len(OPERATIONS)), ids=lambda number: f"{number}-{OPERATIONS[number]}")
def test_no_death_changes_the_end(number: int, moment: str) -> None:
    world = eventful_world(Fuse())
    world.fuse.blow_at = (number, moment)
    world.settle()
    assert world.fuse.blown, "the process did not die"
    assert outcome(world) == undisturbed()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    assert {times for serial, times in world.accepted().items() if serial in serials(5)} == {1}
    assert world.queue.messages == []


class Failing(Fuse):
    """Lets an operation fail, after all tries of the client below, in place of the process."""

    @override
    def _blow_if(self, moment: tuple[int, str]) -> None:
        if self.blow_at == moment:
            self.blow_at = None
            raise self._failure(self.operations[-1].split()[0])

    def _failure(self, operation: str) -> Exception:
        match operation:
            case "GET" | "POST":
                return requests.ReadTimeout()
            case "open" | "properties" | "results" | "write":
                return StorageUnavailableError()
            case "load" | "save":
                return StatusUnavailableError("no answer")
        return ServiceResponseError("no answer")


def failing_function(advance: Callable[..., None]) -> Callable[..., None]:
    """End as a function does in which an exception was raised: its message is handed over again."""

    def tried(*args: object, **options: object) -> None:
        try:
            advance(*args, **options)
        except (AzureError, StorageUnavailableError) as error:
            raise ProcessDied from error

    return tried


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(len(OPERATIONS)), ids=lambda number: f"{number}-{OPERATIONS[number]}")
def test_no_failure_changes_the_end(monkeypatch: pytest.MonkeyPatch, number: int, moment: str) -> None:
    world = eventful_world(Failing())
    world.attended = False  # who comes after a fault of the status comes a little later than the job is due
    world.fuse.blow_at = (number, moment)
    monkeypatch.setattr(world.workflow, "advance", failing_function(world.workflow.advance))
    world.settle()
    assert world.fuse.blown, "nothing failed"
    assert outcome(world) == undisturbed()
    assert {times for serial, times in world.accepted().items() if serial in serials(5)} == {1}
    assert world.queue.messages == []


def test_a_file_that_kills_the_process_ends_as_crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    monkeypatch.setattr("shared.workflow.upload.inspect", lambda *_, **__: world.fuse.die())
    world.drop(DEVICES)
    world.settle()
    job = world.job()
    assert job.state is State.FAILED
    assert job.error is not None
    assert job.error.code == "crashed"
    assert job.attempts == 5
    assert world.partner_center.calls == []


def test_deaths_with_progress_in_between_do_not_add_up() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_upload(*[lambda proceed: proceed(), lambda _: world.fuse.die()] * 7)
    world.drop(array(serials(8)))
    world.settle()
    assert world.job().state is State.COMPLETED
    assert world.job().attempts == 8
    assert set(world.accepted().values()) == {1}


def test_a_death_after_an_answer_forgets_neither_it_nor_what_was_learnt() -> None:
    world = World(part_size=4)
    world.partner_center.script.next_upload(faults.error(413, "", "No."), lambda _: world.fuse.die())
    world.drop(array(serials(4)))
    world.settle()
    assert world.job().state is State.COMPLETED
    assert [upload.device_count for upload in world.job().uploads] == [2, 2]
    whole, half, *_ = world.partner_center.calls
    assert whole.headers["MS-RequestId"] != half.headers["MS-RequestId"] == world.job().uploads[0].request_id


def test_whoever_dies_asking_goes_on_with_the_next_upload() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_poll(*[lambda proceed: proceed()] * 62, lambda _: world.fuse.die())
    world.drop(array(serials(100)))
    world.settle()
    assert world.job().state is State.COMPLETED
    assert sum(call.request.method == "GET" for call in world.partner_center.calls) == 101


def test_an_answer_between_deaths_is_progress() -> None:
    world = World(part_size=64)
    world.partner_center.script.next_upload(*[faults.error(413, "", "No."), lambda _: world.fuse.die()] * 6)
    world.drop(array(serials(64)))
    world.settle()
    assert (world.job().state, world.job().attempts) == (State.COMPLETED, 7)


def test_a_death_while_batches_are_listed_keeps_the_answer_before() -> None:
    world = World(customers={CUSTOMER: ["Else"]})
    world.partner_center.script.next_call(Operation.LIST_BATCHES, lambda _: world.fuse.die())
    world.drop(DEVICES)
    world.settle()
    assert world.job().state is State.REJECTED
    refused = [call.headers["MS-RequestId"] for call in world.partner_center.calls if call.request.method == "POST"]
    assert len(set(refused)) == 2
