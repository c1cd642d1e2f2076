from datetime import UTC, datetime

import pytest

from local.azurite import Account
from local.host.bindings import SettingError
from local.host.connections import Connection
from local.host.host import Host
from local.stand_ins.identity import IdentityEndpoint, TokenMint
from local.stand_ins.web import Server
from tests.local.host.sample import SAMPLE, Storage
from tests.storage_fixtures import SecureAzurite

URIS = {"X__blobServiceUri": "https://a.blob.example", "X__queueServiceUri": "https://a.queue.example"}
CONNECTIONS = {
    "nothing": ({}, "set X, or else X__blobServiceUri, X__queueServiceUri, X__credential"),
    "one URI for both": ({"X__serviceUri": "https://a.example", "X__credential": "managedidentity"}, "queueServiceUri"),
    "no queue URI": ({"X__blobServiceUri": "https://a", "X__credential": "managedidentity"}, "or else X__queueServ"),
    "no credential": (URIS, "or else X__credential"),
    "another credential": (URIS | {"X__credential": "secret"}, "X__credential must be managedidentity"),
}


@pytest.mark.parametrize(("environ", "cause"), CONNECTIONS.values(), ids=CONNECTIONS)
def test_an_incomplete_connection_names_what_is_missing(environ: dict[str, str], cause: str) -> None:
    with pytest.raises(SettingError, match=cause):
        Connection.open("X", environ, {})


def test_a_connection_without_a_connection_string_uses_the_identity() -> None:
    connection = Connection.open("X", URIS | {"X__credential": "managedidentity", "X__clientId": "id"}, {})
    assert connection.blobs.url == "https://a.blob.example/"
    assert connection.queues.url == "https://a.queue.example/"
    assert connection.blobs.credential is connection.credential is not None
    connection.close()


def test_a_connection_string_wins_over_the_identity(storage_account: Account) -> None:
    environ = URIS | {"X__credential": "managedidentity", "X": storage_account.connection_string}
    connection = Connection.open("X", environ, {})
    assert connection.blobs.primary_endpoint.startswith(storage_account.blob_url)
    connection.close()


def test_an_identity_serves_all_of_the_storage(
    secure_azurite: SecureAzurite,
    settings: None,  # noqa: ARG001 - the settings are in the environment
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account, trust = secure_azurite.azurite.new_account(), secure_azurite.trust
    identity = IdentityEndpoint(mint=TokenMint(lambda: datetime.now(UTC)), client_ids={"own"}, system_assigned=None)
    monkeypatch.delenv("Data")
    with Server(identity) as server, Storage(account.connection_string, trust) as storage:
        uris = {"Data__blobServiceUri": account.blob_url, "Data__queueServiceUri": account.queue_url}
        who = {"Data__credential": "managedidentity", "Data__clientId": "own"}
        for name, value in (uris | who | identity.environment(server.url)).items():
            monkeypatch.setenv(name, value)
        with Host(SAMPLE, client_options={"connection_verify": trust}) as host:
            host.create_storage()
            storage.events.upload_blob("fail", b"1")
            assert len(host.settle()) == 5
            assert len(storage.visible("webjobs-blobtrigger-poison")) == 1
    assert {fetch.query["resource"] for fetch in identity.fetches} == {"https://storage.azure.com"}
