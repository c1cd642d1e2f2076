"""What a worker is handed, as the host in Azure hands it over."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from azure.storage.queue import QueueMessage

from local.host import inputs
from local.host.worker_messages import TypedData
from tests.local.host.sample import Starter, Storage

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def values(metadata: Mapping[str, TypedData]) -> dict[str, object]:
    return {name: data.string if data.json is None else json.loads(data.json) for name, data in metadata.items()}


def message(text: str) -> dict[str, object]:
    received = QueueMessage(content=text, id="id-1", inserted_on=NOON, expires_on=NOON, next_visible_on=NOON)
    received.dequeue_count, received.pop_receipt = 1, "receipt"
    return values(inputs.queue_message(received, text).metadata)


def own(text: str) -> dict[str, object]:
    times = dict.fromkeys(("InsertionTime", "ExpirationTime", "NextVisibleTime"), "2026-11-22T12:00:00+00:00")
    return {"Id": "id-1", "DequeueCount": 1, "PopReceipt": "receipt", "QueueTrigger": text, **times}


@pytest.mark.parametrize("text", ["", "plain", "[1, 2]", "5", "{", "[" * 5000])
def test_a_message_that_is_no_json_object_has_its_own_metadata(text: str) -> None:
    assert message(text) == own(text)


def test_each_member_of_a_json_message_is_a_text_of_the_metadata() -> None:
    text = '{"manifest": "a/b", "number": 1, "more": {"x": [1]}}'
    assert message(text) == own(text) | {"manifest": "a/b", "number": "1", "more": '{"x": [1]}'}


def test_a_member_stands_in_place_of_the_messages_own_value_of_that_name() -> None:
    text = '{"id": "an event"}'
    assert message(text) == own(text) | {"Id": "an event"}


def test_a_reference_to_a_blob_is_compact_and_ascii() -> None:
    data = inputs.blob_reference("Data", "manifests", "a+b ü").data.model_binding_data
    assert data
    assert (data.version, data.source, data.content_type) == ("1.0", "AzureStorageBlobs", "application/json")
    assert data.content == rb'{"Connection":"Data","ContainerName":"manifests","BlobName":"a\u002Bb \u00fc"}'


def test_a_blob_comes_with_what_describes_it(start: Starter, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    handed_over: list[inputs.Input] = []
    host = start()
    host.create_storage()
    monkeypatch.setattr("local.host.runtime.Runtime.invoke", lambda _, __, given: handed_over.append(given))
    storage.events.upload_blob("a b/ü.json", b"123", metadata={"colour": "red"})
    host.step()
    (given,) = handed_over
    metadata = values(given.metadata)
    properties = metadata.pop("Properties")
    assert isinstance(properties, dict)
    assert (properties["ETag"], properties["ContentLength"]) == ({}, 3)
    assert metadata == {
        "BlobTrigger": "events/a b/ü.json",
        "name": "a b/ü.json",
        "Uri": f"{storage.events.url}/a%20b/%C3%BC.json",
        "Metadata": {"colour": "red"},
    }
