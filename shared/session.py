"""The HTTP session below the app's own client and the storage SDKs: it sends what they have prepared already.

``requests`` would merge every call's headers, cookies, hooks, proxies and ``.netrc`` anew, which takes longer than the
exchange itself: ``docs/performance.md`` has the figures.
"""

from typing import Any, override

import requests
from requests.adapters import HTTPAdapter
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from urllib3.util import Retry

CONNECTIONS = 32
"""Connections to one host that a session keeps open: one for each thread that the worker may have."""


class DirectSession(requests.Session):
    """Shared by all threads. It keeps no cookie and looks at the environment once for each host."""

    def __init__(self, *, trust_env: bool) -> None:
        """Take proxies and certificate authorities from the environment if ``trust_env``."""
        super().__init__()
        self.trust_env = trust_env
        self._routes: dict[str, dict[str, Any]] = {}
        adapter = HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=Retry(0, read=False))
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
        origin = url[: url.find("/", len("https://"))]
        if origin not in self._routes:
            found = self.merge_environment_settings(url, {}, None, None, None)
            self._routes[origin] = {name: found[name] for name in ("proxies", "verify", "cert")}
        return self._routes[origin]
