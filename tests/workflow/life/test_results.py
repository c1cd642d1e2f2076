"""Every device of the manifest has a row in the results, and no other run's results lie beside a status."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import pytest

from local.stand_ins.partner_center import Outcome, faults
from local.stand_ins.web import Proceed, Response
from shared.job.blob_names import results_of, status_of
from shared.job.status_document import Job, State
from shared.workflow.ports import ResultsBlob
from shared.workflow.queue_messages import WakeUp
from tests.fakes import FakeContent
from tests.manifests import array, serials
from tests.workflow.life.views import TWO, rows
from tests.world import NAME, World


def test_failed_devices_are_listed_with_what_to_do() -> None:
    world = World()
    world.partner_center.script.device_ends("S000002", Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    world.partner_center.script.device_ends("S000003", Outcome("806", "ZtdDeviceAlreadyAssigned"))
    world.drop(array(serials(3)))
    world.settle()
    job = world.job()
    assert job.state is State.COMPLETED_WITH_ERRORS
    assert (job.devices.registered, job.devices.already_registered, job.devices.failed) == (1, 1, 1)
    assert job.message.startswith("2 of 3 devices are registered (1 before). Do what the results say")
    found = rows(world)
    assert [row["outcome"] for row in found] == ["registered", "failed", "already_registered"]
    assert found[1]["errorCode"] == "808"
    assert "release it" in found[1]["action"]
    assert found[1]["matchedBy"] == "serialNumber"


def test_one_device_is_spoken_of_as_one() -> None:
    world = World(part_size=1)
    world.partner_center.script.device_ends("S000001", Outcome("808"))
    world.drop(array(serials(1)))
    world.step()
    assert world.job().message == "Partner Center accepted 1 device and is registering it."
    world.settle()
    assert world.job().message.startswith("0 of 1 device is registered.")


def test_the_one_device_that_was_not_uploaded_is_spoken_of_as_one() -> None:
    world = World(part_size=1)
    world.partner_center.script.next_upload(lambda proceed: proceed(), faults.error(400, "3000", "No."))
    world.drop(TWO)
    world.step()
    assert world.job().message == "Partner Center accepted 1 device. The other device was not uploaded."


def test_devices_missing_from_the_answer_are_not_reported() -> None:
    world = World()
    world.partner_center.script.device_ends("S000001", Outcome(reported=False))
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED_WITH_ERRORS
    assert world.job().devices.not_reported == 1
    assert world.job().message.startswith("1 of 2 devices is known to be registered. Do what the results say")
    assert [row["outcome"] for row in rows(world)] == ["not_reported", "registered"]


def test_one_device_in_many_uploads_failing_is_reported_for_that_device() -> None:
    world = World(part_size=1)
    world.partner_center.script.device_ends("S000002", Outcome("812", "ZtdDeviceNotFound"))
    world.partner_center.script.next_poll(faults.error(404, "1000", "Not found."))
    world.drop(array(serials(3)))
    world.settle()
    assert [row["outcome"] for row in rows(world)] == ["registered", "failed", "registered"]


def test_exact_duplicates_are_sent_once_and_listed_in_the_results() -> None:
    world = World()
    world.drop(array(["A", "B", "A"]))
    world.settle()
    assert world.accepted() == {"A": 1, "B": 1}
    assert world.job().device_count == 2
    assert world.job().state is State.COMPLETED
    assert [row["outcome"] for row in rows(world)] == ["registered", "registered", "duplicate"]


def test_results_that_cannot_be_made_now_are_made_later() -> None:
    world = World()
    world.drop(TWO)
    world.step()
    world.storage.read_fault = True
    world.clock.advance(timedelta(seconds=30))
    world.step()
    error = world.job().error
    assert world.job().state is State.ACCEPTED
    assert error is not None
    assert error.code == "storage_unavailable"
    world.storage.read_fault = False
    world.settle()
    assert world.job().state is State.COMPLETED


def before_results_are_written(world: World, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    write = world.storage.write_results

    def late(job: Job, pieces: Iterable[bytes], over: ResultsBlob | None) -> str:
        monkeypatch.setattr(world.storage, "write_results", write)
        happens()
        return write(job, pieces, over)

    monkeypatch.setattr(world.storage, "write_results", late)


def test_results_of_an_old_run_do_not_lie_beside_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(TWO)
    world.step()

    def overwritten() -> None:
        world.clock.advance(world.delays.lease)
        world.storage.put(NAME, b"no json")
        world.workflow.advance(WakeUp(NAME))

    before_results_are_written(world, monkeypatch, overwritten)
    world.settle()
    assert world.job().state is State.REJECTED
    assert f"{NAME}.results.csv" not in world.storage.blobs


@pytest.mark.parametrize("data", [b"no json", TWO], ids=["invalid", "refused"])
def test_results_of_a_status_that_was_deleted_do_not_stay(data: bytes) -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    del world.storage.blobs[status_of(NAME)]
    world.partner_center.script.next_upload(faults.error(400, "3000", "No."))
    world.drop(data)
    world.settle()
    assert world.job().state is State.REJECTED
    assert f"{NAME}.results.csv" not in world.storage.blobs


def test_whoever_ends_a_job_second_leaves_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(TWO)
    world.step()
    before_results_are_written(world, monkeypatch, lambda: world.workflow.advance(WakeUp(NAME)))
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(rows(world)) == 2


def test_whoever_finishes_late_does_not_write_over_the_results_of_a_later_run(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(TWO)
    world.step()

    def finished_and_dropped_again() -> None:
        world.clock.advance(world.delays.lease)
        world.workflow.advance(WakeUp(NAME))
        assert world.job().state is State.COMPLETED
        world.drop(array(serials(3, start=70)))
        world.settle()

    before_results_are_written(world, monkeypatch, finished_and_dropped_again)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert [row["serialNumber"] for row in rows(world)] == serials(3, start=70)


def test_results_that_somebody_left_next_to_another_runs_status_are_deleted_by_the_sweep() -> None:
    world = World()
    world.drop(b"no json")
    world.settle()
    world.storage.put(results_of(NAME), b"late", {"run": "another"})
    world.sweep.run()
    world.settle()
    assert world.job().state is State.REJECTED
    assert results_of(NAME) not in world.storage.blobs


def overtaken(world: World) -> None:
    """Let a process stand still for longer than its lease, while others do its work."""
    world.clock.advance(world.delays.lease)
    world.settle()
    assert world.job().state is State.COMPLETED


def test_whoever_is_refused_after_losing_the_job_leaves_the_results() -> None:
    world = World()

    def frozen(proceed: Proceed) -> Response:
        overtaken(world)
        return faults.error(400, "3000", "No.")(proceed)

    world.partner_center.script.next_upload(frozen)
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(rows(world)) == 2


def test_whoever_rejects_after_losing_the_job_leaves_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(allowed=frozenset({"00000000-0000-0000-0000-000000000000"}))
    chunks = FakeContent.chunks

    def frozen(content: FakeContent) -> Iterator[bytes]:
        monkeypatch.setattr(FakeContent, "chunks", chunks)
        world.allowed = frozenset()
        world.start_process()
        overtaken(world)
        return chunks(content)

    monkeypatch.setattr(FakeContent, "chunks", frozen)
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.COMPLETED
    assert len(rows(world)) == 2


def test_results_of_an_earlier_run_may_stand_until_the_next_has_ended() -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    world.partner_center.script.next_upload(faults.throttled(60), faults.error(400, "3000", "No."))
    world.drop(array(serials(3)))
    world.step()
    assert (world.job().state, world.job().results) == (State.WAITING, None)
    assert results_of(NAME) in world.storage.blobs
    world.settle()
    assert world.job().state is State.REJECTED
    assert results_of(NAME) not in world.storage.blobs


@pytest.mark.parametrize("runs", [1, 2])
@pytest.mark.parametrize("moment", ["before", "while they are written"])
@pytest.mark.parametrize("named", ["another run", "the same run"])
def test_foreign_results_are_replaced(monkeypatch: pytest.MonkeyPatch, runs: int, moment: str, named: str) -> None:
    world = World()

    def forge_results() -> None:
        run = str(world.job().internal.run) if named == "the same run" else "another"
        world.storage.put(results_of(NAME), b"forged", {"run": run})

    for _ in range(runs):
        world.drop(TWO)
        if moment == "before":
            world.step()
            forge_results()
        else:
            before_results_are_written(world, monkeypatch, forge_results)
        world.settle()
    assert world.job().state is State.COMPLETED
    assert len(rows(world)) == 2
    assert len({job.internal.run for job in world.storage.written}) == runs


def test_results_that_name_the_run_of_a_manifest_without_any_are_deleted_at_its_end() -> None:
    world = World()

    def forge_results(proceed: Proceed) -> Response:
        world.storage.put(results_of(NAME), b"forged", {"run": str(world.job().internal.run)})
        return faults.error(400, "3000", "No.")(proceed)

    world.partner_center.script.next_upload(forge_results)
    world.drop(TWO)
    world.settle()
    assert world.job().state is State.REJECTED
    assert results_of(NAME) not in world.storage.blobs
