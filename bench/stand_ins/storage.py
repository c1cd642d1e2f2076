"""A stand-in of the storage account: one container by the rules of the Blob service, and one queue to send to.

Signatures are not checked. Tests hold it against Azurite.
"""

import base64
import hashlib
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import parse_qs, unquote
from uuid import uuid4

from bench import manifests
from bench.stand_ins.web import Request, Response

STATUS_SUFFIX = ".status.json"
_LARGEST_PUT = 64 * 2**20  # what the SDKs write at once
_POP_RECEIPT = "AgAAAAMAAAAAAAAA"
_TEXT = re.compile(rb"<MessageText>([^<]*)</MessageText>")


def connection_string(port: int) -> str:
    """Return how clients reach the stand-in."""
    url = f"http://127.0.0.1:{port}"
    account = "DefaultEndpointsProtocol=http;AccountName=standin;AccountKey=c3RhbmQtaW4="
    return f"{account};BlobEndpoint={url}/blobs;QueueEndpoint={url}/queues;"


class _Blob(NamedTuple):
    """One version of a blob."""

    data: bytes | memoryview
    headers: dict[str, str]


class Storage:
    """Blobs, messages, and contents that manifests can have."""

    def __init__(self) -> None:
        self._blobs: dict[str, _Blob] = {}
        self._messages: dict[str, str] = {}
        self._contents: dict[str, tuple[memoryview, dict[str, str]]] = {}
        self._writes = 0

    def answer(self, request: Request) -> Response:
        """Answer one request of a client."""
        service, _, rest = request.target.lstrip("/").partition("/")
        if service == "queues":
            return self._message(request)
        return self._blob(unquote(rest.partition("/")[2].partition("?")[0]), request)

    def keep(self, key: str, kind: str, devices: int, first: int = 0) -> None:
        """Keep a content that manifests can have: so many devices as JSON or CSV."""
        content = bytearray()
        for piece in manifests.WRITERS[kind](devices, first):
            content += piece.encode()
        # A blob that one Put Blob has written has its Content-MD5. What is larger is written in blocks, and has none.
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        headers = {"Content-MD5": md5, "x-ms-blob-content-md5": md5}
        self._contents[key] = memoryview(content), headers if len(content) <= _LARGEST_PUT else {}

    def land(self, keys: dict[str, str]) -> None:
        """Write manifests; each name has the key of its content."""
        for name, key in keys.items():
            self._write(name, *self._contents[key])

    def states(self) -> dict[str, Counter[str]]:
        """Count the status blobs by their batch and state."""
        states: dict[str, Counter[str]] = defaultdict(Counter)
        for name, blob in self._blobs.items():
            if name.endswith(STATUS_SUFFIX):
                states[name.split("/")[1]][json.loads(bytes(blob.data))["state"]] += 1
        return dict(states)

    def take_messages(self) -> list[str]:
        """Remove and return all messages, also those that are not visible yet."""
        messages, self._messages = self._messages, {}
        return list(messages.values())

    def clear(self) -> None:
        """Forget blobs and messages, but not the contents that are kept."""
        self._blobs.clear()
        self._messages.clear()

    def _write(self, name: str, data: bytes | memoryview, headers: dict[str, str]) -> dict[str, str]:
        self._writes += 1
        own = {"ETag": f'"0x{0x8DE000000000000 + self._writes:X}"', "Last-Modified": _after(0)}
        self._blobs[name] = _Blob(data, headers | own)
        return own

    def _blob(self, name: str, request: Request) -> Response:
        blob = self._blobs.get(name)
        if refusal := _refusal(blob, request):
            return refusal
        if blob is None or request.method == "PUT":
            return self._put(name, request)
        if request.method == "HEAD":
            return Response(200, blob.headers | {"Content-Length": str(len(blob.data))})
        return _get(blob, request)

    def _put(self, name: str, request: Request) -> Response:
        if request.headers.get("x-ms-blob-type") != "BlockBlob" or "?" in request.target:
            return _error(400, "UnsupportedHeader")
        headers = {key: value for key, value in request.headers.items() if key.startswith("x-ms-meta-")}
        return Response(201, self._write(name, request.body, headers) | {"x-ms-request-server-encrypted": "true"})

    def _message(self, request: Request) -> Response:
        """Take a message, or another text and time for one that is there."""
        path, _, query = request.target.partition("?")
        text, place = _TEXT.search(request.body), path.rpartition("/")[2]
        delay = int(parse_qs(query).get("visibilitytimeout", ["0"])[0])
        if text is None:
            return _error(400, "InvalidXmlDocument")
        if request.method == "POST":
            place = str(uuid4())
            response = Response(201, {"Content-Type": "application/xml"}, _sent(place, delay))
        elif place in self._messages:
            response = Response(204, {"x-ms-popreceipt": _POP_RECEIPT, "x-ms-time-next-visible": _after(delay)})
        else:
            return _error(404, "MessageNotFound")
        self._messages[place] = base64.b64decode(text[1]).decode()
        return response


def _refusal(blob: _Blob | None, request: Request) -> Response | None:
    """Return why a request is refused, if it is: conditions are checked as the Blob service does."""
    if blob is None and request.method != "PUT":
        return _error(404, "BlobNotFound")
    if blob and request.headers.get("if-none-match") == "*":
        return _error(409, "BlobAlreadyExists")
    if_match = request.headers.get("if-match")
    if if_match and (blob is None or blob.headers["ETag"] != if_match):
        return _error(412, "ConditionNotMet")
    return None


def _get(blob: _Blob, request: Request) -> Response:
    asked = request.headers.get("x-ms-range") or request.headers.get("range")
    if asked is None:
        return Response(200, blob.headers, blob.data)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start, size = int(first), len(blob.data)
    end = min(int(last) + 1 if last else size, size)
    content_range = {"Content-Range": f"bytes {start}-{end - 1}/{size}"}
    return Response(206, blob.headers | content_range, memoryview(blob.data)[start:end])


def _sent(message_id: str, delay: int) -> bytes:
    members = (
        f"<MessageId>{message_id}</MessageId><PopReceipt>{_POP_RECEIPT}</PopReceipt><InsertionTime>{_after(0)}"
        f"</InsertionTime><ExpirationTime>{_after(7 * 86_400)}</ExpirationTime>"
        f"<TimeNextVisible>{_after(delay)}</TimeNextVisible>"
    )
    return f"<QueueMessagesList><QueueMessage>{members}</QueueMessage></QueueMessagesList>".encode()


def _after(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def _error(status: int, code: str) -> Response:
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    return Response(status, {"x-ms-error-code": code, "Content-Type": "application/xml"}, body.encode())
