"""A fast HTTP/1.1 server: one event loop, whole requests in, whole responses out.

It is far faster than any client under test, so that what is measured is the client.
"""

import asyncio
import ctypes
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import responses
from multiprocessing.connection import Connection
from typing import NamedTuple, Protocol, override

from bench.processes import answer_one

_HEAD_END = b"\r\n\r\n"
_SMALL = 65_536
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


class Request(NamedTuple):
    """One request: `headers` have lower-case names, `target` is path and query as sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One response, sent `delay` seconds after the request."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | memoryview = b""
    delay: float = 0.0

    def head(self) -> bytes:
        """Return the status line and the headers, encoded."""
        headers = {"Content-Length": str(len(self.body))} | self.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} {responses[self.status]}\r\n{lines}\r\n".encode("latin-1")


class Site(Protocol):
    """A stand-in: it answers requests; the pipe calls its other methods."""

    def answer(self, request: Request) -> Response:
        """Answer one request of a client."""
        ...


def run_site(pipe: Connection, make_site: Callable[[], Site]) -> None:
    """Serve a site on a free loopback port until the pipe ends; the port is the first answer."""
    _keep_memory()
    asyncio.run(_serve(pipe, make_site()))


def _keep_memory() -> None:
    """Have glibc keep what large bodies took: asking the system for it each time takes longer than the body."""
    with suppress(AttributeError):  # another C library
        for parameter in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
            ctypes.CDLL(None).mallopt(parameter, 2**28)


async def _serve(pipe: Connection, site: Site) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def answer() -> None:
        if not answer_one(pipe, site):
            loop.remove_reader(pipe.fileno())
            ended.set()

    server = await loop.create_server(lambda: _Connection(site), "127.0.0.1", 0)
    pipe.send((True, server.sockets[0].getsockname()[1]))
    loop.add_reader(pipe.fileno(), answer)
    await ended.wait()
    server.close()
    server.close_clients()


class _Connection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_server promises
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._head is None:
            self._read_head()
        if self._head and len(self._received) >= int(self._head[2].get("content-length", "0")):
            request = Request(*self._head, bytes(self._received))
            self._received, self._head = bytearray(), None
            response = self._site.answer(request)
            if response.delay:
                asyncio.get_running_loop().call_later(response.delay, self._send, response)
            else:
                self._send(response)

    def _read_head(self) -> None:
        end = self._received.find(_HEAD_END)
        if end < 0:
            return
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        del self._received[: end + len(_HEAD_END)]
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._head = method, target, headers

    def _send(self, response: Response) -> None:
        # One packet for what is small; and with an empty body writelines would never come to an end.
        if len(response.body) > _SMALL:
            self._transport.writelines([response.head(), response.body])
        else:
            self._transport.write(response.head() + bytes(response.body))
