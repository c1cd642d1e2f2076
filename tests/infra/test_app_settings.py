import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from shared.config.settings import CONNECTION, PROJECT, SettingsError, read_settings
from tests.infra.templates import INFRA, ROOT, parsed

APP: Mapping[str, Any] = parsed(INFRA / "main.bicep")["modules"]["app"]["config"]["params"]
SET: dict[str, Any] = {**APP["settings"], **APP["optionalSettings"]}
PARAMETERS = parsed(INFRA / "main.bicep")["parameters"]

OF_THE_HOST = {
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__queueServiceUri",
    "AzureWebJobsStorage__tableServiceUri",
    "AzureWebJobsStorage__credential",
    "AzureWebJobsStorage__clientId",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "PYTHON_THREADPOOL_THREAD_COUNT",
}
MADE_FROM_RESOURCES = {
    f"{CONNECTION}__blobServiceUri": "data.outputs.blobServiceUri",
    f"{CONNECTION}__queueServiceUri": "data.outputs.queueServiceUri",
    f"{CONNECTION}__clientId": "identity.outputs.clientId",
    f"{CONNECTION}__credential": "'managedidentity'",
    "PARTNER_CENTER_CLIENT_ID": "identity.outputs.clientId",
    "MANIFEST_TRIGGER_SOURCE": "'EventGrid'",
}


REGISTERED = dict.fromkeys(
    ("PARTNER_CENTER_TENANT_ID", "PARTNER_CENTER_APP_ID"), "3d7f0a1c-0000-4000-8000-000000000005"
)
"""What `register-app` adds to what `azd up` deploys."""


class Noticing(Mapping[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def deployed() -> dict[str, str]:
    """Return the environment that the app finds when every parameter has its default and the app is registered."""
    written = {name: value.strip("'") for name, value in MADE_FROM_RESOURCES.items() if value.startswith("'")}
    made = dict.fromkeys(MADE_FROM_RESOURCES, "https://made.example") | written
    rest = {name: default_of(value) for name, value in SET.items() if name not in OF_THE_HOST | made.keys()}
    return made | {name: value for name, value in rest.items() if value} | REGISTERED


def default_of(value: Any) -> str:  # noqa: ANN401 - a parameter's name, or string(its name)
    name = value["function"]["parameters"]["value_to_convert"] if isinstance(value, dict) else value
    return str(PARAMETERS[name]["default"])


def read_by_the_code() -> set[str]:
    environment = Noticing(deployed())
    read_settings(environment)
    source = (ROOT / "function_app.py").read_text()
    bindings = re.findall(r"%([A-Z_]+)%", source)
    at_import = re.findall(r"os\.environ\.get\(\"(\w+)\"", source)
    return environment.asked.union(bindings, at_import)


def test_every_setting_that_the_code_reads_is_set_and_no_other() -> None:
    assert SET.keys() - OF_THE_HOST == read_by_the_code() - {CONNECTION}
    assert SET.keys() >= OF_THE_HOST


def test_a_connection_string_is_never_set() -> None:
    assert CONNECTION not in SET
    assert "AzureWebJobsStorage" not in SET


@pytest.mark.parametrize("connection", [CONNECTION, "AzureWebJobsStorage"])
def test_a_connection_has_both_uris_and_the_identity(connection: str) -> None:
    source = Path(INFRA / "main.bicep").read_text()
    for name in ("blobServiceUri", "queueServiceUri", "clientId"):
        assert re.search(rf"(?m)^ +{connection}__{name}: \w+\.outputs\.{name}$", source), name
    assert SET[f"{connection}__credential"] == "managedidentity"


def test_settings_made_from_resources_come_from_the_right_ones() -> None:
    source = Path(INFRA / "main.bicep").read_text()
    for name, value in MADE_FROM_RESOURCES.items():
        assert re.search(rf"(?m)^ +{name}: {re.escape(value)}( //.*)?$", source), name


OF_ANOTHER_NAME = {
    # "Secret" in a parameter's name makes the compiler ask for @secure(); these are addresses.
    "partnerCenterRefreshTokenUrl": "PARTNER_CENTER_REFRESH_TOKEN_SECRET",
    "partnerCenterCertificateUrl": "PARTNER_CENTER_CERTIFICATE_SECRET",
}


def setting_of(parameter: str) -> str:
    return OF_ANOTHER_NAME.get(parameter) or re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameter).upper()


def test_every_other_setting_is_the_parameter_of_its_name() -> None:
    for name in SET.keys() - OF_THE_HOST - MADE_FROM_RESOURCES.keys():
        value = SET[name]
        parameter = value["function"]["parameters"]["value_to_convert"] if isinstance(value, dict) else value
        assert setting_of(str(parameter)) == name


def test_the_defaults_of_the_parameters_are_those_of_the_code() -> None:
    bare = {name: value for name, value in deployed().items() if name in MADE_FROM_RESOURCES}
    bare |= {"MANIFEST_CONTAINER": "manifests", "WAKE_UP_QUEUE": "manifest-wake-ups"}
    bare |= {"PARTNER_CENTER_AUTH": "federated_app"} | REGISTERED  # the way that is recommended, not the code's default
    assert read_settings(deployed()) == read_settings(bare)
    assert PARAMETERS["partnerCenterApplication"]["default"] == PROJECT


def test_the_app_signs_in_as_is_recommended_and_says_what_it_needs_until_it_is_registered() -> None:
    way = PARAMETERS["partnerCenterAuth"]["default"]
    page = (ROOT / "docs" / "signing-in.md").read_text()
    assert re.search(rf"(?m)^\| `{way}` \|.*\| \*\*first\.\*\* ", page)
    before = {name: value for name, value in deployed().items() if name not in REGISTERED}
    with pytest.raises(SettingsError) as missing:
        read_settings(before)
    assert set(re.findall(r"(\w+) is missing", str(missing.value))) == REGISTERED.keys()


def test_choices_are_those_of_the_code() -> None:
    for parameter in ("partnerCenterAuth", "partnerCenterCloud", "createMissingBatch"):
        setting = setting_of(parameter)
        [allowed] = [item["argument"] for item in PARAMETERS[parameter]["decorators"] if item["type"] == "allowed"]
        with pytest.raises(Exception, match=f"{setting} is 'none of them'") as refusal:
            read_settings(deployed() | {setting: "none of them"})
        [choices] = re.findall(rf"{setting} is 'none of them', which is none of ([\w, ]+)", str(refusal.value))
        assert sorted(allowed) == sorted(choices.split(", "))


def test_application_insights_takes_the_identity_and_no_key() -> None:
    assert SET["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"] == (
        "ClientId=${identity.outputs.clientId};Authorization=AAD"
    )
