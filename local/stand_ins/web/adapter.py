"""Answer a session of `requests` from a stand-in, without a socket."""

from http.client import responses
from io import BytesIO
from typing import override
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from local.stand_ins.web.faults import NoAnswer, Silence
from local.stand_ins.web.messages import Request, Site


class Adapter(HTTPAdapter):
    """Answer a session from a site in this process; mount it for a URL prefix."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site

    @override
    def send(self, request: requests.PreparedRequest, *_args: object, **_kwargs: object) -> requests.Response:
        try:
            response = self._site.answer(_received(request))
        except NoAnswer as fault:
            raise _exception(fault.silence, request) from fault
        raw = HTTPResponse(
            body=BytesIO(response.body),
            headers={**response.headers, "Content-Length": str(len(response.body))},
            status=response.status,
            reason=responses.get(response.status),
            preload_content=False,
        )
        return self.build_response(request, raw)


def _received(request: requests.PreparedRequest) -> Request:
    body = request.body or b""
    headers = CaseInsensitiveDict({"Host": urlsplit(str(request.url)).netloc, **request.headers})
    return Request(str(request.method), request.path_url, headers, body.encode() if isinstance(body, str) else body)


def _exception(silence: Silence, request: requests.PreparedRequest) -> requests.RequestException:
    match silence:
        case Silence.TIMED_OUT:
            return requests.ReadTimeout("the stand-in gives no answer in time", request=request)
        case Silence.REFUSED:
            return requests.ConnectionError("the stand-in refuses the connection", request=request)
        case Silence.CLOSED:
            return requests.ConnectionError("the stand-in closed the connection without an answer", request=request)
