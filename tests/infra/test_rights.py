from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.config.settings import BOARD_CONTAINER
from tests.infra.templates import INFRA, LOGIC_APP, TEMPLATES, name_of, only, parsed, resources, symbol_in, variables

BLOB_DATA_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
QUEUE_DATA_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
QUEUE_DATA_MESSAGE_SENDER = "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"
TABLE_DATA_CONTRIBUTOR = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
MONITORING_METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
KEY_VAULT_SECRETS_OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
KEY_VAULT_SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"

ACCOUNT = "Microsoft.Storage/storageAccounts"
CONTAINER = f"{ACCOUNT}/blobServices/containers"
QUEUE = f"{ACCOUNT}/queueServices/queues"
SECRET = "Microsoft.KeyVault/vaults/secrets"
ASSIGNMENT = "Microsoft.Authorization/roleAssignments"

ALL = {
    ("data-account", BLOB_DATA_OWNER, CONTAINER, "manifests", "principalId"),
    ("data-account", BLOB_DATA_CONTRIBUTOR, CONTAINER, "pacing", "principalId"),
    ("data-account", QUEUE_DATA_CONTRIBUTOR, QUEUE, "queues", "principalId"),
    ("host-account", BLOB_DATA_OWNER, ACCOUNT, "account", "principalId"),
    ("host-account", QUEUE_DATA_CONTRIBUTOR, ACCOUNT, "account", "principalId"),
    ("host-account", TABLE_DATA_CONTRIBUTOR, ACCOUNT, "account", "principalId"),
    ("monitoring", MONITORING_METRICS_PUBLISHER, "Microsoft.Insights/components", "insights", "principalId"),
    ("event-topic", BLOB_DATA_CONTRIBUTOR, CONTAINER, "deadLetters", "topic"),
    ("event-topic", QUEUE_DATA_MESSAGE_SENDER, QUEUE, "wakeUps", "topic"),
    ("vault-access", KEY_VAULT_SECRETS_OFFICER, SECRET, "secret", "principalId"),
    ("vault-access", KEY_VAULT_SECRETS_USER, SECRET, "certificates", "principalId"),
    ("main", BLOB_DATA_CONTRIBUTOR, CONTAINER, "container", "dropper"),
    ("main", BLOB_DATA_READER, CONTAINER, "container", "listener"),
}


def assignments() -> Iterator[tuple[str, str, str, str, str]]:
    for path in TEMPLATES:
        for symbol, kind, body in resources(path):
            if kind == ASSIGNMENT:
                scope = symbol_in(body["scope"])
                scope_kind = parsed(path)["resources"][scope]["type"]
                for role in roles(path, symbol):
                    yield path.stem, role, scope_kind, scope, symbol_in(body["properties"]["principalId"])


def roles(path: Path, symbol: str) -> list[str]:
    """Give the role ids of an assignment: a variable's, or one of a list for each round of a loop."""
    resource = parsed(path)["resources"][symbol]["config"]
    body = resource.get("config", resource)
    variable = body["properties"]["roleDefinitionId"]["function"]["parameters"]["resource_name_1"]
    if variable in variables(path):
        return [variables(path)[variable]]
    loop = resource["loop_type"]["detail"]
    assert loop["item_name"] == variable
    return list(variables(path)[loop["array_name"]])


def test_exactly_these_rights_are_given() -> None:
    assert sorted(assignments()) == sorted(ALL)


def test_the_container_of_the_notices_is_the_one_that_the_app_writes() -> None:
    assert variables(INFRA / "modules/data-account.bicep")["pacingContainer"] == BOARD_CONTAINER


def test_no_right_is_given_to_a_person() -> None:
    kinds = [
        body["properties"]["principalType"]
        for path in TEMPLATES
        for _, kind, body in resources(path)
        if kind == ASSIGNMENT
    ]
    assert set(kinds) == {"ServicePrincipal"}


def test_the_app_may_use_the_three_queues_and_they_are_made() -> None:
    path = INFRA / "modules" / "data-account.bicep"
    assert variables(path)["queueNames"] == ["wakeUpQueue", "${wakeUpQueue}-poison", "webjobs-blobtrigger-poison"]
    for symbol in ("queues", "queueRoles"):
        loop = parsed(path)["resources"][symbol]["config"]["loop_type"]["detail"]
        assert loop["array_name"] == "queueNames"


@pytest.mark.parametrize(
    "path", [INFRA / "modules" / "data-account.bicep", INFRA / "modules" / "host-account.bicep"], ids=name_of
)
def test_a_storage_account_takes_no_keys_and_shows_nothing(path: Path) -> None:
    properties = only(path, ACCOUNT)["properties"]
    assert properties["allowSharedKeyAccess"] is False
    assert properties["allowBlobPublicAccess"] is False
    assert properties["minimumTlsVersion"] == "TLS1_2"
    assert properties["supportsHttpsTrafficOnly"] is True


def test_what_is_deleted_in_the_data_account_can_be_brought_back() -> None:
    path = INFRA / "modules" / "data-account.bicep"
    properties = only(path, f"{ACCOUNT}/blobServices")["properties"]
    assert properties["deleteRetentionPolicy"]["enabled"] is True
    assert properties["containerDeleteRetentionPolicy"]["enabled"] is True
    assert variables(path)["softDeleteDays"] >= 7


def test_application_insights_takes_no_key() -> None:
    component = only(INFRA / "modules" / "monitoring.bicep", "Microsoft.Insights/components")
    assert component["properties"]["DisableLocalAuth"] is True


def test_every_account_is_one_of_those_looked_at() -> None:
    with_accounts = [path for path in TEMPLATES if ACCOUNT in {kind for _, kind, _ in resources(path)}]
    assert {path.stem for path in with_accounts} == {"data-account", "host-account"}
    assert LOGIC_APP not in {path.parent for path in with_accounts}
