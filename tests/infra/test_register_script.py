"""The script that registers the app: what it does, and does again."""

import shutil
from pathlib import Path

import pytest

from shared.config.clouds import CLOUDS
from tests.infra.register_stage import (
    APP,
    CONSENT,
    IDENTITY,
    ISSUER,
    LATER_IDENTITY,
    PARTNER_CENTER,
    REFUSED,
    REGISTERED,
    SCRIPT,
    SET_UP,
    TENANT,
    Stage,
)


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


def test_it_works_from_a_folder_with_spaces_and_leaves_nothing_behind(stage: Stage, tmp_path: Path) -> None:
    copy = tmp_path / "my projects" / "infra" / "scripts"
    copy.mkdir(parents=True)
    shutil.copy(SCRIPT, copy)
    left = tmp_path / "temporary files"
    left.mkdir()
    run = stage.run("--yes", script=copy / SCRIPT.name, temporary=left)
    assert run.code == 0, run.said
    assert list(left.iterdir()) == []
