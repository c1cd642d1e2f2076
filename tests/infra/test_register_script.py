"""The script that registers the app, run against stand-ins for az and azd. Its PowerShell twin is not run."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.config.clouds import CLOUDS
from tests.infra import stand_in_directory
from tests.infra.templates import INFRA, ROOT, parsed

SCRIPT = INFRA / "scripts" / "register-app.sh"
TWIN = INFRA / "scripts" / "register-app.ps1"
TENANT = "2d7f0a1c-0000-4000-8000-000000000002"
SUBSCRIPTION = "5d7f0a1c-0000-4000-8000-000000000001"
IDENTITY = "1d7f0a1c-0000-4000-8000-000000000003"
LATER_IDENTITY = "1d7f0a1c-0000-4000-8000-000000000004"
APP = "a0000000-0000-4000-8000-000000000001"
PARTNER_CENTER = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd"
USER_IMPERSONATION = "1cebfa2a-fb4d-419e-b5f9-839b4383e05a"
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
SET_UP = {
    "PARTNER_CENTER_AUTH": "federated_app",
    "PARTNER_CENTER_TENANT_ID": TENANT,
    "PARTNER_CENTER_APP_ID": APP,
}
REGISTERED = {
    "appId": APP,
    "displayName": "Autopilot manifest uploader (dev)",
    "audience": "AzureADMyOrg",
    "credentials": [
        {
            "name": "function-app-identity",
            "issuer": ISSUER,
            "subject": IDENTITY,
            "audiences": ["api://AzureADTokenExchange"],
        }
    ],
    "permissions": [[PARTNER_CENTER, USER_IMPERSONATION]],
}
CONSENT = {"app": APP, "api": PARTNER_CENTER, "consent": "AllPrincipals", "scope": "user_impersonation"}
CHANGES = (
    "ad app create",
    "ad sp create",
    "ad app federated-credential create",
    "ad app permission add",
    "ad app permission grant",
)
LOOKS = sorted(stand_in_directory.COMMANDS.keys() - {*CHANGES, "ad app federated-credential update"})
REFUSED = "ERROR: Insufficient privileges to complete the operation."
# As azure-cli 2.45 and Microsoft Graph word it.
NOT_YET = (
    "ERROR: Resource '0c…' does not exist or one of its queried reference-property objects are not present.",
    "ERROR: Service principal 'a0…' doesn't exist",
    "ERROR: The appId 'a0…' of the service principal does not reference a valid application object.",
    "ERROR: the backing application of the service principal being created must in the local tenant",
)


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    said: str
    calls: list[list[str]]

    @property
    def changes(self) -> list[str]:
        """The commands that change something, without their options."""
        commands = [" ".join(call[1:]).partition(" --")[0] for call in self.calls]
        changing = {*CHANGES, "ad app federated-credential update"}
        return [command for command in commands if command in changing or command.startswith("env set")]


class Stage:
    """A folder that is all of the path, with the stand-in as ``az`` and ``azd``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._book = folder / "directory.json"
        shutil.copy(stand_in_directory.__file__, folder / "stand_in_directory.py")
        for tool in ("az", "azd"):
            stand_in = f"exec {sys.executable} -IS {folder}/stand_in_directory.py"
            (folder / tool).write_text(f'#!/bin/sh\n{stand_in} {tool} "$@"\n')
            (folder / tool).chmod(0o755)
        for tool in ("cat", "cut", "dirname", "grep", "mktemp", "rm", "sed", "sleep", "tr", "wc"):
            (folder / tool).symlink_to(str(shutil.which(tool)))
        deployed = {"IDENTITY_PRINCIPAL_ID": IDENTITY, "AZURE_SUBSCRIPTION_ID": SUBSCRIPTION, "AZURE_ENV_NAME": "dev"}
        self.book: dict[str, Any] = {
            "calls": [],
            "signed_in": True,
            "tenants": {"": TENANT, SUBSCRIPTION: TENANT},
            "settings": deployed,
            "apps": [],
            "principals": [],
            "grants": [],
            "faults": {},
        }

    @property
    def settings(self) -> dict[str, str]:
        settings: dict[str, str] = self.book["settings"]
        return settings

    def fail(self, command: str, says: str, times: int = 99) -> None:
        self.book["faults"] = {command: {"left": times, "says": says}}

    def run(self, *arguments: str, answer: str = "", script: Path = SCRIPT, temporary: Path | None = None) -> Run:
        self._book.write_text(json.dumps(self.book | {"calls": []}))
        given = {"REGISTER_PAUSE": "0", "REGISTER_TRIES": "4", "PATH": str(self.folder)}
        done = subprocess.run(  # noqa: S603 - the project's own script
            ["/bin/sh", script, *arguments],
            env=given | ({"TMPDIR": str(temporary)} if temporary else {}),
            cwd="/",
            input=answer,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        self.book = json.loads(self._book.read_text())
        return Run(done.returncode, done.stdout, done.stdout + done.stderr, self.book["calls"])

    def settle(self) -> None:
        """Lay down what a first run leaves, as the first two tests have it."""
        self.settings.update(SET_UP)
        self.book["apps"] = [json.loads(json.dumps(REGISTERED))]
        self.book["principals"] = [APP, PARTNER_CENTER]
        self.book["grants"] = [dict(CONSENT)]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_a_first_run_does_every_step_in_order(stage: Stage) -> None:
    run = stage.run("--yes")
    assert run.code == 0, run.said
    assert run.changes == [
        "ad app create",
        "ad sp create",
        "ad app federated-credential create",
        "ad sp create",
        "ad app permission add",
        "ad app permission grant",
        "env set PARTNER_CENTER_AUTH federated_app",
        f"env set PARTNER_CENTER_TENANT_ID {TENANT}",
        f"env set PARTNER_CENTER_APP_ID {APP}",
    ]


def test_the_app_trusts_the_identity_and_has_permission_and_consent(stage: Stage) -> None:
    stage.run("--yes")
    assert stage.book["apps"] == [REGISTERED]
    assert stage.book["principals"] == [APP, PARTNER_CENTER]
    assert stage.book["grants"] == [CONSENT]
    assert stage.settings.items() >= SET_UP.items()


def test_everything_is_shown_before_anything_is_changed(stage: Stage) -> None:
    run = stage.run(answer="no\n")
    assert (run.code, run.changes) == (1, [])
    plan = run.said.partition("This will\n")[2].partition("Go on?")[0].splitlines()
    assert [line.split()[0] for line in plan] == ["create", "create", "let", "add", "give", "consent", *["azd"] * 3]
    assert f"trust the managed identity {IDENTITY} (issuer {ISSUER})" in run.said
    assert "Nothing was changed." in run.said


@pytest.mark.parametrize(("answer", "code"), [("Yes\n", 0), ("\n", 1), ("", 1), ("yesterday\n", 1)])
def test_only_a_yes_goes_on(stage: Stage, answer: str, code: int) -> None:
    run = stage.run(answer=answer)
    assert run.code == code
    assert bool(run.changes) == (code == 0)


def test_each_command_is_shown_before_it_runs(stage: Stage) -> None:
    stage.fail("ad app permission grant", REFUSED)
    shown = [line for line in stage.run("--yes").said.splitlines() if line.startswith("az ")]
    assert shown[0] == (
        "az ad app create --display-name 'Autopilot manifest uploader (dev)' "
        "--sign-in-audience AzureADMyOrg --query appId"
    )
    assert shown[-1] == f"az ad app permission grant --id {APP} --api {PARTNER_CENTER} --scope user_impersonation"


def test_a_second_run_changes_nothing_and_asks_nothing(stage: Stage) -> None:
    stage.run("--yes")
    run = stage.run()
    assert (run.code, run.changes) == (0, [])
    assert "Everything is there already: nothing was changed." in run.said


def test_after_the_identity_has_changed_only_the_trust_is_corrected(stage: Stage) -> None:
    stage.settle()
    stage.settings["IDENTITY_PRINCIPAL_ID"] = LATER_IDENTITY
    run = stage.run("--yes")
    assert run.changes == ["ad app federated-credential update"]
    assert f"let app {APP} trust the managed identity {LATER_IDENTITY} in place of {IDENTITY}" in run.said
    [credential] = stage.book["apps"][0]["credentials"]
    assert (credential["name"], credential["subject"]) == ("function-app-identity", LATER_IDENTITY)
    assert stage.run().changes == []


def test_what_is_left_to_do_is_named_last(stage: Stage) -> None:
    out = stage.run("--yes").out
    steps = out[out.index("Now deploy the settings:") :]
    assert steps.index("azd provision") < steps.index("App management") < steps.index(APP)
    assert steps.endswith(f"  {APP}\n")


@pytest.mark.parametrize("command", CHANGES)
def test_what_is_done_before_a_refusal_stays_and_is_done_once(stage: Stage, command: str) -> None:
    stage.fail(command, REFUSED, times=1)
    refused = stage.run("--yes")
    assert refused.code == 1
    assert REFUSED in refused.said
    assert "Application Administrator" in refused.said
    assert "env set PARTNER_CENTER_APP_ID" not in refused.changes
    assert stage.run("--yes").code == 0
    assert [app["appId"] for app in stage.book["apps"]] == [APP]
    assert (len(stage.book["principals"]), len(stage.book["grants"])) == (2, 1)
    assert stage.settings.items() >= SET_UP.items()


@pytest.mark.parametrize("says", NOT_YET)
def test_what_entra_id_does_not_know_yet_is_tried_again(stage: Stage, says: str) -> None:
    stage.fail("ad app federated-credential create", says, times=3)
    run = stage.run("--yes")
    assert run.code == 0, run.said
    assert run.changes.count("ad app federated-credential create") == 4


def test_it_gives_up_in_the_end_and_says_why(stage: Stage) -> None:
    stage.fail("ad sp create", NOT_YET[0])
    run = stage.run("--yes")
    assert (run.code, run.changes) == (1, ["ad app create", *["ad sp create"] * 4])
    assert NOT_YET[0] in run.said


@pytest.mark.parametrize("command", LOOKS)
def test_a_look_that_fails_is_not_taken_for_nothing_there(stage: Stage, command: str) -> None:
    stage.settle()
    stage.fail(command, "ERROR: Connection reset by peer")
    run = stage.run("--yes")
    assert (run.code, run.changes) == (1, [])
    assert "Connection reset by peer" in run.said
    assert "failed; nothing was changed." in run.said


def test_an_app_that_azd_has_forgotten_is_found_by_its_name(stage: Stage) -> None:
    stage.settle()
    del stage.settings["PARTNER_CENTER_APP_ID"]
    assert stage.run("--yes").changes == [f"env set PARTNER_CENTER_APP_ID {APP}"]


def test_an_app_that_azd_remembers_may_have_any_name(stage: Stage) -> None:
    stage.settle()
    stage.book["apps"][0]["displayName"] = "Renamed"
    assert stage.run("--yes").changes == []


def test_an_app_that_was_deleted_is_made_anew(stage: Stage) -> None:
    stage.settle()
    stage.book["apps"][0] |= {"appId": "b0000000-0000-4000-8000-000000000001", "displayName": "somebody else's"}
    assert stage.run("--yes").changes[0] == "ad app create"
    assert stage.settings["PARTNER_CENTER_APP_ID"] == stage.book["apps"][1]["appId"]


def test_two_environments_have_an_app_each(stage: Stage) -> None:
    stage.settle()
    for key in SET_UP:
        del stage.settings[key]
    stage.settings.update({"IDENTITY_PRINCIPAL_ID": LATER_IDENTITY, "AZURE_ENV_NAME": "live"})
    stage.run("--yes")
    assert [app["credentials"][0]["subject"] for app in stage.book["apps"]] == [IDENTITY, LATER_IDENTITY]


def test_of_two_apps_with_the_name_a_person_chooses(stage: Stage) -> None:
    stage.book["apps"] = [REGISTERED, REGISTERED | {"appId": LATER_IDENTITY}]
    run = stage.run("--yes")
    assert (run.code, run.changes) == (1, [])
    assert "azd env set PARTNER_CENTER_APP_ID" in run.said


def test_a_trust_under_another_name_counts(stage: Stage) -> None:
    stage.settle()
    stage.book["apps"][0]["credentials"][0]["name"] = "made-by-hand"
    assert stage.run("--yes").changes == []


def test_consent_for_one_user_is_not_consent_for_the_tenant(stage: Stage) -> None:
    stage.settle()
    stage.book["grants"][0]["consent"] = "Principal"
    assert stage.run("--yes").changes == ["ad app permission grant"]


def test_who_has_chosen_app_user_keeps_it(stage: Stage) -> None:
    stage.settings["PARTNER_CENTER_AUTH"] = "app_user"
    stage.run("--yes")
    assert stage.settings["PARTNER_CENTER_AUTH"] == "app_user"


@pytest.mark.parametrize("name", sorted(CLOUDS.keys() - {"germany"}))
def test_issuer_and_audience_are_those_of_the_cloud(stage: Stage, name: str) -> None:
    stage.settings["PARTNER_CENTER_CLOUD"] = name
    assert stage.run("--yes").code == 0
    [credential] = stage.book["apps"][0]["credentials"]
    assert credential["issuer"] == f"{CLOUDS[name].authority}/{TENANT}/v2.0"
    assert credential["audiences"] == [CLOUDS[name].exchange_audience]


def test_the_cloud_that_was_closed_is_refused(stage: Stage) -> None:
    stage.settings["PARTNER_CENTER_CLOUD"] = "germany"
    run = stage.run("--yes")
    assert (run.code, run.changes) == (1, [])
    assert "PARTNER_CENTER_CLOUD is germany" in run.said


def test_another_tenant_than_that_of_the_deployment_is_refused(stage: Stage) -> None:
    stage.book["tenants"][""] = "2d7f0a1c-0000-4000-8000-000000000009"
    run = stage.run("--yes")
    assert (run.code, run.changes) == (1, [])
    assert f"az account set --subscription {SUBSCRIPTION}" in run.said


def test_nobody_signed_in_is_told_at_once(stage: Stage) -> None:
    stage.book["signed_in"] = False
    run = stage.run("--yes")
    assert (run.code, len([call for call in run.calls if call[0] == "az"])) == (1, 1)
    assert "az login" in run.said


@pytest.mark.parametrize("settings", [{}, {"AZURE_ENV_NAME": "dev"}])
def test_without_a_deployment_there_is_nothing_to_trust(stage: Stage, settings: dict[str, str]) -> None:
    stage.book["settings"] = settings
    run = stage.run("--yes")
    assert (run.code, run.changes) == (1, [])
    assert "azd up" in run.said


@pytest.mark.parametrize(("tool", "name"), [("az", "Azure CLI"), ("azd", "Azure Developer CLI")])
def test_a_machine_without_the_tools_is_told_so(stage: Stage, tool: str, name: str) -> None:
    (stage.folder / tool).unlink()
    run = stage.run("--yes")
    assert (run.code, run.calls) == (1, [])
    assert name in run.said


def test_an_unknown_option_does_nothing(stage: Stage) -> None:
    run = stage.run("--dry-run")
    assert (run.code, run.calls) == (1, [])
    assert "usage: register-app.sh [--yes]" in run.said


def test_it_works_from_a_folder_with_spaces_and_leaves_nothing_behind(stage: Stage, tmp_path: Path) -> None:
    copy = tmp_path / "my projects" / "infra" / "scripts"
    copy.mkdir(parents=True)
    shutil.copy(SCRIPT, copy)
    left = tmp_path / "temporary files"
    left.mkdir()
    run = stage.run("--yes", script=copy / SCRIPT.name, temporary=left)
    assert run.code == 0, run.said
    assert list(left.iterdir()) == []


def test_the_settings_are_outputs_of_main_or_parameters_or_of_azd() -> None:
    read = set(re.findall(r"\(setting ([A-Z_]+)\)", SCRIPT.read_text()))
    parameters = json.loads((INFRA / "main.parameters.json").read_text())["parameters"].values()
    known = {*parsed(INFRA / "main.bicep")["outputs"], *(one["value"].strip("${}") for one in parameters)}
    assert read - known == {"AZURE_SUBSCRIPTION_ID"}


def test_the_page_does_by_hand_what_the_script_does() -> None:
    page = (ROOT / "docs" / "signing-in.md").read_text()
    by_hand = page.partition("### The same by hand")[2].partition("\n## ")[0]
    blocks = "".join(re.findall(r"```sh\n(.*?)```", by_hand, re.DOTALL))
    assert sorted(re.findall(r"az (ad [a-z -]+?) --", blocks)) == sorted([*CHANGES, "ad sp create"])
    assert set(re.findall(r"azd env set (\w+)", blocks)) == SET_UP.keys()
    steps = [page.index(step) for step in ("\n   azd up\n", "\n   infra/scripts/register-app.sh\n", "azd provision\n")]
    assert steps == sorted(steps)


def test_the_twin_calls_the_same() -> None:
    ours = re.sub(r" \\\n *", " ", SCRIPT.read_text())
    twin = re.sub(r" `\n *", " ", TWIN.read_text())
    calls, twins = (
        sorted(
            (call.group(1), *sorted(set(re.findall(r"--[a-z-]+", call.group(2)))))
            for call in re.finditer(rf"(?m)(?:{verbs}) ((?:account|ad) [a-z -]+?)( --.*)$", text)
        )
        for verbs, text in (("read_az|change", ours), ("Read-Az|Invoke-Change", twin))
    )
    assert twins == calls
    assert len(calls) > 12


def test_the_twin_says_the_same() -> None:
    kinds = (
        "create the app registration|create its service principal|trust the managed identity|in place of|"
        "add Microsoft Partner Center to the tenant|delegated permission user_impersonation|"
        "consent to this permission for the whole tenant|Several apps are called|run azd up first|"
        "in another tenant than azd|failed; nothing was changed|role Application Administrator|Go on[?]|"
        "Nothing was changed|Everything is there already|Now deploy the settings:|And last, the one step without a"
    )
    ours, twin = (set(re.findall(kinds, script.read_text())) for script in (SCRIPT, TWIN))
    assert twin == ours
    assert len(ours) == kinds.count("|") + 1


def test_the_twin_knows_the_same_ids_and_clouds_and_waits_for_the_same() -> None:
    ours, twin = SCRIPT.read_text(), TWIN.read_text()
    for name in CLOUDS.keys() - {"germany"}:
        cloud = CLOUDS[name]
        assert re.search(rf"{name} += '{cloud.authority}', '{cloud.exchange_audience}'", twin)
    for pattern in (r"[0-9a-f]{8}-[0-9a-f-]{27}", r'(?i)NOT_?YET ?= ?"(.*)"', r"function-app-identity"):
        assert re.findall(pattern, twin) == re.findall(pattern, ours) != []


def test_the_twin_refuses_a_powershell_that_is_too_old() -> None:
    assert re.search(r"(?m)^#Requires -Version 7\.2$", TWIN.read_text())
    assert "PowerShell 7.2" in (ROOT / "docs" / "deploying.md").read_text()
