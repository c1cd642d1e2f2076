"""Storage is reached by the app's managed identity too: nowhere in its settings is a secret."""

import pytest

from shared.job import State
from tests.manifests import array, serials
from tests.storage_fixtures import SecureAzurite
from tests.stories.conftest import Starter


def test_no_secret_is_needed(start: Starter, secure_azurite: SecureAzurite, monkeypatch: pytest.MonkeyPatch) -> None:
    account = secure_azurite.azurite.new_account()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secure_azurite.trust)
    settings = {
        "ManifestStorage": "",
        "ManifestStorage__blobServiceUri": account.blob_url,
        "ManifestStorage__queueServiceUri": account.queue_url,
        "ManifestStorage__credential": "managedidentity",
    }
    stage = start(settings, account=account)
    stage.drop(array(serials(2)))
    assert stage.finish().state is State.COMPLETED
    asked_for = {fetch.query["resource"] for fetch in stage.identity.fetches}
    assert asked_for == {"https://storage.azure.com", "https://api.partnercenter.microsoft.com"}
