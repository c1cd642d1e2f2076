import io
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ResourceNotFoundError

from local.stand_ins.partner_center import faults
from shared import bootstrap
from shared.commands.cli import main
from shared.commands.retry import retry
from shared.job.blob_names import status_of
from shared.job.record import State
from shared.workflow.ports import BlobEntry, ConflictError, StatusUnavailableError, Stored
from tests.manifests import array, serials
from tests.world import CUSTOMER, NAME, World


@pytest.mark.parametrize("arguments", [[], ["check"], ["retry"], ["upload"]])
def test_other_words_are_told_the_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2


def rejected_world(count: int = 1) -> World:
    world = World()
    world.partner_center.script.next_upload(*[faults.error(404, "60003", "No such batch.")] * count)
    for number in range(count):
        world.drop(array(serials(1, start=number + 1)), f"{CUSTOMER}/Test/{number:02}.json")
    world.settle()
    return world


def test_retry_starts_what_ended_badly_and_nothing_else() -> None:
    world = rejected_world(2)
    world.drop(array(serials(1, start=50)), f"{CUSTOMER}/Test/good.json")
    world.settle()
    calls = len(world.partner_center.calls)
    told: list[str] = []
    assert (
        retry(f"{CUSTOMER}/Test/", world.storage, world.workflow.restart, agree=lambda _: False, say=told.append) == 0
    )
    assert told == ["2 of 2 started anew; follow their status blobs."]
    world.settle()
    assert len(world.partner_center.calls) == calls + 4
    job = world.job(f"{CUSTOMER}/Test/00.json")
    assert job.state is State.COMPLETED
    assert job.previous is not None
    assert job.previous.state is State.REJECTED


def test_retry_asks_before_more_than_20() -> None:
    world = rejected_world(21)
    asked: list[int] = []

    def disagree(count: int) -> bool:
        asked.append(count)
        return False

    assert retry("", world.storage, world.workflow.restart, agree=disagree, say=lambda _: None) == 1
    assert asked == [21]
    assert world.queue.messages == []
    assert retry("", world.storage, world.workflow.restart, agree=lambda _: True, say=lambda _: None) == 0
    assert len(world.queue.messages) == 21


def test_retry_leaves_what_is_gone_or_has_moved_on() -> None:
    world = rejected_world(3)
    del world.storage.blobs[f"{CUSTOMER}/Test/00.json"]
    status = world.storage.blobs[status_of(f"{CUSTOMER}/Test/01.json")]
    status.data = status.data.replace(b'"rejected"', b'"completed"')

    def conflict(stored: Stored) -> None:
        raise ConflictError(stored.job.manifest)

    told: list[str] = []
    assert retry("", world.storage, conflict, agree=lambda _: False, say=told.append) == 0
    assert told == ["0 of 2 started anew; follow their status blobs."]


def run_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_app", SimpleNamespace(storage=world.storage, workflow=world.workflow))


def test_the_retry_command_works_on_the_app(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = rejected_world(21)

    run_on(world, monkeypatch)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(["retry", ""]) == 1
    assert main(["retry", "", "--yes"]) == 0
    assert "21 of 21 started anew" in capsys.readouterr().out


def test_retry_takes_silence_for_no(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    world = rejected_world(21)

    run_on(world, monkeypatch)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["retry", ""]) == 1
    assert world.queue.messages == []
    told = capsys.readouterr()
    assert "Nothing was started." in told.out
    assert "--yes" in told.err


def test_retry_says_in_a_line_that_the_storage_does_not_serve_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()

    def listing(prefix: str = "") -> list[BlobEntry]:
        raise ResourceNotFoundError(f"no container for {prefix}")

    monkeypatch.setattr(world.storage, "listing", listing)
    run_on(world, monkeypatch)
    assert main(["retry", "x"]) == 2
    assert "ResourceNotFoundError" in capsys.readouterr().err


def test_retry_names_a_status_that_it_cannot_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = rejected_world()

    def load(_: str) -> Stored | None:
        raise StatusUnavailableError("AuthorizationFailure")

    monkeypatch.setattr(world.storage, "load", load)
    run_on(world, monkeypatch)
    assert main(["retry", ""]) == 2
    assert "AuthorizationFailure" in capsys.readouterr().err


def test_a_command_without_settings_names_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ManifestStorage", "MANIFEST_CONTAINER", "WAKE_UP_QUEUE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bootstrap, "_app", None)
    assert main(["retry", "x"]) == 2
    assert "MANIFEST_CONTAINER is missing" in capsys.readouterr().err


def test_a_restart_is_a_run_of_its_own() -> None:
    world = rejected_world()
    name = f"{CUSTOMER}/Test/00.json"
    stored = world.storage.load(name)
    assert isinstance(stored, Stored)
    world.clock.advance(timedelta(hours=1))
    world.workflow.restart(stored)
    assert world.job(name).state is State.WAITING
    assert world.job(name).created_at == world.clock.now
    assert NAME not in world.storage.blobs


def test_consent_and_doctor_are_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PARTNER_CENTER_REFRESH_TOKEN_SECRET", "not a URL")
    monkeypatch.setattr("builtins.input", lambda _: "x")
    assert main(["consent"]) == 2
    assert main(["doctor"]) == 1
    told = capsys.readouterr()
    assert "signs a Partner Center user in once" in told.out
    assert "PARTNER_CENTER_REFRESH_TOKEN_SECRET" in told.err
    assert "FAIL  settings" in told.out
