"""Event Grid between a container and the app: two subscriptions, and what may go wrong with each."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from uuid import uuid4

from azure.storage.blob import BlobClient

from local.host.triggers import encoded


class Delivery(Enum):
    """Say when a subscription's events arrive."""

    AT_ONCE = auto()
    LATE = auto()
    """Once nothing else is due, so that what the other subscription has brought is done by then."""
    NEVER = auto()
    """Refused for good: Event Grid does not retry a 401."""


@dataclass
class EventGrid:
    """Deliver each event to the webhook of its function and to a queue, by switches that may change at any time.

    The queue is one of the account that the events come from. Each n-th event comes twice when `duplicate_every` is n.
    """

    webhook: Delivery = Delivery.AT_ONCE
    queue: Delivery = Delivery.NEVER
    queue_name: str = ""
    queue_in_base64: bool = False
    duplicate_every: int = 0
    _published: int = field(default=0, init=False)
    _late: list[Callable[[], object]] = field(default_factory=list, init=False)

    def publish(self, to_webhook: Callable[[], object], to_queue: Callable[[], object]) -> None:
        """Deliver one event by both subscriptions, each as its switch says."""
        self._published += 1
        doubled = self.duplicate_every and self._published % self.duplicate_every == 0
        for _ in range(2 if doubled else 1):
            self._deliver(self.webhook, to_webhook)
            self._deliver(self.queue, to_queue)

    def deliver_late(self) -> bool:
        """Deliver what is late, and return whether anything was."""
        late, self._late = self._late, []
        for action in late:
            action()
        return bool(late)

    def text(self, blob: BlobClient, etag: str) -> str:
        """Return the text of a queue message with the event of a blob."""
        event = json.dumps(_event(blob, etag))
        return encoded(event) if self.queue_in_base64 else event

    def _deliver(self, when: Delivery, action: Callable[[], object]) -> None:
        match when:
            case Delivery.AT_ONCE:
                action()
            case Delivery.LATE:
                self._late.append(action)
            case Delivery.NEVER:
                pass


def name_in_webhook(name: str) -> str:
    """Return the name that the storage extension reads off the URL of an event, which may be another blob's.

    A `/` at the beginning or end is dropped, and `/./` is folded.
    """
    return "/".join(part for part in name.split("/") if part != ".").strip("/")


def _event(blob: BlobClient, etag: str) -> dict[str, object]:
    """Make an event of the Event Grid schema; of its data only what says which blob it is about."""
    return {
        "topic": "/subscriptions/local/resourceGroups/local/providers/Microsoft.Storage/storageAccounts/local",
        "subject": f"/blobServices/default/containers/{blob.container_name}/blobs/{blob.blob_name}",
        "eventType": "Microsoft.Storage.BlobCreated",
        "id": str(uuid4()),
        "data": {"api": "PutBlob", "eTag": etag, "blobType": "BlockBlob", "url": blob.url},
        "dataVersion": "",
        "metadataVersion": "1",
        "eventTime": datetime.now(UTC).isoformat(),
    }
