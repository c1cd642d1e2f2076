"""What the host hands to a function: the argument and the trigger's metadata, in the runtime's messages."""

import json
from collections.abc import Mapping
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


def blob_reference(connection: str, container: str, name: str) -> Input:
    """Refer to a blob, for a parameter of an SDK type: the name of its connection and its own, not the content."""
    content = json.dumps({"Connection": connection, "ContainerName": container, "BlobName": name}).encode()
    model = ModelBindingData("1.0", "AzureStorageBlobs", "application/json", content)
    return Input(TypedData(model_binding_data=model), {"BlobTrigger": TypedData(string=f"{container}/{name}")})


def blob_content(content: bytes, properties: BlobProperties, url: str) -> Input:
    """Hand over a blob's content, for an InputStream."""
    described = {
        "ContentLength": properties.size,
        "ContentType": properties.content_settings.content_type,
        "ETag": properties.etag,
        "LastModified": properties.last_modified.isoformat(),
    }
    metadata = {
        "BlobTrigger": TypedData(string=f"{properties.container}/{properties.name}"),
        "Uri": _json(url),
        "Properties": _json(described),
        "Metadata": _json(properties.metadata),
    }
    return Input(TypedData(bytes=content), metadata)


def queue_message(message: QueueMessage, text: str) -> Input:
    """Hand over a queue message, whose decoded content is `text`."""
    metadata = {
        "Id": TypedData(string=message.id),
        "DequeueCount": _json(message.dequeue_count),
        "InsertionTime": _json(_iso(message.inserted_on)),
        "ExpirationTime": _json(_iso(message.expires_on)),
        "NextVisibleTime": _json(_iso(message.next_visible_on)),
        "PopReceipt": TypedData(string=message.pop_receipt),
        "QueueTrigger": TypedData(string=text),
    }
    return Input(TypedData(string=text), metadata)


def timer(last: datetime, following: datetime, *, past_due: bool) -> Input:
    """Hand over a tick of a timer."""
    status = {"Last": _iso(last), "Next": _iso(following), "LastUpdated": _iso(last)}
    info = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": status, "IsPastDue": past_due}
    return Input(_json(info))


def _json(value: Any) -> TypedData:  # noqa: ANN401 - whatever JSON can say
    return TypedData(json=json.dumps(value))


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
