"""Serve a stand-in over HTTP/1.1 or HTTPS on loopback."""

import ssl
import sys
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR, socket
from socketserver import ThreadingTCPServer
from threading import Lock, Thread
from typing import Any, Self, override

from requests.structures import CaseInsensitiveDict

from local.stand_ins.web.faults import NoAnswer, Silence
from local.stand_ins.web.messages import Request, Response, Site


class Server(ThreadingTCPServer):
    """Serve a site on a free port of 127.0.0.1, with keep-alive, while the context is open.

    Raises:
        ExceptionGroup: on leaving, what went wrong inside the site, which clients have seen as closed connections.
    """

    daemon_threads = False  # so that closing waits for them
    request_queue_size = 128  # a burst of clients must not meet a full backlog

    def __init__(self, site: Site, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.site = site
        self._tls = tls
        self._open: set[socket] = set()
        self._lock = Lock()
        self._errors: list[Exception] = []
        self._thread = Thread(target=self.serve_forever, args=(0.02,), name="local-web", daemon=True)

    @property
    def url(self) -> str:
        """Return scheme, host and port, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.server_address[1]}"

    @override
    def __enter__(self) -> Self:
        self._thread.start()
        return self

    @override
    def __exit__(self, *exception: object) -> None:
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                _hang_up(connection)
        self.server_close()
        if self._errors:
            raise ExceptionGroup("the stand-in itself has failed", self._errors)

    @override
    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        if self._tls:  # the handshake is left to the connection's own thread: a slow client must hold up nobody
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(connection)
        return connection, address

    @override
    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, OSError):  # a client may hang up when it likes
            self._errors.append(error)


def _hang_up(connection: socket) -> None:
    try:
        socket.shutdown(connection, SHUT_RDWR)  # not SSLSocket's own, which pulls TLS from under the reading thread
    except OSError:
        return  # the client was quicker


class Exchange(BaseHTTPRequestHandler):
    """Carry the requests of one connection to the server's site."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one packet
    disable_nagle_algorithm = True
    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Request(self.command, self.path, CaseInsensitiveDict(self.headers.items()), body)
        try:
            self._send(self.server.site.answer(request))
        except NoAnswer as fault:
            self.close_connection = True
            if fault.silence is Silence.TIMED_OUT:
                self.rfile.read(1)  # nothing comes: it returns when either side hangs up

    do_DELETE = do_GET = do_PATCH = do_POST = do_PUT = _answer  # noqa: N815  http.server asks for these names

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: request lines would drown what a test prints."""
