"""The bench's stand-in of storage keeps the rules of the real one, as far as the app relies on them."""

from collections.abc import Iterator

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import ContainerClient
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from bench.stand_ins import center
from bench.stand_ins.center import TOKEN
from bench.stand_ins.messages import Request
from bench.world import World, world


@pytest.fixture
def around() -> Iterator[World]:
    with world() as standing:
        yield standing


@pytest.fixture(params=["stand-in", "emulator"])
def connection_string(request: pytest.FixtureRequest, around: World) -> str:
    if request.param == "stand-in":
        return around.settings["ManifestStorage"]
    account = request.getfixturevalue("azurite").new_account()
    with ContainerClient.from_connection_string(account.connection_string, "manifests") as container:
        container.create_container()
    with QueueClient.from_connection_string(account.connection_string, "bench") as queue:
        queue.create_queue()
    return str(account.connection_string)


def test_the_storage_stand_in_keeps_the_rules_that_the_app_relies_on(connection_string: str) -> None:
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
        second = blob.upload_blob(b"", overwrite=True, **pinned)["etag"]
        for refused in (lambda: blob.upload_blob(b"", overwrite=True, **pinned), lambda: blob.download_blob(**pinned)):
            with pytest.raises(ResourceModifiedError):
                refused()
        assert blob.download_blob().readall() == b""
        assert blob.get_blob_properties().etag == second != first
        blob.delete_blob()
        with pytest.raises(ResourceNotFoundError):
            blob.get_blob_properties()
        with pytest.raises(ResourceModifiedError):  # a condition on a blob that is gone is not met either
            blob.upload_blob(b"", overwrite=True, **pinned)


@pytest.mark.parametrize("receipt", ["right", "wrong"])
def test_the_queue_stand_in_moves_messages_as_a_queue_does(connection_string: str, receipt: str) -> None:
    policy = TextBase64EncodePolicy()
    with QueueClient.from_connection_string(connection_string, "bench", message_encode_policy=policy) as queue:
        sent = queue.send_message("soon", visibility_timeout=300, time_to_live=-1)
        given = str(sent.pop_receipt) if receipt == "right" else "AgAAAAMAAAAAAAAB"
        if receipt == "right":
            assert queue.update_message(sent.id, given, content="later", visibility_timeout=2).id == sent.id
        else:
            with pytest.raises(HttpResponseError):
                queue.update_message(sent.id, given, content="later", visibility_timeout=2)
        with pytest.raises(HttpResponseError):
            queue.update_message("bd2a3ea4-21a6-4ff1-8a5b-5e2f6d1d7f6e", given, content="", visibility_timeout=2)


def test_the_stand_in_of_partner_center_wants_its_token(around: World) -> None:
    url = f"{around.settings['PARTNER_CENTER_URL']}/v1/customers/c/deviceBatches/b/devices"
    for token, status in (("another", 401), (TOKEN, 202)):
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.post(url, json=[{"productKey": "K"}], headers=headers, timeout=10).status_code == status
    assert around.center.ask("uploads")["b"].total() == 1


def test_a_body_that_came_before_is_looked_at_again_only_if_it_is_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = list[int]()

    def finished(devices: list[object]) -> bytes:
        looked_at.append(len(devices))
        return b""

    monkeypatch.setattr(center, "_finished", finished)
    here = center.Center()
    request = Request("POST", "/v1/customers/c/deviceBatches/b/devices", {"authorization": f"Bearer {TOKEN}"}, b"[{}]")
    for _ in range(2):
        here.answer(request)
    assert looked_at == [1]
    here.forget()
    here.answer(request)
    assert looked_at == [1, 1]


def test_the_queue_stand_in_gives_what_it_took_in_the_order_of_the_times(around: World) -> None:
    text = around.settings["ManifestStorage"]
    with QueueClient.from_connection_string(text, "q", message_encode_policy=TextBase64EncodePolicy()) as queue:
        sent = [queue.send_message(told, visibility_timeout=300, time_to_live=-1) for told in ("late", "moved")]
        queue.update_message(sent[1], content="soon", visibility_timeout=2)
    assert around.store.ask("take_messages") == [("soon", 2), ("late", 300)]
    assert around.store.ask("take_messages") == []
