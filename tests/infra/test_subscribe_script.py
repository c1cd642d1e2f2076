"""The post-deploy script for POSIX shells, run against a stand-in for the Azure CLI. Its PowerShell twin is not run."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.infra import stand_in_az
from tests.infra.templates import INFRA, parsed

SCRIPT = INFRA / "scripts" / "subscribe.sh"
TWIN = INFRA / "scripts" / "subscribe.ps1"
DEPLOYED = {
    "AZURE_SUBSCRIPTION_ID": "5d7f0a1c-0000-4000-8000-000000000000",
    "AZURE_RESOURCE_GROUP": "rg-partner",
    "FUNCTION_APP_NAME": "func-abc",
    "EVENT_TOPIC_NAME": "evgt-abc",
    "DATA_ACCOUNT_NAME": "stdataabc",
    "MANIFEST_CONTAINER": "manifests",
    "DEAD_LETTER_CONTAINER": "dead-letters",
}
OPTIONAL = {"SUBSCRIBE_PAUSE", "SUBSCRIBE_TRIES", "PARTNER_CENTER_APP_ID", "PARTNER_CENTER_AUTH"}
COLD = "Webhook validation handshake failed"
# As azure-cli 2.91.0 words them: the first by `functionapp keys list`, the next four by `deployment group create`.
PERMANENT = (
    "ERROR: (AuthorizationFailed) The client does not have authorization\nCode: AuthorizationFailed",
    'ERROR: {"code": "AuthorizationFailed", "message": "The client does not have authorization to perform action"}',
    'ERROR: {"code": "InvalidTemplate", "message": "Deployment template validation failed"}',
    "ERROR: InvalidTemplate - Deployment template validation failed: 'the parameter is missing'",
    "ERROR: InvalidTemplateDeployment - 'Authorization failed for template resource 'topic/manifests''",
    "ERROR: /infra/subscription.bicep(1,1) : Error BCP007: This declaration type is not recognized.",
    "ERROR: AADSTS70043: The refresh token has expired",
)


@dataclass(frozen=True)
class Run:
    code: int
    said: str
    calls: list[list[str]]

    def calls_of(self, *command: str) -> list[list[str]]:
        return [call for call in self.calls if call[: len(command)] == list(command)]


class Stage:
    """A folder that is all of the path, with the stand-in as ``az``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._book = folder / "az.json"
        shutil.copy(stand_in_az.__file__, folder / "stand_in_az.py")
        (folder / "az").write_text(f'#!/bin/sh\nexec {sys.executable} -I {folder}/stand_in_az.py "$@"\n')
        (folder / "az").chmod(0o755)
        for tool in ("cat", "dirname", "grep", "mktemp", "rm", "sleep", "tail", "tr"):
            (folder / tool).symlink_to(str(shutil.which(tool)))
        self.lay_down()

    def lay_down(self, *, signed_in: bool = True, errors: Sequence[str] = (COLD,), **faults: int) -> None:
        counts = {"unreachable_hosts": 0, "keyless_answers": 0, "refused_deployments": 0} | faults
        self._book.write_text(json.dumps({"calls": [], "signed_in": signed_in, "errors": errors, **counts}))

    def run(self, script: Path = SCRIPT, environment: Mapping[str, str] = DEPLOYED) -> Run:
        given = {**environment, "SUBSCRIBE_PAUSE": "0", "SUBSCRIBE_TRIES": "5", "PATH": str(self.folder)}
        done = subprocess.run(  # noqa: S603 - the project's own script
            ["/bin/sh", script], env=given, cwd="/", capture_output=True, text=True, timeout=30, check=False
        )
        return Run(done.returncode, done.stdout + done.stderr, json.loads(self._book.read_text())["calls"])


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_the_app_is_subscribed_with_what_azd_deployed(stage: Stage) -> None:
    run = stage.run()
    assert run.code == 0, run.said
    [call] = run.calls_of("deployment", "group", "create")
    template = Path(call[call.index("--template-file") + 1])
    assert template.resolve() == INFRA / "subscription.bicep"
    given = dict(item.split("=") for item in call[call.index("--parameters") + 1 :])
    assert given == {
        "functionAppName": "func-abc",
        "topicName": "evgt-abc",
        "dataAccountName": "stdataabc",
        "manifestContainer": "manifests",
        "deadLetterContainer": "dead-letters",
    }
    assert given.keys() == parsed(INFRA / "subscription.bicep")["parameters"].keys()


def test_the_right_subscription_group_and_app_are_asked(stage: Stage) -> None:
    for call in stage.run().calls:
        assert call[call.index("--subscription") + 1] == DEPLOYED["AZURE_SUBSCRIPTION_ID"]
        if call[0] != "account":
            assert call[call.index("--resource-group") + 1] == "rg-partner"
    [keys] = stage.run().calls_of("functionapp", "keys", "list")[-1:]
    assert keys[keys.index("--name") + 1] == "func-abc"


def test_it_waits_until_the_host_has_made_the_key(stage: Stage) -> None:
    stage.lay_down(unreachable_hosts=1, keyless_answers=2)
    run = stage.run()
    assert run.code == 0, run.said
    assert len(run.calls_of("functionapp", "keys", "list")) == 4
    assert len(run.calls_of("deployment", "group", "create")) == 1


def test_it_gives_up_in_the_end_and_says_why(stage: Stage) -> None:
    stage.lay_down(unreachable_hosts=99)
    run = stage.run()
    assert run.code == 1
    assert len(run.calls_of("functionapp", "keys", "list")) == 5
    assert not run.calls_of("deployment")
    assert "blobs_extension" in run.said
    assert "Given up after 5 tries." in run.said
    assert COLD in run.said


def test_a_handshake_that_failed_is_tried_again(stage: Stage) -> None:
    stage.lay_down(refused_deployments=2)
    run = stage.run()
    assert run.code == 0, run.said
    assert len(run.calls_of("deployment", "group", "create")) == 3


def test_a_subscription_that_cannot_be_made_ends_it(stage: Stage) -> None:
    stage.lay_down(refused_deployments=99)
    run = stage.run()
    assert (run.code, len(run.calls_of("deployment", "group", "create"))) == (1, 5)
    assert COLD in run.said


def test_what_az_says_is_told_when_it_changes(stage: Stage) -> None:
    stage.lay_down(refused_deployments=4, errors=["cold", "cold", "busy", "cold"])
    told = [line for line in stage.run().said.splitlines() if line.startswith("az says")]
    assert told == ["az says: cold", "az says: busy", "az says: cold"]


@pytest.mark.parametrize("error", PERMANENT)
@pytest.mark.parametrize(("unreachable_hosts", "calls"), [(99, 3), (0, 4)])
def test_what_no_further_try_mends_ends_it_at_once(
    stage: Stage, unreachable_hosts: int, calls: int, error: str
) -> None:
    stage.lay_down(errors=[COLD, error], unreachable_hosts=unreachable_hosts, refused_deployments=99)
    run = stage.run()
    assert (run.code, len(run.calls)) == (1, calls)
    assert error in run.said


def test_the_variables_of_others_are_not_read(stage: Stage) -> None:
    stage.lay_down(refused_deployments=1)
    run = stage.run(environment=DEPLOYED | {"TRIES": "1", "PAUSE": "many"})
    assert run.code == 0, run.said


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, True),
        ({"PARTNER_CENTER_AUTH": "app_user"}, True),
        ({"PARTNER_CENTER_AUTH": "managed_identity"}, False),
        ({"PARTNER_CENTER_APP_ID": "an-id"}, False),
    ],
)
def test_the_next_step_is_named_until_an_app_is_registered(stage: Stage, given: dict[str, str], *, named: bool) -> None:
    run = stage.run(environment=DEPLOYED | given)
    assert run.code == 0
    assert ("Next: infra/scripts/register-app.sh" in run.said) == named


def test_a_second_run_does_the_same_and_succeeds(stage: Stage) -> None:
    first = stage.run()
    second = stage.run()
    assert second.code == 0
    assert second.calls == first.calls * 2


def test_the_key_stands_in_no_command_and_no_output(stage: Stage) -> None:
    run = stage.run()
    assert stand_in_az.KEY not in run.said
    assert stand_in_az.KEY not in json.dumps(run.calls)


@pytest.mark.parametrize("missing", DEPLOYED)
def test_a_missing_value_is_named_before_anything_is_asked(stage: Stage, missing: str) -> None:
    run = stage.run(environment=DEPLOYED | {missing: ""})
    assert (run.code, run.calls) == (1, [])
    assert missing in run.said


def test_nobody_signed_in_is_told_at_once(stage: Stage) -> None:
    stage.lay_down(signed_in=False)
    run = stage.run()
    assert (run.code, len(run.calls)) == (1, 1)
    assert "az login" in run.said


def test_a_machine_without_the_azure_cli_is_told_so(stage: Stage) -> None:
    (stage.folder / "az").unlink()
    run = stage.run()
    assert (run.code, run.calls) == (1, [])
    assert "Azure CLI" in run.said


def test_it_works_from_a_folder_with_spaces_and_leaves_nothing_behind(stage: Stage, tmp_path: Path) -> None:
    copy = tmp_path / "my projects" / "infra" / "scripts"
    copy.mkdir(parents=True)
    shutil.copy(SCRIPT, copy)
    left = tmp_path / "temporary files"
    left.mkdir()
    run = stage.run(copy / SCRIPT.name, DEPLOYED | {"TMPDIR": str(left)})
    assert run.code == 0, run.said
    assert list(left.iterdir()) == []


def test_the_values_come_from_the_outputs_of_main_or_from_azd() -> None:
    outputs = parsed(INFRA / "main.bicep")["outputs"].keys()
    assert DEPLOYED.keys() - outputs == {"AZURE_SUBSCRIPTION_ID"}


def test_the_twin_reads_and_passes_the_same() -> None:
    ours, twin = SCRIPT.read_text(), TWIN.read_text()
    assert set(re.findall(r"\$env:([A-Z_]+)", twin)) - OPTIONAL == DEPLOYED.keys()
    passed = r"\"(\w+)=\$(?:env:)?([A-Z_]+)\""
    assert sorted(re.findall(passed, twin)) == sorted(re.findall(passed, ours))
    query = r"--query '([^']+)' --output tsv"
    assert re.findall(query, twin) == re.findall(query, ours)
    permanent = r"(?i)^\$?PERMANENT ?= ?'(.*)'"
    assert re.findall(permanent, twin, re.MULTILINE) == re.findall(permanent, ours, re.MULTILINE) != []


def test_the_twin_says_the_same() -> None:
    kinds = (
        r"az says|Given up after|The host has made no key|The subscription could not|Waiting for|Subscribing|Done:|"
        r"Next: infra/scripts/register-app"
    )
    ours, twin = (set(re.findall(kinds, script.read_text())) for script in (SCRIPT, TWIN))
    assert twin == ours == set(kinds.split("|"))


def test_the_twin_passes_no_parenthesis_that_powershell_would_leave_unquoted() -> None:
    given = re.findall(r"--[\w-]+ '([^']*)'", TWIN.read_text())
    risky = [text for text in given if set(text) & set("()&|<>^")]
    assert risky == ["keys( systemKeys )"]
    assert all(" " in text for text in risky)


def test_the_twin_refuses_a_powershell_that_is_too_old() -> None:
    assert re.search(r"(?m)^#Requires -Version 7\.2$", TWIN.read_text())
    assert "PowerShell 7.2" in (INFRA.parent / "docs" / "deploying.md").read_text()
