"""Storage is reached by the app's managed identity too: nowhere in its settings is a secret."""

import json
from pathlib import Path

import pytest

from local.azurite import Account
from local.stage import CUSTOMER
from local.stand_ins.identity import Claims
from shared.commands.cli import main
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.storage_fixtures import SecureAzurite
from tests.stories.conftest import Starter
from tests.stories.stage import Stage
from tests.stories.surroundings import QUEUE

STORAGE = "https://storage.azure.com"


@pytest.fixture
def account(secure_azurite: SecureAzurite, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secure_azurite.trust)
    return secure_azurite.azurite.new_account()


@pytest.fixture
def settings(account: Account) -> dict[str, str]:
    return {
        "ManifestStorage": "",
        "ManifestStorage__blobServiceUri": account.blob_url,
        "ManifestStorage__queueServiceUri": account.queue_url,
        "ManifestStorage__credential": "managedidentity",
    }


def sign_in_as_operator(stage: Stage, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Be on a machine that has no managed identity, but an ``az`` that is signed in."""
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name)
    token, expires = stage.mint.issue(Claims(STORAGE, "an operator"))
    answer = json.dumps({"accessToken": token, "expires_on": int(expires.timestamp())})
    (folder / "az").write_text(f"#!/bin/sh\nprintf '%s' '{answer}'\n")
    (folder / "az").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")  # the others would look beyond this machine


def wake_ups(stage: Stage) -> int:
    with stage.queues.get_queue_client(QUEUE) as queue:
        return int(queue.get_queue_properties().approximate_message_count or 0)


def test_no_secret_is_needed(start: Starter, account: Account, settings: dict[str, str]) -> None:
    stage = start(settings, account=account)
    stage.drop(array(serials(2)))
    assert stage.finish().state is State.COMPLETED
    asked_for = {fetch.query["resource"] for fetch in stage.identity.fetches}
    assert asked_for == {STORAGE, "https://api.partnercenter.microsoft.com"}


def test_an_operator_retries_with_a_sign_in_of_their_own(
    start: Starter, account: Account, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stage = start(settings, account=account, real_time=True)
    name = f"{CUSTOMER}/Later/laptops.json"
    stage.drop(array(serials(2)), name)
    assert stage.finish(name).state is State.REJECTED
    before = wake_ups(stage)
    sign_in_as_operator(stage, monkeypatch, tmp_path)
    monkeypatch.setattr("shared.bootstrap._app", None)
    assert main(["retry", f"{CUSTOMER}/"]) == 0
    assert stage.job(name).state is State.WAITING
    assert wake_ups(stage) == before + 1
