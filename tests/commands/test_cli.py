"""The command line: what it takes, and how it ends whatever happens."""

import os
import re
import sys
import tomllib
from pathlib import Path

import pytest

from shared import bootstrap
from shared.commands.arguments import PROGRAM, parser
from shared.commands.cli import main
from shared.config.settings import PROJECT, VERSION
from tests.manifests import array, serials

COMMANDS = ("check", "status", "retry", "doctor", "consent")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("words", [[], ["check"], ["retry"], ["upload"], ["status", "a", "--manifest", "b"]])
def test_other_words_are_answered_with_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(words)
    assert error.value.code == 2
    assert capsys.readouterr().err.startswith(f"usage: {PROGRAM}")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_example_of_each_command_is_one_that_it_takes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main([command, "--help"])
    assert error.value.code == 0
    [example] = re.findall(rf"^  {PROGRAM} (.*)$", capsys.readouterr().out, re.MULTILINE)
    words = [word.strip('"') for word in re.sub(r"<([a-z]+) ([a-z]+)>", r"<\1-\2>", example).split()]
    assert parser().parse_args(words).command == command


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        main(["--version"])
    assert error.value.code == 0
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert capsys.readouterr().out == f"{project['name']} {project['version']}\n" == f"{PROJECT} {VERSION}\n"


@pytest.mark.parametrize("command", [["retry", "x"], ["status"], ["status", "--manifest", "x"]])
def test_a_command_without_settings_names_them(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ManifestStorage", "MANIFEST_CONTAINER", "WAKE_UP_QUEUE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bootstrap, "_app", None)
    assert main(command) == 2
    assert "MANIFEST_CONTAINER is missing" in capsys.readouterr().err


def test_consent_and_doctor_are_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PARTNER_CENTER_REFRESH_TOKEN_SECRET", "not a URL")
    monkeypatch.setattr("builtins.input", lambda _: "x")
    assert main(["consent"]) == 2
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert "signs a Partner Center user in once" in said.out
    assert "PARTNER_CENTER_REFRESH_TOKEN_SECRET" in said.err
    assert "FAIL  settings" in said.out


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [(EOFError, 2, "The input ended before the question was answered."), (KeyboardInterrupt, 130, "")],
)
def test_a_question_that_gets_no_answer_ends_without_a_traceback(
    raised: type[BaseException],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def answer(_: str) -> str:
        raise raised

    monkeypatch.setattr("builtins.input", answer)
    assert main(["consent"]) == code
    assert capsys.readouterr().err.strip() == words


def test_a_reader_who_has_seen_enough_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(array(serials(2)))
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["check", str(path)]) == 141
    assert capfd.readouterr().err == ""


def test_a_full_disk_is_reported_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(array(serials(2)))
    with Path("/dev/full").open("w", encoding="utf-8") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["check", str(path)]) == 2
    assert capfd.readouterr().err == "The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("command", [["retry", "\udcff"], ["status", "\udcff"], ["status", "--manifest", "\udcff"]])
def test_a_name_that_no_blob_can_have_is_refused(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"ManifestStorage": "UseDevelopmentStorage=true", "MANIFEST_CONTAINER": "abc", "WAKE_UP_QUEUE": "abc"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(bootstrap, "_app", None)
    assert main(command) == 2
    assert capsys.readouterr().err == "A name is not UTF-8, as those of blobs are.\n"
