import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.infra.templates import ROOT, only

WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
STEPS = [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]
SCRIPTS = [*(ROOT / "infra").rglob("*.sh"), *(ROOT / "local").glob("*.sh"), ROOT / ".ci" / "run"]
APP = ["function_app.py", "host.json", "requirements.txt", ".funcignore", "shared", "infra", "azure.yaml"]

MEANT = {
    "check_native_dependency_risk": "cryptography is native; azd has the package built in Azure",
    "check_host_json_log_level_conflict": "the host's own chatter is left out, the app's events are not",
}


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_shell_script_passes_shellcheck(script: Path) -> None:
    done = subprocess.run(  # noqa: S603 - a development tool on the project's own script
        [tool("shellcheck"), script], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout


def test_a_clone_on_windows_has_scripts_that_run(tmp_path: Path) -> None:
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    for script in SCRIPTS:
        shutil.copy(script, tmp_path)
    configured = [str(shutil.which("git")), "-c", "core.autocrlf=true"]
    for command in (["init", "-q"], ["add", "."], ["checkout-index", "--all", "--prefix=clone/"]):
        subprocess.run([*configured, *command], cwd=tmp_path, check=True, capture_output=True)  # noqa: S603 - git on our own files
    for script in SCRIPTS:
        assert b"\r" not in (tmp_path / "clone" / script.name).read_bytes()


def test_azure_functions_doctor_finds_nothing_but_what_is_meant(tmp_path: Path) -> None:
    for name in APP:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path)
    (tmp_path / "app.json").write_text(json.dumps(site()))
    report = tmp_path.with_suffix(".json")
    options = ["--profile", "deploy", "--hosting-plan", "flex-consumption", "--format", "json"]
    done = subprocess.run(  # noqa: S603 - a development tool on the project's own app
        [tool("azure-functions-doctor"), "doctor", "--path", str(tmp_path), "--output", str(report), *options],
        env={"APPLICATIONINSIGHTS_CONNECTION_STRING": "of the app settings"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    checks = [check for section in json.loads(report.read_text())["results"] for check in section["items"]]
    passed = {check["rule_id"] for check in checks if check["status"] == "pass"}
    assert {"check_flex_runtime_config", "check_flex_deployment_storage", "check_unpinned_requirements"} <= passed
    assert {check["rule_id"] for check in checks if check["status"] not in {"pass", "skip"}} == MEANT.keys()


def site() -> dict[str, Any]:
    """Give the function app as the doctor can read it, which knows no Bicep."""
    app = only(ROOT / "infra" / "modules" / "function-app.bicep", "Microsoft.Web/sites")
    url = "https://sthost.blob.core.windows.net/app-package"
    return json.loads(json.dumps(app).replace('"packageContainerUrl"', f'"{url}"'))  # type: ignore[no-any-return]  # JSON


def test_azd_finds_its_scripts_and_they_can_be_run() -> None:
    azure = yaml.safe_load((ROOT / "azure.yaml").read_text())
    assert azure["hooks"].keys() == {"predeploy", "postdeploy"}
    for hooks in azure["hooks"].values():
        assert hooks.keys() == {"posix", "windows"}
        assert {Path(hook["run"]).suffix for hook in hooks.values()} == {".sh", ".ps1"}
        assert len({Path(hook["run"]).stem for hook in hooks.values()}) == 1
        for hook in hooks.values():
            assert (ROOT / hook["run"]).is_file()
        assert os.access(ROOT / hooks["posix"]["run"], os.X_OK)
    [service] = azure["services"]
    assert f"'azd-service-name': '{service}'" in (ROOT / "infra" / "modules" / "function-app.bicep").read_text()


def test_an_azd_that_would_deploy_something_else_is_refused() -> None:
    needed = yaml.safe_load((ROOT / "azure.yaml").read_text())["requiredVersions"]["azd"]
    [version] = re.findall(r"^>= (\d+\.\d+\.\d+)$", needed)
    assert tuple(map(int, version.split("."))) >= (1, 23, 13)
    assert f"{version} or later" in (ROOT / "docs" / "deploying.md").read_text()


def test_the_workflow_runs_targets_that_exist() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text()))
    run = {target for step in STEPS for target in re.findall(r"make (\w+)", step.get("run", ""))}
    assert {"check", "package"} <= run <= targets


def test_actions_are_pinned_by_commit_and_may_only_read() -> None:
    actions = [step["uses"] for step in STEPS if "uses" in step]
    assert actions
    for action in actions:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_dependency_updates_cover_every_kind_of_pin() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    folders = {update["package-ecosystem"]: ROOT / update["directory"].lstrip("/") for update in updates}
    assert folders.keys() == {"uv", "npm", "github-actions", "devcontainers"}
    assert (folders["uv"] / "requirements.in").exists()
    assert (folders["npm"] / "package.json").exists()


def test_what_the_workflow_and_the_devcontainer_fetch_is_pinned() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    for name in [container["image"], *container["features"]]:
        assert re.search(r":\d+\.\d+\.\d+(-|$)", name), name
    run = "\n".join(step.get("run", "") for step in STEPS)
    [bicep] = re.findall(r"az bicep install --version (v\d+\.\d+\.\d+)", run)
    assert run.count("az bicep install") == 1
    assert container["features"]["ghcr.io/devcontainers/features/azure-cli:1.3.0"]["bicepVersion"] == bicep
    assert bicep.removeprefix("v") in (ROOT / "docs" / "deploying.md").read_text()
    modules = re.findall(r"Install-Module (.*)", run)
    assert all("-RequiredVersion" in module for module in modules) == bool(modules)
    [least] = re.findall(r"^>= (.*)$", yaml.safe_load((ROOT / "azure.yaml").read_text())["requiredVersions"]["azd"])
    [azd] = [feature["version"] for name, feature in container["features"].items() if "/azd:" in name]
    assert [int(part) for part in azd.split(".")] >= [int(part) for part in least.split(".")]


def test_the_devcontainer_has_the_python_of_the_app_and_what_make_needs() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert f"-{(ROOT / '.python-version').read_text().strip()}-" in container["image"]
    features = {name.rpartition("/")[2].partition(":")[0] for name in container["features"]}
    assert features == {"node", "azure-cli", "azd"}
    makefile = (ROOT / "Makefile").read_text()
    for target in container["postCreateCommand"].removeprefix("make ").split():
        assert target in makefile
