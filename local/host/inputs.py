"""The input of a function: the argument and the trigger's metadata, in the runtime's messages."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azure.storage.blob import BlobProperties
from azure.storage.queue import QueueMessage

from local.host.worker_messages import ModelBindingData, TypedData


@dataclass(frozen=True)
class Input:
    """Hold a trigger's argument and metadata."""

    data: TypedData
    metadata: Mapping[str, TypedData] = field(default_factory=dict)


def blob_reference(
    connection: str, container: str, name: str, metadata: Mapping[str, TypedData] | None = None
) -> Input:
    """Refer to a blob, for a parameter of an SDK type: the name of its connection and its own, not the content."""
    reference = {"Connection": connection, "ContainerName": container, "BlobName": name}
    # The serializer of .NET escapes a plus sign, and everything that is not ASCII.
    content = json.dumps(reference, separators=(",", ":")).replace("+", r"\u002B").encode()
    model = ModelBindingData("1.0", "AzureStorageBlobs", "application/json", content)
    trigger = {"BlobTrigger": TypedData(string=f"{container}/{name}")}
    return Input(TypedData(model_binding_data=model), metadata or trigger)


def blob_content(content: bytes, metadata: Mapping[str, TypedData]) -> Input:
    """Return a blob's content, for an InputStream."""
    return Input(TypedData(bytes=content), metadata)


def blob_metadata(properties: BlobProperties, url: str, values: Mapping[str, str]) -> dict[str, TypedData]:
    """Return the metadata of a blob; `values` are those of the placeholders of the trigger's path."""
    described: dict[str, object] = {
        "ContentLength": properties.size,
        "ContentType": properties.content_settings.content_type,
        # The host cannot serialize an ETag: the worker must not rely on it.
        "ETag": {},
        "LastModified": properties.last_modified.isoformat(),
    }
    return {
        "BlobTrigger": TypedData(string=f"{properties.container}/{properties.name}"),
        "Uri": _json(url),
        "Properties": _json(described),
        "Metadata": _json(properties.metadata),
        **{name: TypedData(string=value) for name, value in values.items()},
    }


def queue_message(message: QueueMessage, text: str) -> Input:
    """Return the input of a queue message, whose decoded content is `text`.

    Each member of a JSON object becomes a text of the metadata, also in place of the message's own of the same name
    (QueueTriggerBinding of the storage extension).
    """
    metadata = {
        "Id": TypedData(string=message.id),
        "DequeueCount": _json(message.dequeue_count),
        "InsertionTime": _json(_iso(message.inserted_on)),
        "ExpirationTime": _json(_iso(message.expires_on)),
        "NextVisibleTime": _json(_iso(message.next_visible_on)),
        "PopReceipt": TypedData(string=message.pop_receipt),
        "QueueTrigger": TypedData(string=text),
    }
    own_names = {name.lower(): name for name in metadata}
    members = {own_names.get(name.lower(), name): TypedData(string=value) for name, value in _members(text)}
    return Input(TypedData(string=text), metadata | members)


def timer(last: datetime, following: datetime, *, past_due: bool, monitored: bool = True) -> Input:
    """Return a tick of a timer; one that ticks more often than each minute is not monitored and has no status."""
    status = {"Last": _iso(last), "Next": _iso(following), "LastUpdated": _iso(last)}
    info = {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": status if monitored else None,
        "IsPastDue": past_due,
    }
    return Input(_json(info))


def _members(text: str) -> Iterator[tuple[str, str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for name, value in document.items() if isinstance(document, dict) else ():
        yield name, value if isinstance(value, str) else json.dumps(value)


def _json(value: Any) -> TypedData:  # noqa: ANN401 - whatever JSON can say
    return TypedData(json=json.dumps(value))


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
