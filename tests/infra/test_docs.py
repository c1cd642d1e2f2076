import json
import re
from datetime import timedelta
from typing import Any

import pytest

from shared.workflow.sweep import YOUNGEST
from tests.infra import source
from tests.infra.queries import ALERTS, RUNS_TEXT
from tests.infra.tables import table
from tests.infra.templates import INFRA, LOGIC_APP, ROOT, only, parsed, resources, variables

DOCS = {
    name: (ROOT / "docs" / f"{name}.md").read_text()
    for name in ("deploying", "settings", "operating", "logic-apps", "costs")
}
PARAMETERS = parsed(INFRA / "main.bicep")["parameters"]
OUTPUTS = parsed(INFRA / "main.bicep")["outputs"]


def default_of(parameter: dict[str, Any]) -> str:
    return str(parameter["default"])


def test_the_table_of_settings_lists_every_parameter_with_its_default() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    variables = {name: given[name]["value"].strip("${}") for name in PARAMETERS}
    listed: dict[str, str] = {}
    page = "\n" + DOCS["settings"]
    for names, defaults, _ in table(page, "# Settings") + table(page, "## Of the deployment alone"):
        values = re.findall(r"`([^`]*)`", defaults)
        keys = re.findall(r"`(\w+)`", names)
        listed |= dict(zip(keys, values or [""] * len(keys), strict=True))
    asked_by_azd = {"AZURE_ENV_NAME", "AZURE_LOCATION"}
    for name, variable in variables.items():
        if variable not in asked_by_azd:
            assert listed[variable] == default_of(PARAMETERS[name]), variable


def test_a_setting_of_the_subscription_is_said_to_need_the_post_deploy_script() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    both = {
        given[name]["value"].strip("${}") for name in parsed(INFRA / "subscription.bicep")["parameters"].keys() & given
    }
    settings = " ".join(DOCS["settings"].split())
    [named] = re.findall(r"After ((?:`\w+`(?: or )?)+), also run `azd hooks run postdeploy`", settings)
    assert re.findall(r"\w+_\w+", named) == sorted(both)


def test_the_table_of_alerts_lists_every_alert() -> None:
    metric = only(INFRA / "alerts.bicep", "Microsoft.Insights/metricAlerts")["name"]
    listed = [row[0].strip("`") for row in table(DOCS["operating"], "## The alerts")]
    assert sorted(listed) == sorted([*ALERTS, metric])


def test_the_limits_that_are_named_are_the_defaults() -> None:
    assert f"`MAXIMUM_INSTANCE_COUNT` {PARAMETERS['maximumInstanceCount']['default']} is safe" in DOCS["operating"]
    for name in ("finals", "runs"):
        assert f"let {name} =" in RUNS_TEXT
        assert f"`{name}` (" in DOCS["operating"]


@pytest.mark.parametrize("text", DOCS.values(), ids=DOCS.keys())
def test_commands_read_outputs_that_exist_and_templates_with_their_parameters(text: str) -> None:
    assert set(re.findall(r"azd env get-value (\w+)", text)) <= {*OUTPUTS, "AZURE_SUBSCRIPTION_ID"}  # azd's own
    for template, given in re.findall(r"--template-file (\S+)(.*?)```", text, re.DOTALL):
        parameters = parsed(ROOT / template)["parameters"]
        required = {name for name, parameter in parameters.items() if parameter["default"] is None}
        assert set(re.findall(r"\b(\w+)=", given)) == required, template


def test_az_is_put_into_the_subscription_of_azd_before_it_does_anything() -> None:
    first = re.findall(r"(?m)^az .*", DOCS["deploying"])[0]
    assert first == "az account set --subscription $(azd env get-value AZURE_SUBSCRIPTION_ID)"


def test_documents_that_are_named_elsewhere_exist() -> None:
    files = [*ROOT.glob("*.txt"), *ROOT.glob("*.md"), *ROOT.glob("*.toml"), *INFRA.rglob("*.bicep")]
    named = {name for file in files for name in re.findall(r"\bdocs/[\w-]+\.md", file.read_text())}
    assert len(named) >= 5
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_documents_say_what_was_never_deployed() -> None:
    assert "Nothing of this has ever been deployed" in " ".join(DOCS["deploying"].split())
    assert "has never been deployed from here" in " ".join(DOCS["costs"].split())
    assert "Neither has ever been deployed from here" in " ".join(DOCS["logic-apps"].split())


def test_the_filter_for_subscribers_is_that_of_the_sample() -> None:
    [document] = re.findall(r"```json\n(\{\n.*?\n\})\n```", DOCS["logic-apps"], re.DOTALL)
    sample = only(LOGIC_APP / "main.bicep", "Microsoft.EventGrid/systemTopics/eventSubscriptions")
    expected = {key: value for key, value in sample["properties"]["filter"].items() if key != "isSubjectCaseSensitive"}
    container = PARAMETERS["manifestContainer"]["default"]
    assert json.loads(document) == json.loads(json.dumps(expected).replace("${manifestContainer}", container))


def test_actions_of_the_logic_apps_that_are_named_exist() -> None:
    workflows = "".join(path.read_text() for path in LOGIC_APP.glob("*.json"))
    for name in ("Results", "Reasons", "First_issues"):
        assert f"`{name}`" in DOCS["logic-apps"]
        assert f'"{name}"' in workflows
    names = {
        body["name"] for _, kind, body in resources(LOGIC_APP / "main.bicep") if kind == "Microsoft.Logic/workflows"
    }
    assert {f"`{name}`" for name in names} <= set(re.findall(r"## (`[\w-]+`)", DOCS["logic-apps"]))


def test_what_to_do_in_trouble_names_what_is_there() -> None:
    rows = table("\n" + (ROOT / "docs" / "troubleshooting.md").read_text(), "# When something is wrong")
    assert len(rows) >= 10
    told = "\n".join(" ".join(row) for row in rows)
    container = variables(INFRA / "main.bicep")["deadLetterContainer"]
    for _, _, subscription in resources(INFRA / "subscription.bicep"):
        assert f"`{subscription['name']}`" in told
    assert f"blobs in `{container}`" in told
    assert len(source.triggers()) == 5
    assert "its five functions" in told
    assert set(re.findall(r"azd env set (\w+)", told)) <= {name.strip("${}") for name in variables_of_azd()}


def variables_of_azd() -> list[str]:
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    return [parameter["value"] for parameter in given.values()]


def test_the_documents_say_whose_the_data_account_is_and_why() -> None:
    text = " ".join(DOCS["deploying"].split())
    assert "The data account belongs to this app alone" in text
    assert variables(INFRA / "modules" / "data-account.bicep")["queueNames"][-1] in text


def test_the_waits_of_the_documents_are_those_of_the_scripts() -> None:
    text = " ".join(DOCS["deploying"].split())
    assert "SPREAD=300" in (INFRA / "scripts" / "await-roles.sh").read_text()
    assert "waits until that is five minutes" in text
    for trigger in ("postdeploy", "InaccessibleStorageException"):
        assert trigger in text


def test_the_longest_wait_for_the_sweep_is_its_own_and_that_of_a_young_manifest() -> None:
    [every] = re.findall(r"^0 \*/(\d+) \* \* \* \*$", default_of(PARAMETERS["sweepSchedule"]))
    longest = timedelta(minutes=int(every)) + YOUNGEST
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert set(re.findall(r"within (\d+) minutes", readme)) == {str(longest // timedelta(minutes=1))}
    promises = " ".join((ROOT / "docs" / "promises.md").read_text().split())
    assert "A name that begins or ends with `/` may have to wait for the sweep" in promises
