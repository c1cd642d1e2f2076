import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from local.compiled import ROOT, compile_all, modules
from local.package import build
from tests.local.zipped_by_azd import zipped_by_azd

# A larger package holds something besides the app.
MOST_BYTES = 900_000
DEPLOYED = ("function_app.py", "host.json", "requirements.txt", "shared")
LITTER = (
    "__pycache__/gone.cpython-313.pyc",
    "shared/__pycache__/names.cpython-312.pyc",
    "shared/__pycache__/names.cpython-313.pyc",
    "shared/gone/__pycache__/module.cpython-313.pyc",
    "shared/__pycache__/names.cpython-313.pyc.140226",
    "shared/job/blob_names.py.orig",
    "shared/job/blob_names.py~",
    "shared/.names.py.swp",
    "shared/manifest/laptops.csv",
    "tests/job/test_blob_names.py",
    "docs/deploying.md",
    ".env",
    ".azure/dev/.env",
    "local.settings.json",
    "laptops.csv",
    "laptops.csv.status.json",
    "creds.json",
    "notes.txt",
    "scratch.py",
    "venv/lib/shared/job/blob_names.py",
    "main_env/pyvenv.cfg",
    "htmlcov/index.html",
    "build/function_app.py",
)
"""What lies around after work: first where the app is, then beside it."""
[(SERVICE, AZD)] = yaml.safe_load((ROOT / "azure.yaml").read_text())["services"].items()
HOOKS = AZD["hooks"]["prepackage"]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
SETTINGS = {"PYTHONSAFEPATH": "1", "PYTHONOPTIMIZE": "2"}
"""What a developer may have told Python; the deployed modules must not depend on it."""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return copy(tmp_path / "checkout")


def copy(folder: Path) -> Path:
    for name in (".funcignore", "local", *DEPLOYED):
        if (ROOT / name).is_dir():
            left = shutil.ignore_patterns("__pycache__", "node_modules")
            shutil.copytree(ROOT / name, folder / name, ignore=left)
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def litter(folder: Path) -> None:
    for name in LITTER:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("litter")


def unpacked(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run_hook(folder: Path, path: str) -> subprocess.CompletedProcess[bytes]:
    """Run the hook as azd does: as a script of its own that ends at the first fault, in the service's folder."""
    script = folder.parent / "hook.sh"
    script.write_text(f"#!/bin/sh\nset -e\n\n{HOOKS['posix']['run']}\n")
    shell = shutil.which(HOOKS["posix"]["shell"])
    assert shell
    place, environment = folder / AZD["project"], {"PATH": path, **SETTINGS}
    return subprocess.run([shell, script], cwd=place, env=environment, check=False, capture_output=True)  # noqa: S603 - our own script


def test_every_module_of_the_app_is_deployed_and_compiled_and_nothing_else(checkout: Path) -> None:
    litter(checkout)
    names = set(unpacked(build(checkout / "dist" / "app.zip", checkout)))
    assert {name for name in names if name.endswith(".py")} == {name.as_posix() for name in modules()}
    compiled = {(name.parent / "__pycache__" / f"{name.stem}.cpython-313.pyc").as_posix() for name in modules()}
    assert {name for name in names if name.endswith(".pyc")} == compiled
    assert {name for name in names if not name.endswith((".py", ".pyc"))} == {"host.json", "requirements.txt"}


def test_the_package_is_what_azd_zips_after_its_hook(checkout: Path, tmp_path: Path) -> None:
    package = unpacked(build(tmp_path / "app.zip", copy(tmp_path / "another")))
    litter(checkout)
    ran = run_hook(checkout, PATH)
    assert ran.returncode == 0, ran.stderr
    assert zipped_by_azd(checkout) == package


def test_without_python_313_the_hook_says_so_and_the_same_app_is_deployed(checkout: Path, tmp_path: Path) -> None:
    ran = run_hook(checkout, path="")
    assert ran.returncode == 0
    assert b"Python 3.13 is missing" in ran.stderr
    package = unpacked(build(tmp_path / "app.zip", copy(tmp_path / "another")))
    assert zipped_by_azd(checkout) == {name: data for name, data in package.items() if not name.endswith(".pyc")}


def test_a_module_that_does_not_compile_is_not_deployed(checkout: Path) -> None:
    (checkout / "shared" / "names.py").write_text("def")
    ran = run_hook(checkout, PATH)
    assert ran.returncode != 0
    assert b"SyntaxError" in ran.stderr
    assert not [hook for hook in HOOKS.values() if "continueOnError" in hook]


def test_pythons_own_settings_do_not_change_what_is_compiled(checkout: Path) -> None:
    compile_all(checkout)
    ours = zipped_by_azd(checkout)
    environment = {"PYTHONOPTIMIZE": "2"}
    subprocess.run([sys.executable, "local/compiled.py"], cwd=checkout, env=environment, check=True)
    assert zipped_by_azd(checkout) == ours


def test_the_hook_does_the_same_on_windows() -> None:
    steps = {name: re.findall(r"local/[\w-]+|exit 0|-I", hook["run"]) for name, hook in HOOKS.items()}
    assert steps["posix"] == steps["windows"] == ["local/find-python", "exit 0", "-I", "local/compiled"]
    ours, twin = ((ROOT / "local" / f"find-python.{kind}").read_text() for kind in ("sh", "ps1"))
    told = r'"(Python 3\.13 is missing.*)"'
    assert re.findall(told, twin) == re.findall(told, ours) != []


def test_two_who_compile_at_once_do_each_other_no_harm(tmp_path: Path) -> None:
    litter(tmp_path)
    (tmp_path / "function_app.py").touch()
    (tmp_path / "shared" / "names.py").touch()
    program = f"from local.compiled import Path, compile_all\nfor _ in range(200): compile_all(Path({str(tmp_path)!r}))"
    runs = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]  # noqa: S603 - our own program
    assert [run.communicate()[1] for run in runs] == [b"", b""]


def test_compiling_needs_no_package(checkout: Path) -> None:
    subprocess.run([sys.executable, "-I", "-S", "local/compiled.py"], cwd=checkout, check=True)
    assert (checkout / "__pycache__" / "function_app.cpython-313.pyc").exists()


def test_what_is_edited_after_a_deployment_runs_as_edited(tmp_path: Path) -> None:
    module = tmp_path / "function_app.py"
    module.write_text("print(1)")
    compile_all(tmp_path)
    times = (module.stat().st_atime_ns, module.stat().st_mtime_ns)
    module.write_text("print(2)")
    os.utime(module, ns=times)
    ran = subprocess.run([sys.executable, "-c", "import function_app"], cwd=tmp_path, check=True, capture_output=True)
    assert ran.stdout.strip() == b"2"


def test_the_same_files_give_the_same_zip(checkout: Path, tmp_path: Path) -> None:
    first, second = build(tmp_path / "a" / "app.zip", checkout), build(tmp_path / "b.zip", copy(tmp_path / "another"))
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_size < MOST_BYTES


def test_what_is_deployed_runs_from_its_compiled_modules(checkout: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(build(tmp_path / "app.zip", checkout)) as archive:
        archive.extractall(tmp_path / "app")
    manifest = tmp_path / "laptops.json"
    manifest.write_text('[{"productKey": "K1"}]')
    program = (
        "import shared.commands.check as c, sys; assert c.__cached__.endswith('.pyc'); print(c.__spec__.loader.path)"
    )
    for command in (["-c", program], ["-m", "shared", "check", str(manifest)]):
        ran = subprocess.run([sys.executable, "-v", *command], cwd=tmp_path / "app", check=True, capture_output=True)  # noqa: S603 - our own program
        assert b"/app/shared/commands/__pycache__/check.cpython-313.pyc matches" in ran.stderr


def test_the_package_is_deployed_by_naming_the_service() -> None:
    text = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert f"azd deploy {SERVICE} --from-package dist/app.zip" in text


def test_nothing_deployed_brings_aiohttp() -> None:
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8").lower()
    assert "aiohttp" not in wanted
