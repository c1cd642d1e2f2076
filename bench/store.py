"""A stand-in of the storage account: block blobs and queues, as far as an app with the real SDKs goes.

Conditional requests, ETags, metadata and ranges are those of the Blob service REST reference. Signatures are not checked.
"""

import json
import mmap
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, unquote
from uuid import uuid4

from bench.messages import Message, message_of, posted
from bench.recording import Recorder
from bench.web import Request, Response

STATUS = ".status.json"
_META = "x-ms-meta-"
_KEY = "c3RhbmQtaW4="


def connection_string(port: int) -> str:
    """Say how clients reach the stand-in."""
    url = f"http://127.0.0.1:{port}"
    account = f"DefaultEndpointsProtocol=http;AccountName=standin;AccountKey={_KEY}"
    return f"{account};BlobEndpoint={url}/blobs;QueueEndpoint={url}/queues;"


@dataclass(frozen=True, slots=True)
class Blob:
    """One version of a blob."""

    data: bytes | memoryview
    etag: str
    headers: dict[str, str]


@dataclass
class Store:
    """One container and its queue."""

    recorder: Recorder = field(default_factory=lambda: Recorder("storage"))
    first_status_at: float | None = None
    _blobs: dict[str, Blob] = field(default_factory=dict)
    _contents: dict[str, bytes | memoryview] = field(default_factory=dict)
    _messages: list[Message] = field(default_factory=list)
    _writes: int = 0

    def answer(self, request: Request) -> Response:
        """Answer one request of a client."""
        at = time.monotonic()
        service, _, rest = request.target.lstrip("/").partition("/")
        response = self._queue(request) if service == "queues" else self._blob(request, rest, at)
        self.recorder.note(at, request, response)
        return response

    def keep(self, key: str, content: bytes) -> None:
        """Keep a content that manifests can have."""
        self._contents[key] = content

    def keep_file(self, key: str, path: Path) -> None:
        """Keep a file's content, mapped into memory."""
        with path.open("rb") as file:
            self._contents[key] = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def land(self, manifests: dict[str, str]) -> None:
        """Let manifests land: the key of the content of each name."""
        for name, key in manifests.items():
            self._put(name, self._contents[key], {"Content-Type": "application/octet-stream"})

    def states(self) -> Counter[str]:
        """Count the status blobs by their state."""
        statuses = (blob.data for name, blob in self._blobs.items() if name.endswith(STATUS))
        return Counter(json.loads(bytes(data))["state"] for data in statuses)

    def status(self, manifest: str) -> bytes:
        """Give a status blob's content."""
        return bytes(self._blobs[manifest + STATUS].data)

    def take_messages(self) -> list[Message]:
        """Take all messages from the queue, also those whose time has not come, in the order of their time."""
        messages, self._messages = sorted(self._messages, key=lambda message: message.visible_at), []
        return messages

    def first_status(self) -> float | None:
        """Tell on the system's monotonic clock when the first status since the last time was written."""
        at, self.first_status_at = self.first_status_at, None
        return at

    def recorded(self) -> Recorder:
        """Give what was recorded since the last time, and record on or off from now."""
        return self.recorder.turn_over()

    def clear(self) -> None:
        """Forget blobs and messages, but not the contents that are kept."""
        self._blobs.clear()
        self._messages.clear()

    def _put(self, name: str, data: bytes | memoryview, headers: dict[str, str]) -> Blob:
        self._writes += 1
        blob = self._blobs[name] = Blob(data, f'"0x{0x8DE000000000000 + self._writes:X}"', headers)
        return blob
