"""What cannot be accepted as it is is rejected with a reason, and what is no manifest is left alone."""

import pytest

from local.stand_ins.partner_center import faults
from shared.job.blob_names import status_of
from shared.job.status_document import State
from shared.workflow.queue_messages import WakeUp
from tests.workflow.life.views import TWO, status_of_error
from tests.world import CUSTOMER, NAME, World

OTHER = "11111111-2222-3333-4444-555555555555"


def test_one_device_that_is_too_large_is_rejected() -> None:
    world = World(part_size=2)
    world.partner_center.script.max_devices = 0
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.REJECTED
    assert status_of_error(world) == 413


@pytest.mark.parametrize(
    ("status", "code"), [(400, "3000"), (403, "20002"), (404, "60003"), (405, None), (409, None), (422, None)]
)
def test_a_refusal_rejects_with_its_evidence(status: int, code: str | None) -> None:
    world = World()
    world.partner_center.script.next_upload(faults.error(status, code or "", "No."))
    world.drop(TWO)
    world.settle()
    job = world.job()
    assert job.state is State.REJECTED
    assert job.error is not None
    assert job.error.http_status == status
    assert job.error.description.startswith("No.")
    assert job.error.request_id
    assert job.error.correlation_id
    assert job.error.server_correlation
    assert job.devices.not_uploaded == 2


def test_an_unknown_batch_is_rejected() -> None:
    world = World(customers={CUSTOMER: ["Else"]})
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.REJECTED
    assert world.job().error is not None


@pytest.mark.parametrize(
    ("data", "name", "code"),
    [
        (b"no json", NAME, None),
        (b"", NAME, "empty_file"),
        (b"[{}]", NAME, "missing_identity"),
        (TWO, "laptops.json", "missing_customer_id"),
        (TWO, "contoso/Test/laptops.json", "invalid_customer_id"),
        (f"Windows Product ID,Customer ID\nK,{OTHER}\n".encode(), NAME, "other_customer"),
        (b"[" + b" " * 2**20 + b"]", NAME, "manifest_too_large"),
    ],
)
def test_a_bad_manifest_is_rejected_and_nothing_uploaded(data: bytes, name: str, code: str | None) -> None:
    world = World()
    world.drop(data, name)
    world.settle()
    job = world.job(name)
    assert job.state is State.REJECTED
    assert job.issue_count >= 1
    assert code is None or code in {issue.code for issue in job.issues}
    assert world.partner_center.calls == []


def test_a_rejected_manifest_still_tells_whose_it_is() -> None:
    world = World()
    world.drop(b"[{}]")
    world.settle()
    assert (world.job().customer_id, world.job().batch_id) == (CUSTOMER, "Test")


def test_a_fault_that_is_over_is_not_reported_beside_the_issues() -> None:
    world = World()
    world.storage.read_fault = True
    world.drop(b"[{}]")
    world.step()
    assert world.job().error is not None
    world.storage.read_fault = False
    world.settle()
    assert (world.job().state, world.job().error) == (State.REJECTED, None)


def test_a_customer_that_is_not_allowed_is_rejected() -> None:
    world = World(allowed=frozenset({"11111111-2222-3333-4444-555555555555"}))
    world.drop(TWO)
    world.settle()
    assert [issue.code for issue in world.job().issues] == ["customer_not_allowed"]


def test_an_event_for_a_blob_that_is_gone_leaves_nothing() -> None:
    world = World()
    world.drop(TWO)
    del world.storage.blobs[NAME]
    world.settle()
    assert world.storage.blobs == {}


@pytest.mark.parametrize("name", [f"{NAME}.status.json", f"{NAME}.results.csv", "x" * 1013])
def test_what_is_no_manifest_gets_no_status(name: str) -> None:
    world = World()
    world.drop(b"[]", name)
    world.settle()
    assert status_of(name) not in world.storage.blobs


def test_a_directory_marker_is_no_manifest() -> None:
    world = World()
    world.storage.put("a/b", b"", {"hdi_isfolder": "true"})
    world.workflow.advance(WakeUp("a/b"))
    assert list(world.storage.blobs) == ["a/b"]
