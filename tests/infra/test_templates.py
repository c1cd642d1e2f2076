import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.infra.source import triggers
from tests.infra.templates import INFRA, LOGIC_APP, TEMPLATES, name_of, named, only, parsed, resources, symbol_in
from tests.infra.test_app_settings import setting_of

MAIN = INFRA / "main.bicep"
OF_AZD = {"environmentName": "AZURE_ENV_NAME", "location": "AZURE_LOCATION"}

every_template = pytest.mark.parametrize("path", TEMPLATES, ids=name_of)


def modules(path: Path) -> dict[str, Any]:
    return dict(parsed(path).get("modules", {}))


def text_of(name: str) -> str:
    return " ".join((INFRA.parent / name).read_text().split())


def test_every_kind_of_template_is_looked_at() -> None:
    assert {path.parent.name for path in TEMPLATES} == {"infra", "modules", "logic-app"}
    assert len(TEMPLATES) > 10


@every_template
def test_a_template_parses_and_uses_stable_api_versions(path: Path) -> None:
    versions = [resource["api_version"] for resource in parsed(path).get("resources", {}).values()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", version) for version in versions)


@every_template
def test_a_version_in_a_text_is_that_of_its_resource(path: Path) -> None:
    resources_of_apps = {
        resource["api_version"]
        for resource in parsed(path).get("resources", {}).values()
        if resource["type"] == "Microsoft.Web/sites"
    }
    assert set(re.findall(r"listKeys\(.*?'(\d{4}-\d\d-\d\d)'\)", path.read_text())) <= resources_of_apps


def test_a_kind_of_resource_has_one_version_in_all_templates() -> None:
    found = {pair for path in TEMPLATES for pair in re.findall(r"'(Microsoft\.[\w/]+)@([\d-]+)'", path.read_text())}
    assert len(found) == len({kind for kind, _ in found}) > 20


@every_template
def test_no_object_has_members_of_any_type(path: Path) -> None:
    assert not re.search(r"(?m)^(param|output) \w+ object\b", path.read_text())


@every_template
def test_every_parameter_is_described(path: Path) -> None:
    for name, parameter in parsed(path).get("parameters", {}).items():
        descriptions = [str(item["argument"]) for item in parameter["decorators"] if item["type"] == "description"]
        assert [len(text) > 8 for text in descriptions] == [True], name


@every_template
def test_every_parameter_and_variable_is_used(path: Path) -> None:
    text = re.sub(r"(?m)^\s*//.*$", "", path.read_text())
    for name in [*parsed(path).get("parameters", {}), *parsed(path).get("variables", {})]:
        assert len(re.findall(rf"\b{name}\b", text)) > 1, name


def test_main_only_composes() -> None:
    assert [kind for _, kind, _ in resources(MAIN)] == ["Microsoft.Resources/resourceGroups"]
    assert modules(MAIN).keys() == {"identity", "monitoring", "data", "host", "events", "app"}


@pytest.mark.parametrize("module", modules(MAIN).values(), ids=modules(MAIN).keys())
def test_a_module_exists_and_is_passed_what_it_declares(module: dict[str, Any]) -> None:
    assert module["type"] == "local"
    declared = parsed(INFRA / module["detail"]["path"])["parameters"]
    required = {name for name, parameter in declared.items() if parameter["default"] is None}
    passed = module["config"]["params"].keys()
    assert required <= passed <= declared.keys()


def test_every_module_file_is_used() -> None:
    used = {INFRA / module["detail"]["path"] for module in modules(MAIN).values()}
    assert used == set((INFRA / "modules").glob("*.bicep"))


def test_outputs_that_are_read_exist() -> None:
    read = set(re.findall(r"\b(\w+)\.outputs\.(\w+)", MAIN.read_text()))
    made = {
        (symbol, output)
        for symbol, module in modules(MAIN).items()
        for output in parsed(INFRA / module["detail"]["path"]).get("outputs", {})
    }
    assert read == made


@every_template
def test_references_within_a_template_lead_somewhere(path: Path) -> None:
    known = parsed(path).get("resources", {})
    for symbol, _, body in resources(path):
        for reference in ("parent", "scope"):
            if reference in body:
                assert symbol_in(body[reference]) in known, symbol


def test_azd_gives_each_parameter_the_variable_of_its_name() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    expected = {name: OF_AZD.get(name) or setting_of(name) for name in parsed(MAIN)["parameters"]}
    assert {name: parameter["value"] for name, parameter in given.items()} == {
        name: f"${{{variable}}}" for name, variable in expected.items()
    }


def test_what_the_job_does_not_need_stays_out_of_azd_up() -> None:
    extras = [INFRA / "alerts.bicep", INFRA / "workbook.bicep", INFRA / "vault-access.bicep", LOGIC_APP / "main.bicep"]
    kinds = {kind for extra in extras for _, kind, _ in resources(extra)} - {"Microsoft.Authorization/roleAssignments"}
    deployed = {kind for module in modules(MAIN).values() for _, kind, _ in resources(INFRA / module["detail"]["path"])}
    assert kinds
    assert kinds.isdisjoint(deployed)


def test_the_plan_is_flex_consumption_with_python_3_13() -> None:
    path = INFRA / "modules" / "function-app.bicep"
    config = only(path, "Microsoft.Web/sites")["properties"]["functionAppConfig"]
    assert only(path, "Microsoft.Web/serverfarms")["sku"] == {"tier": "FlexConsumption", "name": "FC1"}
    assert config["runtime"] == {"name": "python", "version": (INFRA.parent / ".python-version").read_text().strip()}
    assert config["scaleAndConcurrency"]["maximumInstanceCount"] == "maximumInstanceCount"


def test_the_arithmetic_of_the_guard_rail_agrees_with_host_json() -> None:
    comment = " ".join(re.findall(r"// (.*)", (INFRA / "modules" / "function-app.bicep").read_text()))
    guide = text_of("docs/operating.md").replace("\N{MULTIPLICATION SIGN}", "*")
    extensions = json.loads((INFRA.parent / "host.json").read_text())["extensions"]
    instances = parsed(MAIN)["parameters"]["maximumInstanceCount"]["default"]
    blobs = extensions["blobs"]["maxDegreeOfParallelism"]
    batch = extensions["queues"]["batchSize"]
    messages = batch + extensions["queues"]["newBatchThreshold"]
    assert f"{instances} instances * {blobs} blobs" in comment
    assert f"{instances} * {messages} wake-ups" in comment
    assert f"= {instances * (blobs + messages)} calls" in comment
    for text in (f"{instances} * {blobs} uploads", f"{instances} * {messages} wake-ups"):
        assert text in guide
    threads = modules(MAIN)["app"]["config"]["params"]["settings"]["PYTHON_THREADPOOL_THREAD_COUNT"]
    assert int(threads) >= max(blobs, messages)


def test_no_function_starves_should_the_instances_be_counted_together() -> None:
    instances = parsed(MAIN)["parameters"]["maximumInstanceCount"]["default"]
    assert instances > len(triggers())
    assert f"the {len(triggers())} functions" in (INFRA / "modules" / "function-app.bicep").read_text()


def test_nobody_deploys_by_a_password() -> None:
    path = INFRA / "modules" / "function-app.bicep"
    policies = [named(path, symbol) for symbol in ("scmPassword", "ftpPassword")]
    assert [policy["name"] for policy in policies] == ["scm", "ftp"]
    for policy in policies:
        assert policy["parent"] == "app"
        assert policy["properties"] == {"allow": False}


def test_where_40_instances_are_the_least_the_numbers_of_host_json_go_down() -> None:
    told = r"`maxDegreeOfParallelism` and `batchSize`{} to (\d) and `newBatchThreshold` to (\d)"
    counts = r": (\d+) uploads and (\d+) wake-ups at a time"
    [numbers] = re.findall(told.format(" in `host.json`") + counts, text_of("docs/operating.md"))
    batch, threshold, uploads, wake_ups = map(int, numbers)
    assert (uploads, wake_ups) == (40 * batch, 40 * (batch + threshold))
    assert re.findall(told.format(""), text_of("docs/troubleshooting.md")) == [numbers[:2]]


def test_manifests_outlive_their_jobs_and_dead_letters_go_too() -> None:
    parameter = parsed(MAIN)["parameters"]["manifestDays"]
    assert [item["argument"] for item in parameter["decorators"] if item["type"] == "min_value"] == [30]
    policy = only(INFRA / "modules" / "data-account.bicep", "Microsoft.Storage/storageAccounts/managementPolicies")
    rules = [rule["definition"] for rule in policy["properties"]["policy"]["rules"]]
    assert [
        (rule["filters"]["prefixMatch"], rule["actions"]["baseBlob"]["delete"]["daysAfterModificationGreaterThan"])
        for rule in rules
    ] == [(["${manifestContainer}/"], "manifestDays"), (["${deadLetterContainer}/"], "deadLetterDays")]


def test_names_that_are_known_at_the_start_are_not_read_from_modules() -> None:
    text = MAIN.read_text()
    for module in modules(MAIN).values():
        given = {name: value for name, value in module["config"]["params"].items() if "outputs" in str(value)}
        naming = {name for name in given if names_a_resource(INFRA / module["detail"]["path"], name)}
        assert naming <= {"principalId"}
    told = re.findall(
        r"#disable-next-line what-if-short-circuiting\n +principalId: identity\.outputs\.principalId\n", text
    )
    assert len(told) == text.count("identity.outputs.principalId\n") - 1, "one more is an output"


def names_a_resource(path: Path, parameter: str) -> bool:
    names = [str(resource["config"]) for resource in parsed(path).get("resources", {}).values()]
    return any(re.search(rf"'name': [^,]*\b{parameter}\b|'condition': [^,]*\b{parameter}\b", name) for name in names)


def test_what_is_named_alone_comes_first() -> None:
    events = modules(MAIN)["events"]["config"]
    assert events["dependsOn"] == ["data"]
    assert events["params"]["dataAccountName"] == modules(MAIN)["data"]["config"]["params"]["name"]
    for name in ("deadLetterContainer", "wakeUpQueue"):
        assert events["params"][name] == modules(MAIN)["data"]["config"]["params"][name] == name


@every_template
def test_no_name_can_be_empty_under_a_false_condition(path: Path) -> None:
    assert " = if (" not in path.read_text(), "Resource Manager checks the name even so"


def test_a_vault_without_a_certificate_gives_no_resource_an_empty_name() -> None:
    text = (INFRA / "vault-access.bicep").read_text()
    assert "var certificateNames = empty(certificateName) ? [] : [certificateName]\n" in text
    assert len(re.findall(r"\bcertificateName\b", text)) == 3, "its declaration, and the two of that list"
    loops = re.findall(r"resource (\w+) '[^']+' (?:existing )?= \[\n  for .* in certificateNames:", text)
    assert loops == ["certificates", "certificateRoles"]


def test_the_linter_refuses_what_it_is_asked_to() -> None:
    rules = json.loads((INFRA / "bicepconfig.json").read_text())["analyzers"]["core"]["rules"]
    assert {rule["level"] for rule in rules.values()} == {"error"}
    assert {"no-unused-params", "secure-secrets-in-params", "use-user-defined-types"} <= rules.keys()
    disabled = {rule for path in TEMPLATES for rule in re.findall(r"#disable-next-line ([\w-]+)", path.read_text())}
    assert disabled == {"what-if-short-circuiting"} <= rules.keys()
