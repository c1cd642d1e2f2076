"""The script before a deployment, run against a stand-in for the Azure CLI. Its PowerShell twin is not run."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.infra.az_stage import HASTE, Run, Stage
from tests.infra.templates import INFRA, parsed

SCRIPT = INFRA / "scripts" / "await-roles.sh"
TWIN = INFRA / "scripts" / "await-roles.ps1"
OURS = "0f2c7a1e-0000-4000-8000-000000000000"
DEPLOYED = {
    "AZURE_SUBSCRIPTION_ID": "5d7f0a1c-0000-4000-8000-000000000000",
    "AZURE_RESOURCE_GROUP": "rg-partner",
    "HOST_ACCOUNT_NAME": "sthostabc",
    "IDENTITY_PRINCIPAL_ID": OURS,
}
WAITING = "Waiting until the roles of the app's identity are 300 seconds old"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def role(age: float, principal: str = OURS) -> list[str]:
    """Give a line of the listing: whose role, and when it was made, seconds before now."""
    return [principal, (datetime.now(UTC) - timedelta(seconds=age)).isoformat()]


def listings(done: Run) -> int:
    return len(done.calls_of("rest", "--url"))


def test_roles_that_are_old_enough_are_not_waited_for(stage: Stage) -> None:
    stage.lay_down(roles=[[role(360), role(86_400)]])
    done = stage.run(SCRIPT, DEPLOYED)
    assert (done.code, done.said, listings(done)) == (0, "", 1)


def test_new_roles_are_waited_for_and_it_says_so_once(stage: Stage) -> None:
    stage.lay_down(roles=[[], [role(10), role(360)], [role(240)], [role(360)]])
    done = stage.run(SCRIPT, DEPLOYED)
    assert (done.code, listings(done)) == (0, 4)
    assert done.said.count(WAITING) == done.said.count("\n") == 1


def test_the_newest_role_decides_and_others_roles_do_not(stage: Stage) -> None:
    stage.lay_down(roles=[[role(360), role(10)], [role(1, "somebody-else"), role(360), role(400)]])
    done = stage.run(SCRIPT, DEPLOYED)
    assert (done.code, listings(done)) == (0, 2)


def test_a_role_without_a_moment_decides_nothing(stage: Stage) -> None:
    stage.lay_down(roles=[[[OURS, "None"], [OURS, ""]], [role(360), [OURS, "None"]]])
    done = stage.run(SCRIPT, DEPLOYED)
    assert (done.code, listings(done)) == (0, 2)
    assert "Substring" not in TWIN.read_text()  # which would end the twin at such a role


def test_it_gives_up_waiting_in_the_end_and_lets_the_deployment_try(stage: Stage) -> None:
    stage.lay_down(roles=[[role(1)]])
    done = stage.run(SCRIPT, DEPLOYED)
    assert (done.code, listings(done)) == (0, 5)
    assert "The roles are still new after 5 looks. Deploying all the same" in done.said
    assert "azd deploy" in done.said


def test_whoever_may_not_list_roles_may_deploy(stage: Stage) -> None:
    stage.lay_down(roles=None)
    done = stage.run(SCRIPT, DEPLOYED)
    assert (done.code, listings(done)) == (0, 1)
    assert "az cannot list the roles of sthostabc. Deploying all the same" in done.said


@pytest.mark.parametrize("missing", DEPLOYED)
def test_a_missing_value_is_named_and_nothing_is_asked(stage: Stage, missing: str) -> None:
    done = stage.run(SCRIPT, DEPLOYED | {missing: ""})
    assert (done.code, done.calls) == (0, [])
    assert missing in done.said


def test_a_machine_without_the_azure_cli_is_told_so(stage: Stage) -> None:
    (stage.folder / "az").unlink()
    done = stage.run(SCRIPT, DEPLOYED)
    assert (done.code, done.calls) == (0, [])
    assert "Azure CLI" in done.said


def test_the_account_of_the_package_is_looked_at(stage: Stage) -> None:
    stage.lay_down(roles=[[role(360)]])
    [call] = stage.run(SCRIPT, DEPLOYED).calls
    account = "/resourceGroups/rg-partner/providers/Microsoft.Storage/storageAccounts/sthostabc"
    assert call[call.index("--url") + 1] == (
        f"/subscriptions/{DEPLOYED['AZURE_SUBSCRIPTION_ID']}{account}"
        "/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01"
    )


def test_the_longest_wait_is_longer_than_a_role_is_given() -> None:
    text = SCRIPT.read_text()
    [pause], [tries], [spread] = (
        map(int, re.findall(pattern, text)) for pattern in (r"_PAUSE:-(\d+)", r"_TRIES:-(\d+)", r"SPREAD=(\d+)")
    )
    assert pause * tries >= 1.5 * spread


def test_the_values_come_from_the_outputs_of_main_or_from_azd() -> None:
    assert DEPLOYED.keys() - parsed(INFRA / "main.bicep")["outputs"].keys() == {"AZURE_SUBSCRIPTION_ID"}


def test_the_twin_reads_asks_and_says_the_same() -> None:
    ours, twin = SCRIPT.read_text(), TWIN.read_text()
    assert set(re.findall(r"\$env:([A-Z_]+)", twin)) - HASTE.keys() == DEPLOYED.keys()
    for pattern in (r"--query '([^']+)' --output tsv", r"(?i)\$?spread ?= ?(\d+)"):
        assert re.findall(pattern, twin)[:1] == re.findall(pattern, ours)[:1] != []
    said = r"Waiting until the roles|still new after|cannot list the roles|is not set: run this|Deploying all the same"
    assert set(re.findall(said, twin)) == set(re.findall(said, ours)) == set(said.split("|"))
    assert not re.search(r"\bthrow\b|Write-Host", twin)
    assert re.search(r"(?m)^#Requires -Version 7\.2$", twin)
