import io
import json
import runpy
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import ResourceNotFoundError

from local.partner_center import faults
from shared import bootstrap
from shared.commands import main
from shared.job import State
from shared.names import status_of
from shared.retry import retry
from shared.services import BlobEntry, ConflictError, Stored
from tests.manifests import array, serials
from tests.world import CUSTOMER, NAME, World

GOOD = array(serials(2))
BAD = b'[{"serialNumber": "S1"}, {"hardwareHash": 5}]'


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], str]:
    def write(data: bytes) -> str:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
        path.write_bytes(data)
        return str(path)

    return write


def test_check_says_fine(file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", file(GOOD)]) == 0
    assert "fine; 2 devices, 0 issues, 2 warnings" in capsys.readouterr().out


def test_check_tells_every_issue(file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", file(GOOD), file(BAD)]) == 1
    told = capsys.readouterr().out
    assert "INVALID" in told
    assert "device 1" in told
    assert "missing_identity" in told
    assert "device 2" in told


def test_check_speaks_to_machines(file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", file(BAD)]) == 1
    (document,) = json.loads(capsys.readouterr().out)
    assert document["fine"] is False
    assert document["issueCount"] == len(document["issues"]) >= 2
    assert set(document["issues"][0]) == {"where", "field", "code", "message"}


def test_check_shows_more_issues_than_the_status(
    file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json", file(json.dumps([{}] * 250).encode())]) == 1
    (document,) = json.loads(capsys.readouterr().out)
    assert len(document["issues"]) == 250


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        ([], None),
        (["--customer", CUSTOMER, "--batch", "Test"], None),
        (["--customer", "contoso", "--batch", "Test"], "invalid_customer_id"),
        (["--customer", CUSTOMER, "--batch", ".."], "invalid_batch_id"),
        (["--customer", CUSTOMER], "missing_customer_id"),
    ],
)
def test_check_looks_at_the_ids_it_is_given(
    file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str], ids: list[str], code: str | None
) -> None:
    assert main(["check", "--json", file(GOOD), *ids]) == (0 if code is None else 1)
    (document,) = json.loads(capsys.readouterr().out)
    assert [issue["code"] for issue in document["issues"]] == ([] if code is None else [code])


def test_check_looks_at_the_ids_of_an_envelope(
    file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]
) -> None:
    envelope = {"customerId": CUSTOMER, "batchId": "Test", "devices": [{"productKey": "K"}]}
    assert main(["check", file(json.dumps(envelope).encode())]) == 0
    assert main(["check", file(json.dumps(envelope).encode()), "--customer", CUSTOMER, "--batch", "Else"]) == 1
    assert "conflicting_batch_id" in capsys.readouterr().out


def test_python_m_shared_is_the_command(
    file: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["shared", "check", file(BAD)])
    with pytest.raises(SystemExit) as error:
        runpy.run_module("shared", run_name="__main__")
    assert error.value.code == 1
    assert "INVALID" in capsys.readouterr().out


def test_check_names_a_file_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["check"], ["retry"], ["upload"]])
def test_other_words_are_told_the_usage(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2


def test_check_needs_neither_settings_nor_network_nor_sdk(file: Callable[[bytes], str]) -> None:
    program = (
        "import sys; from shared.commands import main; code = main(sys.argv[1:]);"
        "assert not {'requests', 'azure.storage.blob', 'azure.identity'} & set(sys.modules); sys.exit(code)"
    )
    import subprocess  # noqa: PLC0415 - for this test alone

    ran = subprocess.run([sys.executable, "-c", program, "check", file(GOOD)], check=False, env={}, timeout=30)  # noqa: S603 - our own program
    assert ran.returncode == 0


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


def test_the_retry_command_works_on_the_app(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = rejected_world(21)

    class App:
        storage = world.storage
        workflow = world.workflow

    monkeypatch.setattr(bootstrap, "_app", App())
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(["retry", ""]) == 1
    assert main(["retry", "", "--yes"]) == 0
    assert "21 of 21 started anew" in capsys.readouterr().out


def test_retry_takes_silence_for_no(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    world = rejected_world(21)

    class App:
        storage = world.storage
        workflow = world.workflow

    monkeypatch.setattr(bootstrap, "_app", App())
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

    class App:
        storage = world.storage
        workflow = world.workflow

    monkeypatch.setattr(world.storage, "listing", listing)
    monkeypatch.setattr(bootstrap, "_app", App())
    assert main(["retry", "x"]) == 2
    assert "ResourceNotFoundError" in capsys.readouterr().err


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
    assert stored is not None
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
