"""The message that names a blob and its function, in the queue of the blob triggers and in the poison queue.

Source of the form: BlobTriggerMessage of the storage extension of the Functions host. It is base64 whatever
`queues.messageEncoding` of host.json says.
"""

import json
from dataclasses import dataclass
from typing import Self

from local.host.triggers import decoded, encoded

_ID = "Host.Functions."


@dataclass(frozen=True)
class BlobMessage:
    """Name a blob and the function that is to run for it; the ETag, in quotes, is the event's, maybe not the blob's."""

    function: str
    container: str
    name: str
    etag: str

    def encode(self) -> str:
        """Return the message's text, as the extension writes it."""
        document = {
            "Type": "BlobTrigger",
            "FunctionId": _ID + self.function,
            "BlobType": "BlockBlob",
            "ContainerName": self.container,
            "BlobName": self.name,
            "ETag": self.etag,
        }
        return encoded(json.dumps(document, indent=2))

    @classmethod
    def decode(cls, content: str) -> Self:
        """Read a message's text; raises ValueError when it is no such message."""
        document = json.loads(decoded(content) or "")
        function = document["FunctionId"].removeprefix(_ID)
        return cls(function, document["ContainerName"], document["BlobName"], document["ETag"])
