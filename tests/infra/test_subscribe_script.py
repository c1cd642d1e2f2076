"""The post-deploy script for POSIX shells, run against a stand-in for the Azure CLI. Its PowerShell twin is not run."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.infra import stand_in_az
from tests.infra.az_stage import HASTE, Run, Stage
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
    "WAKE_UP_QUEUE": "manifest-wake-ups",
    "DEAD_LETTER_CONTAINER": "dead-letters",
}
OPTIONAL = {"PARTNER_CENTER_APP_ID", "PARTNER_CENTER_AUTH"}
COLD = stand_in_az.COLD
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

# What storage itself says of an identity without the role: near in words, but it passes.
NOT_SPREAD = (
    "ERROR: (AuthorizationPermissionMismatch) This request is not authorized to perform this operation",
    "ERROR: AuthorizationFailure: This request is not authorized to perform this operation.",
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def run(stage: Stage, script: Path = SCRIPT, environment: Mapping[str, str] = DEPLOYED) -> Run:
    return stage.run(script, environment)


def test_the_app_is_subscribed_with_what_azd_deployed(stage: Stage) -> None:
    done = run(stage)
    assert done.code == 0, done.said
    [call] = done.calls_of("deployment", "group", "create")
    template = Path(call[call.index("--template-file") + 1])
    assert template.resolve() == INFRA / "subscription.bicep"
    given = dict(item.split("=") for item in call[call.index("--parameters") + 1 :])
    assert given == {
        "functionAppName": "func-abc",
        "topicName": "evgt-abc",
        "dataAccountName": "stdataabc",
        "manifestContainer": "manifests",
        "wakeUpQueue": "manifest-wake-ups",
        "deadLetterContainer": "dead-letters",
    }
    assert given.keys() == parsed(INFRA / "subscription.bicep")["parameters"].keys()


def test_the_right_subscription_group_and_app_are_asked(stage: Stage) -> None:
    for call in run(stage).calls:
        assert call[call.index("--subscription") + 1] == DEPLOYED["AZURE_SUBSCRIPTION_ID"]
        if call[0] != "account":
            assert call[call.index("--resource-group") + 1] == "rg-partner"
    [keys] = run(stage).calls_of("functionapp", "keys", "list")[-1:]
    assert keys[keys.index("--name") + 1] == "func-abc"


def test_it_waits_until_the_host_has_made_the_key(stage: Stage) -> None:
    stage.lay_down(unreachable_hosts=1, keyless_answers=2)
    done = run(stage)
    assert done.code == 0, done.said
    assert len(done.calls_of("functionapp", "keys", "list")) == 4
    assert len(done.calls_of("deployment", "group", "create")) == 1


def test_it_gives_up_in_the_end_and_says_why(stage: Stage) -> None:
    stage.lay_down(unreachable_hosts=99)
    done = run(stage)
    assert done.code == 1
    assert len(done.calls_of("functionapp", "keys", "list")) == 5
    assert not done.calls_of("deployment")
    assert "blobs_extension" in done.said
    assert "Given up after 5 tries." in done.said
    assert COLD in done.said


def test_a_handshake_that_failed_is_tried_again(stage: Stage) -> None:
    stage.lay_down(refused_deployments=2)
    done = run(stage)
    assert done.code == 0, done.said
    assert len(done.calls_of("deployment", "group", "create")) == 3


@pytest.mark.parametrize("error", NOT_SPREAD)
def test_roles_that_have_not_spread_are_waited_for(stage: Stage, error: str) -> None:
    stage.lay_down(refused_deployments=2, errors=[error])
    done = run(stage)
    assert done.code == 0, done.said
    assert len(done.calls_of("deployment", "group", "create")) == 3


def test_a_subscription_that_cannot_be_made_ends_it(stage: Stage) -> None:
    stage.lay_down(refused_deployments=99)
    done = run(stage)
    assert (done.code, len(done.calls_of("deployment", "group", "create"))) == (1, 5)
    assert COLD in done.said


def test_what_az_says_is_told_when_it_changes(stage: Stage) -> None:
    stage.lay_down(refused_deployments=4, errors=["cold", "cold", "busy", "cold"])
    told = [line for line in run(stage).said.splitlines() if line.startswith("az says")]
    assert told == ["az says: cold", "az says: busy", "az says: cold"]


@pytest.mark.parametrize("error", PERMANENT)
@pytest.mark.parametrize(("unreachable_hosts", "calls"), [(99, 3), (0, 4)])
def test_what_no_further_try_mends_ends_it_at_once(
    stage: Stage, unreachable_hosts: int, calls: int, error: str
) -> None:
    stage.lay_down(errors=[COLD, error], unreachable_hosts=unreachable_hosts, refused_deployments=99)
    done = run(stage)
    assert (done.code, len(done.calls)) == (1, calls)
    assert error in done.said


def test_the_variables_of_others_are_not_read(stage: Stage) -> None:
    stage.lay_down(refused_deployments=1)
    done = run(stage, environment=DEPLOYED | {"TRIES": "1", "PAUSE": "many"})
    assert done.code == 0, done.said


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
    done = run(stage, environment=DEPLOYED | given)
    assert done.code == 0
    assert ("Next: infra/scripts/register-app.sh" in done.said) == named


def test_a_second_run_does_the_same_and_succeeds(stage: Stage) -> None:
    first = run(stage)
    second = run(stage)
    assert second.code == 0
    assert second.calls == first.calls * 2


def test_the_key_stands_in_no_command_and_no_output(stage: Stage) -> None:
    done = run(stage)
    assert stand_in_az.KEY not in done.said
    assert stand_in_az.KEY not in json.dumps(done.calls)


@pytest.mark.parametrize("missing", DEPLOYED)
def test_a_missing_value_is_named_before_anything_is_asked(stage: Stage, missing: str) -> None:
    done = run(stage, environment=DEPLOYED | {missing: ""})
    assert (done.code, done.calls) == (1, [])
    assert missing in done.said


def test_nobody_signed_in_is_told_at_once(stage: Stage) -> None:
    stage.lay_down(signed_in=False)
    done = run(stage)
    assert (done.code, len(done.calls)) == (1, 1)
    assert "az login" in done.said


def test_a_machine_without_the_azure_cli_is_told_so(stage: Stage) -> None:
    (stage.folder / "az").unlink()
    done = run(stage)
    assert (done.code, done.calls) == (1, [])
    assert "Azure CLI" in done.said


def test_it_works_from_a_folder_with_spaces_and_leaves_nothing_behind(stage: Stage, tmp_path: Path) -> None:
    copy = tmp_path / "my projects" / "infra" / "scripts"
    copy.mkdir(parents=True)
    shutil.copy(SCRIPT, copy)
    left = tmp_path / "temporary files"
    left.mkdir()
    done = run(stage, copy / SCRIPT.name, DEPLOYED | {"TMPDIR": str(left)})
    assert done.code == 0, done.said
    assert list(left.iterdir()) == []


def test_the_values_come_from_the_outputs_of_main_or_from_azd() -> None:
    outputs = parsed(INFRA / "main.bicep")["outputs"].keys()
    assert DEPLOYED.keys() - outputs == {"AZURE_SUBSCRIPTION_ID"}


def test_the_twin_reads_and_passes_the_same() -> None:
    ours, twin = SCRIPT.read_text(), TWIN.read_text()
    assert set(re.findall(r"\$env:([A-Z_]+)", twin)) - HASTE.keys() - OPTIONAL == DEPLOYED.keys()
    passed = r"\"(\w+)=\$(?:env:)?([A-Z_]+)\""
    assert sorted(re.findall(passed, twin)) == sorted(re.findall(passed, ours))
    query = r"--query '([^']+)' --output tsv"
    assert re.findall(query, twin) == re.findall(query, ours)
    permanent = r"(?i)^\$?PERMANENT ?= ?'(.*)'"
    assert re.findall(permanent, twin, re.MULTILINE) == re.findall(permanent, ours, re.MULTILINE) != []


def test_the_twin_says_the_same() -> None:
    kinds = (
        r"az says|Given up after|The host has made no key|The subscriptions could not|Waiting for|Subscribing|Done:|"
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


def test_the_twin_says_what_ends_it_without_an_excerpt_of_itself() -> None:
    twin = TWIN.read_text()
    [body] = re.findall(r"(?ms)^function Exit-WithSentence\(.*?\) \{\n(.*?)^\}", twin)
    assert body.split() == ["[Console]::Error.WriteLine($Sentence)", "exit", "1"]
    assert not re.search(r"\bthrow\b|Write-Error", twin)
    assert len(re.findall(r"Exit-WithSentence ['\"]", twin)) == 5
