"""A stand-in of the storage account: the manifests' container and the queue. Signatures are not checked."""

import json
import mmap
import time
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

from bench.recording import Exchange, Recorder
from bench.stand_ins.blobs import Blobs
from bench.stand_ins.messages import Request, Response
from bench.stand_ins.queue import Message, Queue
from shared.job.blob_names import STATUS_SUFFIX


def connection_string(port: int) -> str:
    """Say how clients reach the stand-in."""
    url = f"http://127.0.0.1:{port}"
    account = "DefaultEndpointsProtocol=http;AccountName=standin;AccountKey=c3RhbmQtaW4="
    return f"{account};BlobEndpoint={url}/blobs;QueueEndpoint={url}/queues;"


class Store:
    """One container and one queue."""

    def __init__(self) -> None:
        self._blobs = Blobs()
        self._queue = Queue()
        self._contents: dict[str, bytes | memoryview] = {}
        self._recorder = Recorder("storage")
        self._first_status_at: float | None = None

    def answer(self, request: Request) -> Response:
        """Answer one request of a client."""
        at = time.monotonic()
        service, _, rest = request.target.lstrip("/").partition("/")
        if service == "queues":
            response = self._queue.answer(request)
        else:
            name = unquote(rest.partition("/")[2].partition("?")[0])
            response = self._blobs.answer(name, request)
            if self._first_status_at is None and request.method == "PUT" and name.endswith(STATUS_SUFFIX):
                self._first_status_at = at
        self._recorder.note(at, request, response)
        return response

    def keep(self, key: str, content: bytes) -> None:
        """Keep a content that manifests can have."""
        self._contents[key] = content

    def keep_file(self, key: str, path: Path) -> None:
        """Keep a file's content, mapped into memory; at once where that can be said, so that no reader is the first."""
        with path.open("rb") as file:
            flags = mmap.MAP_PRIVATE | getattr(mmap, "MAP_POPULATE", 0)
            self._contents[key] = memoryview(mmap.mmap(file.fileno(), 0, flags=flags, prot=mmap.PROT_READ))

    def land(self, manifests: dict[str, str]) -> None:
        """Let manifests land; each name has the key of its content."""
        for name, key in manifests.items():
            self._blobs.put(name, self._contents[key], {"Content-Type": "application/octet-stream"})

    def states(self) -> Counter[str]:
        """Count the status blobs by their state."""
        statuses = (bytes(blob.data) for name, blob in self._blobs.by_name.items() if name.endswith(STATUS_SUFFIX))
        return Counter(json.loads(status)["state"] for status in statuses)

    def take_messages(self) -> list[Message]:
        """Take all messages, also those whose time has not come, in the order of their times."""
        return self._queue.take_all()

    def take_first_status(self) -> float | None:
        """Tell on the system's monotonic clock when the first status since the last time was written."""
        at, self._first_status_at = self._first_status_at, None
        return at

    def take_asked(self) -> Counter[str]:
        """Give how many exchanges of each kind there were since the last time."""
        return self._recorder.take_asked()

    def record(self, on: bool) -> list[Exchange]:  # noqa: FBT001 - it comes through a pipe
        """Record from now on, or no longer; gives what was recorded."""
        return self._recorder.turn(on=on)

    def clear(self) -> None:
        """Forget blobs and messages, but not the contents that are kept."""
        self._blobs.by_name.clear()
        self._queue.messages.clear()
