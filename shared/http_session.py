"""The HTTP session of Partner Center's client and of the storage SDKs: it sends requests that are already complete.

For every call ``requests`` merges headers, cookies, hooks, proxies and ``.netrc``, which takes longer than the exchange
itself (figures: ``docs/performance.md``). That is not needed here: the callers set every header, no cookie is wanted,
and the environment is read once for each host.
"""

from collections.abc import Mapping
from typing import Any, override

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import ConnectionPool

CONNECTIONS = 32
"""Connections to one host that a session keeps open: one for each thread that the worker can have."""


class _Adapter(HTTPAdapter):
    """Looks up the connections to a host once: the library does so for each request, which is an eighth of its time."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=CONNECTIONS)
        self._pools: dict[str, ConnectionPool] = {}

    @override
    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> ConnectionPool:
        origin = _origin_of(str(request.url))
        if origin not in self._pools:
            self._pools[origin] = super().get_connection_with_tls_context(request, verify, proxies, cert)
        return self._pools[origin]

    @override
    def close(self) -> None:
        self._pools.clear()
        super().close()


class DirectSession(requests.Session):
    """A session for all threads that adds nothing to a request but its length, and follows no redirect."""

    def __init__(self, *, trust_env: bool) -> None:
        """Take proxies and certificate authorities from the environment if ``trust_env``."""
        super().__init__()
        self.trust_env = trust_env
        self._routes: dict[str, dict[str, Any]] = {}
        adapter = _Adapter()
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    @override
    def request(  # type: ignore[override] # takes what it uses, by the names that both callers pass
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        data: Any,
        timeout: tuple[float, float],
        stream: bool = False,
        **_settled: object,
    ) -> requests.Response:
        """Send one request and return its response.

        Args:
            method: Upper case.
            url: Encoded, with its host.
            headers: All of them but ``Content-Length``.
            data: The body: bytes, a file or None.
            timeout: Seconds to connect, and between two pieces of the response.
            stream: The caller reads the body.
            _settled: What else the SDKs pass; the session has the same values already.

        Raises:
            requests.RequestException: No response. Its text has no header, and so no token.
            OSError: The file of certificate authorities is missing.
        """
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, url, data
        request.headers = CaseInsensitiveDict(headers)
        # Without a length the adapter would send the body in chunks; the SDKs set it for files.
        if isinstance(data, bytes):
            request.headers["Content-Length"] = str(len(data))
        response = self._send(request, timeout, stream=stream)
        if not stream:
            response.content  # noqa: B018 - reading it returns the connection to the pool
        return response

    def _send(
        self, request: requests.PreparedRequest, timeout: tuple[float, float], *, stream: bool
    ) -> requests.Response:
        url = str(request.url)
        try:
            return self.get_adapter(url).send(request, stream=stream, timeout=timeout, **self._route(url))
        except requests.RequestException:
            raise
        # http.client's own ValueError for a header that cannot be sent repeats the header, token and all. Some of the
        # exceptions above are ValueErrors as well, hence the order.
        except ValueError:
            raise requests.exceptions.InvalidHeader("a header has characters that no request can carry") from None

    def _route(self, url: str) -> dict[str, Any]:
        """Return the proxies and certificates for a URL's host, read from the environment at its first request."""
        origin = _origin_of(url)
        if origin not in self._routes:
            found = self.merge_environment_settings(url, proxies={}, stream=None, verify=None, cert=None)
            self._routes[origin] = {name: found[name] for name in ("proxies", "verify", "cert")}
        return self._routes[origin]


def _origin_of(url: str) -> str:
    """Return what is before the path."""
    end = url.find("/", len("https://"))
    return url if end < 0 else url[:end]
