"""One connection to a site for each thread, by http.client and nothing else."""

from collections.abc import Mapping
from http import HTTPStatus
from http.client import HTTPConnection
from threading import local


class Connection(local):
    """Makes calls that have to succeed."""

    def __init__(self, port: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", int(port), timeout=60)

    def call(self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
        """Return the content of the response; raises RuntimeError where it is none of success."""
        self._connection.request(method, target, body, headers or {})
        with self._connection.getresponse() as response:
            content = response.read()
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise RuntimeError(f"{method} {target}: {response.status}")
        return content
