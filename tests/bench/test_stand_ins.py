"""The bench's stand-in of storage keeps the rules of the real one, as far as the app relies on them."""

import json
from collections.abc import Iterator

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from bench.stand_ins.partner_center import TOKEN
from bench.world import World, start_world


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with start_world() as running:
        yield running


@pytest.fixture(params=["stand-in", "emulator"])
def connection_string(request: pytest.FixtureRequest, world: World) -> str:
    if request.param == "stand-in":
        return world.settings["ManifestStorage"]
    account = request.getfixturevalue("azurite").new_account()
    with ContainerClient.from_connection_string(account.connection_string, "manifests") as container:
        container.create_container()
    with QueueClient.from_connection_string(account.connection_string, "bench") as queue:
        queue.create_queue()
    return str(account.connection_string)


def test_blobs_keep_the_rules_that_the_app_relies_on(connection_string: str) -> None:
    with ContainerClient.from_connection_string(connection_string, "manifests", max_single_get_size=4) as container:
        blob = container.get_blob_client("c/Ω b/x.json")
        with pytest.raises(ResourceNotFoundError):
            blob.download_blob()
        first = blob.upload_blob(b"0123456789", overwrite=False, metadata={"state": "accepted"})["etag"]
        with pytest.raises(ResourceExistsError):
            blob.upload_blob(b"", overwrite=False)
        assert blob.get_blob_properties().metadata == {"state": "accepted"}
        pinned = {"etag": first, "match_condition": MatchConditions.IfNotModified}
        assert blob.download_blob(**pinned).readall() == b"0123456789"
        second = blob.upload_blob(b"1", overwrite=True, **pinned)["etag"]
        for refused in (lambda: blob.upload_blob(b"", overwrite=True, **pinned), lambda: blob.download_blob(**pinned)):
            with pytest.raises(ResourceModifiedError):
                refused()
        assert blob.download_blob().readall() == b"1"
        assert blob.get_blob_properties().etag == second != first
        absent = container.get_blob_client("c/b/absent.json")
        # A condition on a blob that is not there is not met either.
        with pytest.raises(ResourceModifiedError):
            absent.upload_blob(b"", overwrite=True, **pinned)


def test_a_message_can_be_replaced_as_long_as_it_is_there(connection_string: str) -> None:
    policy = TextBase64EncodePolicy()
    with QueueClient.from_connection_string(connection_string, "bench", message_encode_policy=policy) as queue:
        sent = queue.send_message("soon", visibility_timeout=300, time_to_live=-1)
        assert queue.update_message(sent, content="later", visibility_timeout=2).id == sent.id
        with pytest.raises(ResourceNotFoundError):
            queue.update_message("bd2a3ea4-21a6-4ff1-8a5b-5e2f6d1d7f6e", str(sent.pop_receipt), content="later")


def test_messages_are_taken_once_as_they_were_replaced(world: World) -> None:
    world.clear()
    text = world.settings["ManifestStorage"]
    with QueueClient.from_connection_string(text, "q", message_encode_policy=TextBase64EncodePolicy()) as queue:
        sent = [queue.send_message(content, visibility_timeout=300) for content in ("first", "second")]
        queue.update_message(sent[1], content="replaced", visibility_timeout=2)
    assert world.storage.call("take_messages") == ["first", "replaced"]
    assert world.storage.call("take_messages") == []


def test_uploads_need_the_token_and_are_counted_by_their_devices(world: World) -> None:
    world.clear()
    url = f"{world.settings['PARTNER_CENTER_URL']}/v1/customers/c/deviceBatches/b/devices"
    for token, body, status in (
        ("another", [{"productKey": "K"}], 401),
        (TOKEN, [{"productKey": "K", "unknown": 1}], 400),
        (TOKEN, [{"productKey": "K"}], 202),
        (TOKEN, [{"productKey": "K"}], 202),
    ):
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.post(url, json.dumps(body), headers=headers, timeout=10).status_code == status
    assert list(world.api.call("uploads")["b"].values()) == [2]
