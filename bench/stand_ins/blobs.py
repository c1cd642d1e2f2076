"""Block blobs by the rules of the Blob service REST reference: conditions, ETags, metadata, ranges."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from bench.stand_ins.messages import Request, Response

_META = "x-ms-meta-"


@dataclass(frozen=True, slots=True)
class Blob:
    """One version of a blob."""

    data: bytes | memoryview
    headers: dict[str, str]

    @property
    def etag(self) -> str:
        """Give the ETag, with its quotes."""
        return self.headers["ETag"]


@dataclass
class Blobs:
    """The blobs of a container, by their names."""

    by_name: dict[str, Blob] = field(default_factory=dict)
    _writes: int = 0

    def put(self, name: str, data: bytes | memoryview, headers: dict[str, str]) -> Blob:
        """Write a blob whatever was there."""
        self._writes += 1
        own = {
            "ETag": f'"0x{0x8DE000000000000 + self._writes:X}"',
            "Last-Modified": format_datetime(datetime.now(UTC), usegmt=True),
        }
        blob = self.by_name[name] = Blob(data, headers | own)
        return blob

    def answer(self, name: str, request: Request) -> Response:
        """Answer a request for a blob."""
        answers = {"PUT": self._put, "GET": self._get, "HEAD": self._head, "DELETE": self._delete}
        return self._refusal(name, request) or answers[request.method](name, request)

    def _refusal(self, name: str, request: Request) -> Response | None:
        blob = self.by_name.get(name)
        if request.headers.get("if-none-match") == "*" and blob:
            return error(409, "BlobAlreadyExists")
        if_match = request.headers.get("if-match")
        if blob is None and request.method != "PUT":
            return error(404, "BlobNotFound")
        if if_match and (blob is None or blob.etag != if_match):
            return error(412, "ConditionNotMet")
        return None

    def _put(self, name: str, request: Request) -> Response:
        if request.headers.get("x-ms-blob-type") != "BlockBlob" or "?" in request.target:
            return error(400, "UnsupportedHeader")
        headers = {key: value for key, value in request.headers.items() if key.startswith(_META)}
        headers["Content-Type"] = request.headers.get("x-ms-blob-content-type", "application/octet-stream")
        blob = self.put(name, request.body, headers)
        written = {name: blob.headers[name] for name in ("ETag", "Last-Modified")}
        return Response(201, written | {"x-ms-request-server-encrypted": "true"})

    def _get(self, name: str, request: Request) -> Response:
        blob = self.by_name[name]
        asked = request.headers.get("x-ms-range") or request.headers.get("range")
        headers = blob.headers | {"Accept-Ranges": "bytes", "x-ms-blob-type": "BlockBlob"}
        if asked is None:
            return Response(200, headers, blob.data)
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, size = int(first), len(blob.data)
        if start >= size:
            return error(416, "InvalidRange", {"Content-Range": f"bytes */{size}"})
        end = min(int(last) + 1 if last else size, size)
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return Response(206, headers, memoryview(blob.data)[start:end])

    def _head(self, name: str, _request: Request) -> Response:
        blob = self.by_name[name]
        length = {"Content-Length": str(len(blob.data)), "x-ms-blob-type": "BlockBlob"}
        return Response(200, blob.headers | length)

    def _delete(self, name: str, _request: Request) -> Response:
        del self.by_name[name]
        return Response(202)


def error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    """Refuse a request in the storage services' way."""
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'
    told = {"x-ms-error-code": code, "Content-Type": "application/xml"} | (headers or {})
    return Response(status, told, body.encode())
