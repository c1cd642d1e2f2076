"""A quick HTTP/1.1 server for stand-ins: one event loop, whole requests in, whole answers out.

It is far quicker than any client under test, so that what is measured is the client.
"""

import asyncio
import ctypes
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Protocol, override

from bench.processes import answer_one
from bench.stand_ins.messages import Request, Response

HEAD_ENDS = b"\r\n\r\n"
_SMALL = 65_536
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h


class Site(Protocol):
    """What answers requests; its other methods may be asked for over the pipe."""

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        ...


def serve(pipe: Connection, make_site: Callable[[], Site]) -> None:
    """Serve a site on a free loopback port until the pipe ends; the port is the first answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    _keep_memory()
    asyncio.run(_serve(pipe, make_site()))


def _keep_memory() -> None:
    """Have glibc keep what large bodies took: asking the system for it each time would take longer than the body."""
    with suppress(AttributeError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        for parameter in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
            mallopt(parameter, 2**28)


async def _serve(pipe: Connection, site: Site) -> None:
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def answer() -> None:
        if not answer_one(pipe, site):
            loop.remove_reader(pipe.fileno())
            ended.set()

    server = await loop.create_server(lambda: _Exchange(site), "127.0.0.1", 0)
    pipe.send((True, server.sockets[0].getsockname()[1]))
    loop.add_reader(pipe.fileno(), answer)
    await ended.wait()
    server.close()
    server.close_clients()


class _Exchange(asyncio.Protocol):
    """The requests of one connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._received = bytearray()
        self._head: tuple[str, str, dict[str, str]] | None = None
        self._length = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_server promises
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._head is None:
            self._read_head()
        if self._head and len(self._received) >= self._length:
            request = Request(*self._head, bytes(self._received))
            self._received, self._head = bytearray(), None
            self._answer(self._site.answer(request))

    def _read_head(self) -> None:
        end = self._received.find(HEAD_ENDS)
        if end < 0:
            return
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        del self._received[: end + len(HEAD_ENDS)]
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._head = method, target, headers
        self._length = int(headers.get("content-length", "0"))

    def _answer(self, response: Response) -> None:
        if response.delay:
            asyncio.get_running_loop().call_later(response.delay, self._send, response)
        else:
            self._send(response)

    def _send(self, response: Response) -> None:
        if len(response.body) > _SMALL:
            self._transport.writelines([response.head(), response.body])
        else:  # one packet; and with an empty body writelines would never come to an end
            self._transport.write(response.head() + bytes(response.body))
