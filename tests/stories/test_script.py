"""The sample of a script, beside the app: while the script pauses, the app works."""

import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.storage.blob import ContainerSasPermissions, generate_container_sas

from local.stage import CONTAINER
from tests.manifests import array, serials
from tests.stories.stage import Stage
from tests.stories.surroundings import NAME

SCRIPT = Path(__file__).parent.parent.parent / "samples" / "script" / "drop_and_wait.py"


def run(stage: Stage, data: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Run the script as its command line does, and give what it exits with."""
    sas = generate_container_sas(
        str(stage.container.account_name),
        CONTAINER,
        account_key=stage.container.credential.account_key,
        permission=ContainerSasPermissions(read=True, write=True, create=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    (folder / "laptops.json").write_bytes(data)
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), f"{stage.container.url}?{sas}", str(folder / "laptops.json"), NAME])
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
    assert "missing_identity" in capsys.readouterr().out


def test_it_does_not_wait_for_what_somebody_has_overwritten(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overwritten(_: float) -> None:
        stage.work()
        stage.drop(array(serials(2, start=50)))
        stage.settle()

    monkeypatch.setattr("time.sleep", overwritten)
    assert "somebody has dropped another file" in str(run(stage, array(serials(2)), tmp_path, monkeypatch))
