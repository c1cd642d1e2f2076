"""The HTTP session below the app's own client and the storage SDKs: it sends what they have prepared already.

``requests`` would merge every call's headers, cookies, hooks, proxies and ``.netrc`` anew, which takes longer than the
exchange itself: ``docs/performance.md`` has the figures.
"""

from typing import Any, override

import requests
from requests.adapters import HTTPAdapter
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import ConnectionPool
from urllib3.util import Retry

CONNECTIONS = 32
"""Connections to one host that a session keeps open: one for each thread that the worker may have."""


class _Adapter(HTTPAdapter):
    """Finds a host's connections once, not for each call, and looks for no cookies in what it answers."""

    def __init__(self) -> None:
        super().__init__(pool_maxsize=CONNECTIONS, max_retries=Retry(0, read=False))
        self._pools: dict[str, ConnectionPool] = {}

    @override
    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> ConnectionPool:
        origin = _origin(str(request.url))
        if origin not in self._pools:
            pool = super().get_connection_with_tls_context(request, verify, proxies=proxies, cert=cert)
            super().cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call] # requests' own stubs
            self._pools[origin] = pool
        return self._pools[origin]

    @override
    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Do nothing: the certificates to go by are the same for all calls of a host."""

    @override
    def close(self) -> None:
        super().close()
        self._pools.clear()

    @override
    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.reason, response.raw = resp.status, resp.reason, resp
        response.headers = resp.headers
        response.request, response.url, response.connection = req, str(req.url), self
        return response


class DirectSession(requests.Session):
    """Shared by all threads. It keeps no cookie and looks at the environment once for each host."""

    def __init__(self, *, trust_env: bool) -> None:
        """Take proxies and certificate authorities from the environment if ``trust_env``."""
        super().__init__()
        self.trust_env = trust_env
        self._routes: dict[str, dict[str, Any]] = {}
        adapter = _Adapter()
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    @override
    def request(self, method: str | bytes, url: str | bytes, *args: Any, **given: Any) -> requests.Response:
        """Send one request and follow no redirect.

        Args:
            method: As it stands in the request.
            url: Encoded, its host included.
            args: None are taken.
            given: ``headers``, ``timeout`` as (connect, read) in seconds, and where they differ from none and false,
                ``data`` and ``stream``. What else the SDKs pass is the same for every call, and settled here.
        """
        request = requests.PreparedRequest()
        request.method, request.url, request.body = str(method), str(url), given["data"]
        request.headers = CaseInsensitiveDict(given["headers"])
        request.hooks = default_hooks()
        if isinstance(request.body, bytes):
            request.headers["Content-Length"] = str(len(request.body))
        stream = bool(given.get("stream"))
        route = self._route(request.url)
        try:
            response = self.get_adapter(request.url).send(request, stream=stream, timeout=given["timeout"], **route)
        except requests.RequestException:
            raise
        except ValueError:  # http.client's word for a header that it cannot send repeats the header, token and all
            raise requests.exceptions.InvalidHeader("a header has characters that no request can carry") from None
        if not stream:
            response.content  # noqa: B018 - reading it gives the connection back
        return response

    def _route(self, url: str) -> dict[str, Any]:
        origin = _origin(url)
        if origin not in self._routes:
            found = self.merge_environment_settings(url, {}, None, None, None)
            self._routes[origin] = {name: found[name] for name in ("proxies", "verify", "cert")}
        return self._routes[origin]


def _origin(url: str) -> str:
    """Give what comes before the path."""
    end = url.find("/", len("https://"))
    return url if end < 0 else url[:end]
