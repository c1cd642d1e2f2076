"""What compiles the templates, run against a stand-in for the Bicep compiler."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.templates import INFRA, ROOT, TEMPLATES, name_of
from tests.infra.test_habits import STEPS

SCRIPT = INFRA / "scripts" / "compile.sh"
TOOLS = ("cat", "dirname", "mktemp", "rm")
WARNING = "/infra/main.bicep(45,7) : Warning secure-secrets-in-params: ..."


@pytest.fixture
def path(tmp_path: Path) -> Path:
    for tool in TOOLS:
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    return tmp_path


def lay_down(path: Path, says: str = "", code: int = 0) -> None:
    """Put a compiler there that notes what it compiles, and says this of the main template."""
    (path / "bicep").write_text(
        f"""#!/bin/sh
[ "$1" != --version ] || exit 0
echo "$3" >>"{path}/compiled"
echo compiled
case $3 in
*main.bicep) [ -z "{says}" ] || echo "{says}" >&2; exit {code} ;;
esac
"""
    )
    (path / "bicep").chmod(0o755)


def run(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the project's own script
        ["/bin/sh", SCRIPT], env={"PATH": str(path)}, cwd="/", capture_output=True, text=True, timeout=30, check=False
    )


def test_every_template_is_compiled(path: Path) -> None:
    lay_down(path)
    assert run(path).returncode == 0
    assert sorted((path / "compiled").read_text().split()) == sorted(map(name_of, TEMPLATES))


@pytest.mark.parametrize(("says", "code"), [(WARNING, 0), (WARNING, 1), ("", 1)])
def test_a_warning_fails_as_an_error_does_and_the_rest_is_compiled(path: Path, says: str, code: int) -> None:
    lay_down(path, says, code)
    done = run(path)
    assert done.returncode == 1
    assert done.stderr.count(WARNING) == (2 if says else 0), "of the infrastructure and of the Logic Apps"
    assert len((path / "compiled").read_text().split()) == len(TEMPLATES)


def test_without_a_compiler_it_says_so(path: Path) -> None:
    done = run(path)
    assert done.returncode == 0
    assert "not compiled: there is no bicep on the path" in done.stdout


def test_the_checks_and_the_workflow_run_it() -> None:
    name = name_of(SCRIPT)
    assert os.access(SCRIPT, os.X_OK)
    assert f"\t@{name}\n" in (ROOT / "Makefile").read_text().partition("\ncheck:")[2].partition("\n\n")[0] + "\n"
    [step] = [step for step in STEPS if name in step.get("run", "")]
    assert step["run"].splitlines()[-2:] == [
        'test -x "$HOME/.azure/bin/bicep" # without a compiler the script is content',
        f'PATH="$HOME/.azure/bin:$PATH" {name}',
    ]


def test_the_workflow_runs_on_every_push() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert "\non:\n  push:\n  pull_request:\n" in text, "no branch is left out"
