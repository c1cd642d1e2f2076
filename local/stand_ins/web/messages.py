"""What a stand-in is asked and what it answers, free of sockets."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self
from urllib.parse import parse_qsl

from requests.structures import CaseInsensitiveDict

type Headers = CaseInsensitiveDict[str]


@dataclass(frozen=True, slots=True)
class Request:
    """Hold one request; `target` is path and query exactly as sent, percent-encoding included."""

    method: str
    target: str
    headers: Headers = field(default_factory=CaseInsensitiveDict)
    body: bytes = b""

    @property
    def path(self) -> str:
        """Return the part of the target before the query, still encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Return the decoded query; of a repeated name the last value."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Response:
    """Hold one answer; whoever carries it adds Content-Length."""

    status: int
    headers: Headers = field(default_factory=CaseInsensitiveDict)
    body: bytes = b""

    @classmethod
    def of(cls, status: int, document: object, headers: Mapping[str, str] | None = None) -> Self:
        """Answer with a document as JSON."""
        every = CaseInsensitiveDict({"Content-Type": "application/json; charset=utf-8", **(headers or {})})
        return cls(status, every, json.dumps(document).encode())


class Site(Protocol):
    """What answers requests, from many threads at once, and knows no sockets."""

    def answer(self, request: Request) -> Response:
        """Answer one request, or raise NoAnswer."""
        ...
