import io
import sys
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ClientAuthenticationError, ResourceNotFoundError, ServiceRequestError

from local.stand_ins.partner_center import faults
from shared import bootstrap
from shared.commands.cli import main
from shared.commands.retry import ASK_ABOVE, agreed, retry
from shared.job.blob_names import status_of
from shared.job.status_document import State
from shared.workflow.ports import BlobEntry, ConflictError, StatusUnavailableError, StorageUnavailableError, Stored
from tests.commands.screens import Screen
from tests.manifests import array, serials
from tests.world import CUSTOMER, World

HOME = f"{CUSTOMER}/Test/"


def rejected_world(count: int = 1) -> World:
    world = World()
    world.partner_center.script.next_upload(*[faults.error(404, "60003", "No such batch.")] * count)
    for number in range(count):
        world.drop(array(serials(1, start=number + 1)), f"{HOME}{number:02}.json")
    world.settle()
    return world


def yes(_: list[str]) -> bool:
    return True


def test_what_ended_badly_is_restarted_and_nothing_else() -> None:
    world, screen = rejected_world(2), Screen()
    world.drop(array(serials(1, start=50)), f"{HOME}good.json")
    world.settle()
    calls = len(world.partner_center.calls)
    blobs = world.storage.listing(HOME)
    assert retry(blobs, world.storage.load, world.workflow.restart, yes, screen.terminal) == 0
    assert screen.lines() == [
        f"{HOME}00.json: restarted",
        f"{HOME}01.json: restarted",
        "2 of 2 manifests restarted. Follow with: python -m shared status",
    ]
    world.settle()
    assert len(world.partner_center.calls) == calls + 4
    job = world.job(f"{HOME}00.json")
    assert job.state is State.COMPLETED
    assert job.previous is not None
    assert job.previous.state is State.REJECTED


def test_where_nothing_ended_badly_nobody_is_asked() -> None:
    world, screen = rejected_world(0), Screen()

    def never(_: list[str]) -> bool:
        raise AssertionError("asked")

    assert retry(world.storage.listing(), world.storage.load, world.workflow.restart, never, screen.terminal) == 0
    assert screen.lines() == ["Nothing to restart: no manifest there has ended as rejected or failed."]


def test_what_is_gone_or_has_moved_on_is_left_alone() -> None:
    world, screen = rejected_world(3), Screen()
    del world.storage.blobs[f"{HOME}00.json"]
    status = world.storage.blobs[status_of(f"{HOME}01.json")]
    status.data = status.data.replace(b'"rejected"', b'"completed"')

    def conflict(stored: Stored) -> None:
        raise ConflictError(stored.job.manifest)

    assert retry(world.storage.listing(), world.storage.load, conflict, yes, screen.terminal) == 0
    assert screen.lines() == [
        f"{HOME}01.json: left alone, it has moved on",
        f"{HOME}02.json: left alone, it was dropped again",
        "0 of 2 manifests restarted. Follow with: python -m shared status",
    ]


@pytest.mark.parametrize(
    ("count", "prefix", "asks"),
    [(ASK_ABOVE, "a", False), (ASK_ABOVE + 1, "a", True), (1, "", True)],
    ids=["few", "many", "the whole container"],
)
@pytest.mark.parametrize(("answer", "agrees"), [(" Y ", True), ("yes", True), ("n", False), ("", False)])
def test_many_or_all_are_listed_and_asked_about(
    count: int, prefix: str, answer: str, *, asks: bool, agrees: bool
) -> None:
    screen, questions = Screen(), list[str]()

    def ask(question: str) -> str:
        questions.append(question)
        return answer

    names = [f"manifest {number}" for number in range(count)]
    assert agreed(names, prefix, screen.terminal, ask) is (agrees or not asks)
    assert bool(questions) == asks
    assert sum(line.startswith("  manifest ") for line in screen.lines()) == (min(count, ASK_ABOVE) if asks else 0)
    assert ("  and 1 more" in screen.lines()) == (asks and count > ASK_ABOVE)


def run_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = SimpleNamespace(storage=world.storage, workflow=world.workflow, wake_ups=world.queue)
    monkeypatch.setattr(bootstrap, "_app", app)


def test_the_command_asks_unless_yes_is_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = rejected_world()
    run_on(world, monkeypatch)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(["retry", ""]) == 1
    assert world.queue.messages == []
    assert main(["retry", "", "--yes"]) == 0
    assert "1 of 1 manifest restarted" in capsys.readouterr().out


def test_silence_is_no_agreement(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    world = rejected_world()
    run_on(world, monkeypatch)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["retry", ""]) == 1
    assert world.queue.messages == []
    said = capsys.readouterr().out
    assert "--yes restarts them without asking." in said
    assert "Nothing was restarted." in said


@pytest.mark.parametrize(
    ("error", "words"),
    [(ResourceNotFoundError("secret"), "it does not exist: create it, or correct WAKE_UP_QUEUE"),
     (ClientAuthenticationError("secret"), "run az login")],
)  # fmt: skip
def test_nothing_is_restarted_where_nobody_reads_the_queue(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = rejected_world()
    run_on(world, monkeypatch)

    def count() -> int:
        raise error

    monkeypatch.setattr(world.queue, "count", count)
    assert main(["retry", HOME]) == 2
    said = capsys.readouterr().err
    assert said.startswith("The queue: ")
    assert words in said
    assert "secret" not in said
    assert world.queue.messages == []
    assert world.job(f"{HOME}00.json").state is State.REJECTED


def unavailable() -> StatusUnavailableError:
    error = StatusUnavailableError("ResourceNotFoundError")
    error.__cause__ = ResourceNotFoundError("secret")
    return error


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ResourceNotFoundError("secret"), "it does not exist: create it, or correct MANIFEST_CONTAINER"),
        (lambda: ServiceRequestError("secret"), "cannot be reached (ServiceRequestError)"),
        (lambda: ClientAuthenticationError("secret"), "run az login"),
        (unavailable, "it does not exist"),
        (lambda: StorageUnavailableError("secret"), "The storage cannot be reached."),
        (lambda: ConflictError("secret"), "It changed while it was being read"),
    ],
)
def test_a_storage_that_refuses_is_reported_in_a_line(
    make: Callable[[], Exception], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()

    def listing(_prefix: str = "") -> list[BlobEntry]:
        raise make()

    monkeypatch.setattr(world.storage, "listing", listing)
    run_on(world, monkeypatch)
    assert main(["retry", "x"]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert "secret" not in said
    assert said.count("\n") == 1


def test_a_status_of_somebody_else_is_left_alone() -> None:
    world, screen = rejected_world(), Screen()
    world.storage.blobs[status_of(f"{HOME}00.json")].data = b"{}"
    assert retry(world.storage.listing(), world.storage.load, world.workflow.restart, yes, screen.terminal) == 0
    assert (
        screen.lines()[0] == f"{HOME}00.json: left alone, its status is not this app's: ValidationError; drop it again"
    )


def test_a_restart_is_a_run_of_its_own() -> None:
    world = rejected_world()
    name = f"{HOME}00.json"
    world.clock.advance(timedelta(hours=1))
    assert retry(world.storage.listing(), world.storage.load, world.workflow.restart, yes, Screen().terminal) == 0
    assert world.job(name).state is State.WAITING
    assert world.job(name).created_at == world.clock.now
