import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.job.blob_names import RESULTS_SUFFIX, STATUS_SUFFIX
from shared.job.status_document import Job
from tests.infra.templates import LOGIC_APP, ROOT, only, parsed, variables

PLACE = '"(status schema)"'
SCHEMA = ROOT / "schemas" / "status.schema.json"
WORKFLOWS = sorted(LOGIC_APP.glob("*.json"))

every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def deployed(path: Path) -> dict[str, Any]:
    """Put the schema in, as main.bicep does."""
    definition: dict[str, Any] = json.loads(path.read_text().replace(PLACE, SCHEMA.read_text()))
    return definition


def actions(parent: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, action in parent.get("actions", {}).items():
        yield name, action
        yield from actions(action)
        yield from actions(action.get("else", {}))


def siblings(parent: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield parent.get("actions", {})
    for action in parent.get("actions", {}).values():
        yield from siblings(action)
        yield from siblings(action.get("else", {}))


def test_there_is_a_polling_and_an_event_variant() -> None:
    assert [path.stem for path in WORKFLOWS] == ["drop-and-poll", "on-status-event"]


@every_workflow
def test_the_schema_of_parse_json_is_the_projects_own(path: Path) -> None:
    [parse] = [action for _, action in actions(deployed(path)) if action["type"] == "ParseJson"]
    assert parse["inputs"]["schema"] == json.loads(SCHEMA.read_text())
    source = (LOGIC_APP / "main.bicep").read_text()
    assert f"json(replace(loadTextContent('{path.name}'), '{PLACE}', statusSchema))" in source
    loaded = variables(LOGIC_APP / "main.bicep")["statusSchema"]["function"]["parameters"]["file_path"]
    assert (LOGIC_APP / loaded).resolve() == SCHEMA


@every_workflow
def test_members_that_a_workflow_reads_are_in_the_status_document(path: Path) -> None:
    read = set(re.findall(r"(?:body\('Parse_status'\)|variables\('status'\))\?\['(\w+)'\]", path.read_text()))
    members = {field.encode_name for field in msgspec.structs.fields(Job)}
    assert {"final", "results", "state"} <= read <= members


@every_workflow
def test_actions_follow_actions_beside_them_and_names_are_unique(path: Path) -> None:
    names = [name for name, _ in actions(deployed(path))]
    assert len(names) == len(set(names))
    for group in siblings(deployed(path)):
        for action in group.values():
            assert action["runAfter"].keys() <= group.keys()
        assert not group or [name for name, action in group.items() if not action["runAfter"]]


@every_workflow
def test_actions_and_parameters_that_are_read_exist(path: Path) -> None:
    text = path.read_text()
    names = {name for name, _ in actions(deployed(path))}
    assert set(re.findall(r"\b(?:body|outputs)\('(\w+)'\)", text)) <= names
    assert set(re.findall(r"\bparameters\('(\w+)'\)", text)) == deployed(path)["parameters"].keys()
    made = {
        variable["name"]
        for _, action in actions(deployed(path))
        if action["type"] == "InitializeVariable"
        for variable in action["inputs"]["variables"]
    }
    assert set(re.findall(r"\bvariables\('(\w+)'\)", text)) == made


@every_workflow
def test_storage_is_asked_with_the_workflows_own_identity(path: Path) -> None:
    requests = [
        action["inputs"]
        for name, action in actions(deployed(path))
        if action["type"] == "Http" and name != "Tell_Teams"
    ]
    assert requests
    for request in requests:
        assert request["authentication"] == {
            "type": "ManagedServiceIdentity",
            "audience": "https://storage.azure.com/",
        }
        assert request["headers"]["x-ms-version"] >= "2017-11-09"  # the first that takes tokens


def test_polling_waits_for_the_run_of_what_was_dropped() -> None:
    steps = dict(actions(deployed(LOGIC_APP / "drop-and-poll.json")))
    condition = steps["Until_final"]["expression"]
    assert "['final'], true)" in condition
    assert "['etag'], variables('etag'))" in condition
    assert condition.startswith("@and(")
    assert steps["Get_status"]["inputs"]["uri"] == f"@concat(outputs('Manifest_url'), '{STATUS_SUFFIX}')"
    assert steps["Get_results"]["inputs"]["uri"] == f"@concat(outputs('Manifest_url'), '{RESULTS_SUFFIX}')"


def test_what_a_loop_has_done_is_read_from_variables_alone() -> None:
    definition = deployed(LOGIC_APP / "drop-and-poll.json")
    inside = {name for name, _ in actions(definition["actions"]["Until_final"])}
    outside = {name: action for name, action in definition["actions"].items() if name != "Until_final"}
    assert inside == {"Wait", "Get_status", "Remember_status"}
    assert not inside & set(re.findall(r"\b(?:body|outputs)\('(\w+)'\)", json.dumps(outside)))


def test_polling_goes_on_while_there_is_no_status_yet_and_ends_some_time() -> None:
    steps = dict(actions(deployed(LOGIC_APP / "drop-and-poll.json")))
    assert "Failed" in steps["Remember_status"]["runAfter"]["Get_status"]
    assert steps["Remember_status"]["inputs"]["value"].endswith(", json('{}'))"), (
        "an answer 404 is no object to look into"
    )
    assert steps["Until_final"]["limit"] == {"count": 5000, "timeout": "P5D"}


def test_the_answer_may_take_longer_than_a_request() -> None:
    answers = [
        action for _, action in actions(deployed(LOGIC_APP / "drop-and-poll.json")) if action["type"] == "Response"
    ]
    assert {answer["operationOptions"] for answer in answers} == {"Asynchronous"}
    bodies = [answer["inputs"]["body"].keys() for answer in answers]
    assert all({"state", "message"} <= body for body in bodies)
    assert any("results" in body for body in bodies)


def test_the_token_goes_to_the_container_alone_whatever_an_event_says() -> None:
    steps = dict(actions(deployed(LOGIC_APP / "on-status-event.json")))
    guard = steps["If_of_the_container"]
    assert guard["expression"] == {
        "startsWith": ["@triggerBody()?[0]?['data']?['url']", "@concat(parameters('containerUrl'), '/')"]
    }
    guarded = {name for name, _ in actions({"actions": guard["actions"]})}
    requests = {name for name, action in steps.items() if action["type"] == "Http"}
    assert requests <= guarded


def test_teams_is_told_of_every_end_where_it_has_a_url() -> None:
    steps = dict(actions(deployed(LOGIC_APP / "on-status-event.json")))
    assert steps["If_final"]["expression"] == {"equals": ["@body('Parse_status')?['final']", True]}
    assert {"If_Teams_is_told", "If_there_are_results"} <= steps["If_final"]["actions"].keys()
    assert steps["If_Teams_is_told"]["expression"] == {"not": {"equals": ["@parameters('teamsWebhookUrl')", ""]}}
    told = steps["Tell_Teams"]
    assert told["inputs"]["uri"] == "@parameters('teamsWebhookUrl')"
    assert "authentication" not in told["inputs"], "the workflow's token is none of its business"
    card = json.dumps(told["inputs"]["body"])
    assert set(re.findall(r"body\('Parse_status'\)\?\['(\w+)'\]", card)) == {"state", "manifest", "message"}
    assert "First_issues" in card


def test_the_webhook_s_url_is_kept_as_a_secret() -> None:
    definition = deployed(LOGIC_APP / "on-status-event.json")
    assert definition["parameters"]["teamsWebhookUrl"] == {"type": "SecureString"}
    told = dict(actions(definition))["Tell_Teams"]
    assert told["runtimeConfiguration"] == {"secureData": {"properties": ["inputs"]}}
    parameter = parsed(LOGIC_APP / "main.bicep")["parameters"]["teamsWebhookUrl"]
    assert {"type": "secure"} in parameter["decorators"]
    assert parameter["default"] == ""


def test_teams_that_does_not_answer_keeps_nothing_from_the_next_step() -> None:
    steps = dict(actions(deployed(LOGIC_APP / "on-status-event.json")))
    assert {"Succeeded", "Failed", "TimedOut"} == set(steps["If_there_are_results"]["runAfter"]["If_Teams_is_told"])


def test_a_manifest_that_ended_without_results_leaves_its_reasons() -> None:
    steps = dict(actions(deployed(LOGIC_APP / "on-status-event.json")))
    reasons = steps["If_there_are_results"]["else"]["actions"]["Reasons"]["inputs"]
    assert {"state", "message", "issues", "error"} <= reasons.keys()


def test_a_name_of_the_apps_own_is_refused_before_anything_is_written() -> None:
    definition = deployed(LOGIC_APP / "drop-and-poll.json")
    guard = definition["actions"]["If_a_name_of_the_apps_own"]
    name = "@toLower(triggerOutputs()?['relativePathParameters']?['name'])"
    assert guard["expression"] == {"or": [{"endsWith": [name, suffix]} for suffix in (STATUS_SUFFIX, RESULTS_SUFFIX)]}
    assert guard["runAfter"] == {}
    assert guard["actions"]["Refuse"]["inputs"]["statusCode"] == 400
    assert guard["actions"]["Stop"]["type"] == "Terminate"
    assert definition["actions"]["Manifest_url"]["runAfter"] == {"If_a_name_of_the_apps_own": ["Succeeded"]}
    assert definition["actions"]["Drop_manifest"]["runAfter"] == {"Manifest_url": ["Succeeded"]}


def test_event_grid_is_answered_its_handshake_and_sends_one_event_at_a_time() -> None:
    steps = dict(actions(deployed(LOGIC_APP / "on-status-event.json")))
    assert steps["Shake_hands"]["inputs"]["body"] == {
        "validationResponse": "@triggerBody()?[0]?['data']?['validationCode']"
    }
    subscription = only(LOGIC_APP / "main.bicep", "Microsoft.EventGrid/systemTopics/eventSubscriptions")
    destination = subscription["properties"]["destination"]["properties"]
    assert destination["maxEventsPerBatch"] == 1
    [trigger] = deployed(LOGIC_APP / "on-status-event.json")["triggers"]
    assert f"/triggers/{trigger}'" in (LOGIC_APP / "main.bicep").read_text()


def test_the_template_gives_each_workflow_the_parameters_that_it_declares() -> None:
    workflows = {
        body["config"]["properties"]["definition"]: body["config"]["properties"]["parameters"]
        for body in parsed(LOGIC_APP / "main.bicep")["resources"].values()
        if body["type"] == "Microsoft.Logic/workflows"
    }
    assert workflows["dropAndPoll"].keys() == deployed(LOGIC_APP / "drop-and-poll.json")["parameters"].keys()
    assert workflows["onStatusEvent"].keys() == deployed(LOGIC_APP / "on-status-event.json")["parameters"].keys()
