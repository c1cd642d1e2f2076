"""Batches that do not exist: created where that is wanted and allowed, else told with the nearest names."""

from datetime import timedelta

import pytest

from local.stand_ins.partner_center import Operation, SignIn, faults
from local.stand_ins.web import Proceed, Response, Silence, answer_lost, no_fault
from shared.job.status_document import State
from shared.partner_center.batch_list import nearest_batches
from shared.workflow.waiting_line import Call
from tests.manifests import array, serials
from tests.workflow.forgeries import forge
from tests.world import CUSTOMER, World

THREE = array(serials(3))


def creating_world() -> World:
    return World(customers={CUSTOMER: ["Else"]}, part_size=2, create_missing_batch=True, access=SignIn.APP_AND_USER)


def test_a_missing_batch_is_created_with_the_first_part() -> None:
    world = creating_world()
    world.drop(THREE)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert set(world.accepted().values()) == {1}
    operations = [call.operation for call in world.partner_center.calls if call.request.method == "POST"]
    assert operations == [Operation.UPLOAD, Operation.CREATE_BATCH, Operation.UPLOAD]
    assert world.job().error is None


def test_a_batch_that_somebody_else_has_just_created_is_appended_to() -> None:
    world = creating_world()

    def created_meanwhile(proceed: Proceed) -> Response:
        world.partner_center.add_batch(CUSTOMER, "Test")
        return proceed()

    world.partner_center.script.next_call(Operation.CREATE_BATCH, created_meanwhile)
    world.drop(THREE)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert set(world.accepted().values()) == {1}


def test_a_creation_whose_answer_was_lost_is_asked_for_again_with_its_id() -> None:
    world = creating_world()
    world.partner_center.script.next_call(Operation.CREATE_BATCH, answer_lost(Silence.TIMED_OUT))
    world.drop(THREE)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert set(world.accepted().values()) == {1}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(12))
def test_no_death_creates_twice(number: int, moment: str) -> None:
    world = creating_world()
    world.drop(THREE)
    world.fuse.blow_at = (number, moment)
    world.settle()
    assert world.fuse.blown
    assert world.job().state is State.COMPLETED
    assert set(world.accepted().values()) == {1}


def test_a_batch_that_is_missing_all_the_same_is_not_created_for_ever() -> None:
    world = creating_world()
    gone = faults.error(404, "60003", "Not found.")
    world.partner_center.script.next_call(Operation.UPLOAD, gone, gone, gone)
    world.partner_center.script.next_call(Operation.CREATE_BATCH, faults.error(409, "", "Exists."))
    world.drop(THREE)
    world.settle()
    assert world.job().state is State.REJECTED


def test_a_status_creates_no_batch_where_the_setting_does_not() -> None:
    world = World(customers={CUSTOMER: ["Else"]}, access=SignIn.APP_AND_USER)
    world.partner_center.script.next_upload(faults.gateway_error())
    world.drop(THREE)
    world.step()
    forge(world, {"internal_creating": True})
    world.settle()
    assert world.job().state is State.REJECTED
    assert world.accepted() == {}


def test_a_batch_that_goes_missing_after_the_first_part_is_not_created_again() -> None:
    world = creating_world()
    world.partner_center.script.next_call(Operation.UPLOAD, no_fault, faults.error(404, "60003", "Not found."))
    world.drop(THREE)
    world.settle()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    operations = [call.operation for call in world.partner_center.calls]
    assert operations[:-1] == [Operation.UPLOAD, Operation.CREATE_BATCH, Operation.UPLOAD]


def test_the_request_that_was_answered_is_over_before_the_names_are_asked_for() -> None:
    world = World(customers={CUSTOMER: ["Tset"]})
    world.partner_center.script.next_call(Operation.LIST_BATCHES, lambda _: world.fuse.die())
    world.drop(THREE)
    world.settle()
    ids = [call.headers["MS-RequestId"] for call in world.partner_center.calls if call.operation is Operation.UPLOAD]
    assert world.job().state is State.REJECTED
    assert len(ids) == len(set(ids)) == 2


def test_a_mistyped_batch_is_told_with_the_nearest_names() -> None:
    world = World(customers={CUSTOMER: ["Tset", "Testing", "Other"]})
    world.drop(THREE)
    world.settle()
    error = world.job().error
    assert world.job().state is State.REJECTED
    assert error is not None
    assert error.description.endswith("Similar batch ids: Tset, Testing. Use one of these, or create the batch first.")
    assert error.http_status == 404


def names_are_listed(world: World) -> bool:
    world.drop(THREE)
    world.settle()
    assert world.job().state is State.REJECTED
    return Operation.LIST_BATCHES in [call.operation for call in world.partner_center.calls]


def test_names_are_not_listed_at_a_closed_door() -> None:
    world = World(customers={CUSTOMER: ["Tset"]})

    def closed_meanwhile(proceed: Proceed) -> Response:
        world.services.pacing.throttled(Call.UPLOAD, CUSTOMER, timedelta(minutes=1))
        return proceed()

    world.partner_center.script.next_upload(closed_meanwhile)
    assert not names_are_listed(world)


def test_a_throttle_of_the_list_closes_the_door_for_uploads() -> None:
    world = World(customers={CUSTOMER: ["Tset"]})
    world.partner_center.script.next_call(Operation.LIST_BATCHES, faults.throttled(60))
    assert names_are_listed(world)
    assert world.services.pacing.turn(Call.UPLOAD, CUSTOMER)


def test_names_that_cannot_be_listed_do_not_change_the_verdict() -> None:
    world = World(customers={CUSTOMER: []})
    world.partner_center.script.next_call(Operation.LIST_BATCHES, faults.gateway_error(500))
    world.drop(THREE)
    world.settle()
    error = world.job().error
    assert world.job().state is State.REJECTED
    assert error is not None
    assert "batch ids" not in error.description


@pytest.mark.parametrize(
    ("batch", "existing", "told"),
    [
        ("Test", [], "The customer has no device batches yet: create the batch first."),
        ("test", ["TEST", "x"], "Similar batch ids: TEST. Use one of these, or create the batch first."),
        ("Test", ["b", "a", "b"], "Existing batch ids: a, b. Use one of these, or create the batch first."),
    ],
)
def test_suggestions_read_well(batch: str, existing: list[str], told: str) -> None:
    assert nearest_batches(batch, existing) == told
