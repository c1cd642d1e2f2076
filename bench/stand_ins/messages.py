"""Requests and answers of HTTP, as the stand-ins see them."""

from dataclasses import dataclass, field
from http.client import responses


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``headers`` have lower-case names, ``target`` is path and query as sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, sent ``delay`` seconds after the request."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | memoryview = b""
    delay: float = 0.0

    def head(self) -> bytes:
        """Write the answer up to its body."""
        headers = {"Content-Length": str(len(self.body))} | self.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} {responses[self.status]}\r\n{lines}\r\n".encode("latin-1")
