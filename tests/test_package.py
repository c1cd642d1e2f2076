import subprocess
import sys
import zipfile
from pathlib import Path

from local.package import ROOT, build, deployed_files

MOST_BYTES = 400_000


def test_only_the_app_is_deployed() -> None:
    tops = {path.parts[0] for path in deployed_files()}
    assert tops == {"function_app.py", "host.json", "requirements.txt", "shared"}


def test_what_a_run_on_this_machine_has_compiled_stays_here(tmp_path: Path) -> None:
    (tmp_path / ".funcignore").write_bytes((ROOT / ".funcignore").read_bytes())
    for name in ("shared/names.py", "shared/__pycache__/names.cpython-313.pyc", "__pycache__/function_app.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert deployed_files(tmp_path) == [Path("shared/names.py")]


def test_every_module_of_the_app_is_deployed() -> None:
    modules = {path.relative_to(ROOT) for path in (ROOT / "shared").rglob("*.py")}
    assert modules | {Path("function_app.py")} == {path for path in deployed_files() if path.suffix == ".py"}


def test_the_same_files_give_the_same_zip(tmp_path: Path) -> None:
    first, second = build(tmp_path / "a" / "app.zip"), build(tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < MOST_BYTES


def test_what_is_deployed_runs_from_its_compiled_modules(tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path / "app.zip")) as archive:
        archive.extractall(tmp_path / "app")
    manifest = tmp_path / "laptops.json"
    manifest.write_text('[{"productKey": "K1"}]')
    program = "import shared.check as c, sys; assert c.__cached__.endswith('.pyc'); print(c.__spec__.loader.path)"
    for command in (["-c", program], ["-m", "shared", "check", str(manifest)]):
        ran = subprocess.run([sys.executable, "-v", *command], cwd=tmp_path / "app", check=True, capture_output=True)  # noqa: S603 - our own program
        assert b"/app/shared/__pycache__/check.cpython-313.pyc matches" in ran.stderr


def test_nothing_deployed_brings_aiohttp() -> None:
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8").lower()
    assert "aiohttp" not in wanted
