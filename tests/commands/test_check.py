"""``python -m shared check``: what the app would say of a file, before it is dropped."""

import io
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.commands.cli import main
from tests.manifest.workbook_reader.workbooks import TUPLE, parts, row, sheet, zipped
from tests.manifests import array, serials
from tests.world import CUSTOMER

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


def test_check_reports_every_issue(file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", file(GOOD), file(BAD)]) == 1
    said = capsys.readouterr().out
    assert "INVALID" in said
    assert "device 1" in said
    assert "missing_identity" in said
    assert "device 2" in said


def test_check_speaks_to_machines(file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", file(BAD)]) == 1
    (document,) = json.loads(capsys.readouterr().out)
    assert document["fine"] is False
    assert document["issueCount"] == len(document["issues"]) >= 2
    assert set(document["issues"][0]) == {"where", "device", "line", "field", "code", "message"}


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
        (["--customer", "", "--batch", "Test"], "missing_customer_id"),
        (["--customer", CUSTOMER, "--batch", ""], "missing_batch_id"),
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


def test_check_knows_whose_devices_are_whose(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "laptops.csv"
    path.write_text("Windows Product ID,Customer ID\nK,11111111-2222-3333-4444-555555555555\n")
    assert main(["check", str(path)]) == 0
    assert main(["check", str(path), "--customer", CUSTOMER, "--batch", "Test"]) == 1
    assert "other_customer" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("inside", "codes"),
    [({"customerId": CUSTOMER}, []), ({"batchId": "Test"}, []), ({"customerId": "contoso"}, ["invalid_customer_id"])],
)
def test_what_an_envelope_leaves_out_is_left_to_the_blobs_name(
    file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str], inside: dict[str, str], codes: list[str]
) -> None:
    envelope = json.dumps({**inside, "devices": [{"productKey": "K"}]}).encode()
    assert main(["check", "--json", file(envelope)]) == bool(codes)
    (document,) = json.loads(capsys.readouterr().out)
    assert [issue["code"] for issue in document["issues"]] == codes


@pytest.mark.parametrize("half", [["--customer", CUSTOMER], ["--batch", "Test"]])
def test_check_wants_both_ids_or_none(
    file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str], half: list[str]
) -> None:
    assert main(["check", file(GOOD), *half]) == 2
    assert "go together" in capsys.readouterr().err


def test_editors_find_the_line_of_an_issue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "laptops.csv"
    path.write_text("serialNumber,oemManufacturerName,modelName\nS1,Contoso,One\nS2,Contoso,\n")
    assert main(["check", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{path}:3: issue: A device needs")
    assert lines[0].endswith(" [missing_identity]")
    assert lines[1:] == [f"{path}: INVALID; 2 devices, 1 issue, 0 warnings"]


def test_a_cell_that_the_message_does_not_name_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "laptops.xlsx"
    path.write_bytes(zipped(parts(sheet(row(1, *TUPLE), row(2, '<c r="A2"><v>1.5</v></c>', "Contoso", "One")))))
    assert main(["check", str(path)]) == 1
    assert f"{path}:2: issue: serialNumber: The cell holds a number" in capsys.readouterr().out
    path = path.with_suffix(".json")
    path.write_bytes(b'[{"productKey": "string"}]')
    assert main(["check", str(path)]) == 1
    assert "issue: productKey is still what a template has" in capsys.readouterr().out


def test_the_summary_of_several_files_is_the_last_line(
    file: Callable[[bytes], str], capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = file(GOOD), file(BAD)
    assert main(["check", good, bad, good]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines if "fine; " in line or "INVALID; " in line] == [good, bad, good]
    assert lines[-1] == "3 files: 2 fine, 1 invalid"


def test_check_reads_the_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD)))
    assert main(["check", "-"]) == 0
    assert "-: fine; 2 devices" in capsys.readouterr().out


def test_check_takes_the_files_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    left_by_programs = ("~$b.xlsx", "desktop.ini", "Thumbs.db", ".DS_Store")
    for name in ("b.json", "a/c.json", ".hidden.json", "b.json.status.json", "b.json.results.csv", *left_by_programs):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(GOOD)
    assert main(["check", "--json", str(tmp_path)]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert [document["file"] for document in documents] == [str(tmp_path / "a" / "c.json"), str(tmp_path / "b.json")]


def test_check_expands_a_pattern_that_the_shell_did_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("b.json", "a.json", "c.csv", "a.json.status.json"):
        (tmp_path / name).write_bytes(GOOD)
    assert main(["check", "--json", str(tmp_path / "*.json")]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert [document["file"] for document in documents] == [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    assert main(["check", str(tmp_path / "*.xlsx")]) == 2
    assert "*.xlsx: No such file or directory" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".status.json", ".results.csv"])
def test_check_refuses_a_name_that_the_app_never_takes(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"laptops.csv{suffix}"
    path.write_bytes(GOOD)
    assert main(["check", str(path)]) == 2
    assert capsys.readouterr().out == f"{path} is never a manifest: the app's own blobs end so\n"


def test_each_file_has_its_findings_by_line_then_its_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    for name in names:
        Path(name).write_text("Windows Product ID,Tag\nK ,x\n,y\n")
    assert main(["check", *names]) == 1
    lines = capsys.readouterr().out.splitlines()
    kinds = [re.findall("issue: |warning: |INVALID", line)[0] for line in lines[:-1]]
    assert kinds == ["warning: ", "warning: ", "issue: ", "INVALID"] * 2
    assert [line.split(":")[0] for line in lines[:-1]] == [names[0]] * 4 + [names[1]] * 4


def test_an_empty_folder_is_no_green_light(
    file: Callable[[bytes], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["check", str(empty), file(GOOD)]) == 2
    assert f"{empty}: no file in this folder is a manifest\n" in capsys.readouterr().out
    assert main(["check", "--json", str(empty)]) == 2


def test_python_m_shared_is_the_command(
    file: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["shared", "check", file(BAD)])
    with pytest.raises(SystemExit) as error:
        runpy.run_module("shared", run_name="__main__")
    assert error.value.code == 1
    assert "INVALID" in capsys.readouterr().out


def test_a_python_without_the_packages_names_the_right_one(
    file: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["shared", "check", file(GOOD)])
    monkeypatch.setitem(sys.modules, "msgspec", None)
    for module in ("shared.commands.cli", "shared.commands.check"):
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(SystemExit) as error:
        runpy.run_module("shared", run_name="__main__")
    assert error.value.code == 2
    assert "lacks msgspec. Take the project's, .venv/bin/python" in capsys.readouterr().err


class Interrupting:
    """Finds a module only to have its import interrupted."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "shared.commands.cli":
            raise KeyboardInterrupt


def test_an_interrupt_while_libraries_are_loaded_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "shared.commands.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    with pytest.raises(SystemExit) as error:
        runpy.run_module("shared", run_name="__main__")
    assert error.value.code == 130


def test_check_names_a_file_that_cannot_be_read_and_reports_the_others(
    file: Callable[[bytes], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path / "none.json"), file(GOOD)]) == 2
    said = capsys.readouterr().out
    assert "none.json: No such file or directory" in said
    assert said.endswith("2 files: 1 fine, 0 invalid, 1 not read\n")
    assert "fine; 2 devices" in said


@pytest.mark.parametrize(
    ("name", "said"), [("", "(no name): Is a directory"), ("x" * 300, "x" * 300 + ": File name too long")]
)
def test_a_name_that_no_file_can_have_is_not_read(name: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", name]) == 2
    assert capsys.readouterr().out == f"{said}\n"


def test_machines_get_no_document_that_lacks_a_file(
    file: Callable[[bytes], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json", str(tmp_path / "none.json"), file(GOOD)]) == 2
    assert capsys.readouterr().out.strip() == f"{tmp_path / 'none.json'}: No such file or directory"


def test_check_needs_neither_settings_nor_network_nor_sdk(file: Callable[[bytes], str]) -> None:
    program = (
        "import sys; from shared.commands.cli import main; code = main(sys.argv[1:]);"
        "assert not {'requests', 'azure.storage.blob', 'azure.identity'} & set(sys.modules); sys.exit(code)"
    )
    ran = subprocess.run([sys.executable, "-c", program, "check", file(GOOD)], check=False, env={}, timeout=30)  # noqa: S603 - our own program
    assert ran.returncode == 0
