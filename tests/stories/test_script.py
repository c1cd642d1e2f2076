"""The sample of a script, beside the app: while the script pauses, the app works."""

import re
import runpy
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from local.stage import CONTAINER
from tests.manifests import array, serials
from tests.stories.stage import Stage
from tests.stories.surroundings import NAME

SCRIPT = Path(__file__).parent.parent.parent / "samples" / "script" / "drop_and_wait.py"


ENDS = "the app's own blobs end so."
HTTPS = "Signing in needs https. Without it, use a URL with a SAS."


def run(stage: Stage, data: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> object:
    """Run the script as its command line does, and return what it exits with."""
    (folder / "laptops.json").write_bytes(data)
    return command(monkeypatch, container_of(stage), str(folder / "laptops.json"), NAME, *options)


def container_of(stage: Stage, lasts: timedelta = timedelta(hours=1)) -> str:
    sas = generate_container_sas(
        str(stage.container.account_name),
        CONTAINER,
        account_key=stage.container.credential.account_key,
        permission=ContainerSasPermissions(read=True, write=True, create=True),
        expiry=datetime.now(UTC) + lasts,
    )
    return f"{stage.container.url}?{sas}"


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), *arguments])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    return ended.value.code


def test_it_waits_for_the_end_of_what_it_has_dropped(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.drop(array(serials(1)))
    stage.settle()
    monkeypatch.setattr("time.sleep", lambda _: stage.settle())
    assert run(stage, array(serials(2, start=50)), tmp_path, monkeypatch) == 0
    told = capsys.readouterr().out
    assert told.startswith("device,line,serialNumber,")
    assert told.count(",registered,") == 2
    assert "S000051" in told


def test_a_rejected_manifest_is_no_success_and_its_issues_are_shown(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: stage.settle())
    assert run(stage, b"[{}]", tmp_path, monkeypatch) == 1
    told = capsys.readouterr()
    assert "missing_identity" in told.out
    assert '"internal"' not in told.out
    assert "device 1: A device needs a hardware hash" in told.err


def test_it_does_not_wait_for_what_somebody_has_overwritten(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def overwritten(_: float) -> None:
        stage.work()
        stage.drop(array(serials(2, start=50)))
        stage.settle()

    monkeypatch.setattr("time.sleep", overwritten)
    assert run(stage, array(serials(2)), tmp_path, monkeypatch) == 1
    assert "Somebody has dropped another file" in capsys.readouterr().err


def test_it_shows_how_the_manifest_stands_apart_from_the_results(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    looks: list[float] = []

    def work(seconds: float) -> None:
        looks.append(seconds)
        stage.settle() if len(looks) > 5 else stage.work()

    monkeypatch.setattr("time.sleep", work)
    assert run(stage, array(serials(2)), tmp_path, monkeypatch) == 0
    shown = re.findall(r"(?m)^\d\d:\d\d:\d\d (\w+): ", capsys.readouterr().err)
    assert shown == ["accepted", "completed"]
    assert looks == [1, 2, 4, 8, 10, 10]


def test_it_waits_no_longer_than_the_timeout(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(stage, array(serials(1)), tmp_path, monkeypatch, "--timeout", "0") == 3
    assert "What was dropped stays dropped." in capsys.readouterr().err
    assert NAME in stage.names()


def test_an_app_that_does_not_answer_is_spoken_of_once(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    passed = [time.monotonic()]

    def sleep(seconds: float) -> None:
        passed.append(passed[-1] + seconds)

    monkeypatch.setattr("time.monotonic", lambda: passed[-1])
    monkeypatch.setattr("time.sleep", sleep)
    assert run(stage, array(serials(1)), tmp_path, monkeypatch, "--timeout", "400") == 3
    assert capsys.readouterr().err.count("No status yet.") == 1
    assert run(stage, array(serials(1)), tmp_path, monkeypatch, "--timeout", "170") == 3
    assert "No status yet." not in capsys.readouterr().err


def test_ctrl_c_leaves_what_was_dropped(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", stop)
    assert run(stage, array(serials(1)), tmp_path, monkeypatch) == 130
    assert "Stopped." in capsys.readouterr().err
    assert NAME in stage.names()


def test_what_hinders_the_script_has_a_line_and_an_exit_status_of_its_own(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One story, as each would start an app only to drop nothing into it."""
    file = tmp_path / "laptops.json"
    file.write_bytes(array(serials(1)))
    refused = "Storage refuses the SAS: has it expired, and does it allow to read, create and write?"
    expired = container_of(stage, lasts=timedelta(hours=-1))
    monkeypatch.setattr("time.sleep", lambda _: None)
    for arguments, line in {
        (container_of(stage), "missing.csv", NAME): "missing.csv: No such file or directory.",
        (container_of(stage), str(tmp_path), NAME): f"{tmp_path}: Is a directory.",
        (container_of(stage), str(file), ""): "The name is empty.",
        (container_of(stage), str(file), f"{NAME}.results.csv"): f"{NAME}.results.csv is never a manifest: {ENDS}",
        ("http://127.0.0.1:9/manifests", str(file), NAME): HTTPS,
        ("laptops", str(file), NAME): "laptops is no URL of a container.",
        (expired, str(file), NAME): refused,
        ("http://127.0.0.1:9/account/manifests?sig=secret", str(file), NAME): "No connection to 127.0.0.1.",
    }.items():
        assert command(monkeypatch, *arguments) == 2
        told = capsys.readouterr()
        assert (told.err, told.out) == (f"{line}\n", "")
    assert stage.names() == set()


def test_arguments_that_are_missing_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "https://account.example/manifests") == 2
    assert "required: file, name" in capsys.readouterr().err


def test_ctrl_c_while_libraries_are_loaded_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupting:
        def __getattr__(self, _: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "azure.identity", Interrupting())
    assert command(monkeypatch, "--help") == 130
    assert capsys.readouterr().err == ""
