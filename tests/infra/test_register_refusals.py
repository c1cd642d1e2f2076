"""The script that registers the app, where something is missing or refused."""

from pathlib import Path

import pytest

from tests.infra.register_stage import (
    APP,
    CHANGES,
    LATER_IDENTITY,
    LOOKS,
    NOT_YET,
    REFUSED,
    REGISTERED,
    SET_UP,
    SUBSCRIPTION,
    Stage,
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


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


def test_of_two_apps_with_the_name_a_person_chooses(stage: Stage) -> None:
    stage.book["apps"] = [REGISTERED, REGISTERED | {"appId": LATER_IDENTITY}]
    run = stage.run("--yes")
    assert (run.code, run.changes) == (1, [])
    assert "azd env set PARTNER_CENTER_APP_ID" in run.said


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
