"""The client of Partner Center's device batch calls.

Sources: "Upload a list of devices to an existing batch for the specified customer" and "Get the status of a device
batch upload" in the Partner Center REST reference. The token goes to the base URL's host and nowhere else.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import override
from urllib.parse import quote
from uuid import uuid4

import msgspec
import requests
from urllib3.exceptions import HTTPError

from shared.config.timeouts import CONNECT_TIMEOUT, LONGEST_PAGING, PAUSES, READ_TIMEOUT
from shared.job.lasting_errors import without_words
from shared.job.status_document import Fault
from shared.partner_center.access_errors import advice
from shared.partner_center.batch_list import MOST_PAGES, Page, page_in
from shared.partner_center.responses import (
    LARGEST_ANSWER,
    Accepted,
    Answer,
    UnavailableError,
    error_for,
    location_in,
    received,
    retry_after,
    sentence,
)
from shared.partner_center.token_protocol import Tokens
from shared.partner_center.upload_details import Poll, upload_details_in

AT_ONCE = timedelta(seconds=2)
"""How soon a connection must break for the call to be retried here: later, the lease may not cover another."""


class PartnerCenter:
    """Partner Center's device batch calls, for every customer."""

    def __init__(
        self,
        session: requests.Session,
        url: str,
        tokens: Tokens,
        identity: Mapping[str, str],
        clock: Callable[[], datetime],
        pause: Callable[[float], None],
    ) -> None:
        """Call ``url`` with ``session``; ``identity`` are further headers, ``pause`` sleeps for a number of seconds."""
        self._session = session
        self._url = url
        self._tokens = tokens
        self._headers = {"Accept": "application/json", "Content-Type": "application/json", **identity}
        self._clock = clock
        self._pause = pause

    def upload(self, customer_id: str, batch_id: str, devices: bytes, request_id: str) -> Accepted:
        """Post devices to an existing batch ("Upload a list of devices to an existing batch").

        Args:
            customer_id: A GUID.
            batch_id: The name of the batch.
            devices: A JSON array.
            request_id: The same for each retry of the same devices, so that Partner Center takes them once.

        Raises:
            RefusedError, TooLargeError: These devices are not accepted; the same request fails again.
            ThrottledError: Too many calls; nothing is accepted.
            UnavailableError: No usable response. The devices may be accepted, unless ``said_no``.
            SignInError: There is no token.
        """
        return self._post(f"{_batches_of(customer_id)}/{quote(batch_id, safe='')}/devices", devices, request_id)

    def create_batch(self, customer_id: str, batch_id: str, devices: bytes, request_id: str) -> Accepted:
        """Create a batch with its first devices, a JSON array ("Create a new device batch"; App+User only).

        Raises:
            RefusedError: Not accepted; HTTP 409 means that the batch exists already.
            TooLargeError, ThrottledError, UnavailableError, SignInError: As for ``upload``.
        """
        body = b'{"batchId":%b,"devices":%b}' % (msgspec.json.encode(batch_id), devices)
        return self._post(_batches_of(customer_id), body, request_id)

    def batches(self, customer_id: str, may_go_on: Callable[[], bool] = lambda: True) -> list[str]:
        """Return the ids of a customer's batches: those of the first ``MOST_PAGES`` pages.

        ``may_go_on`` is asked before each further page, which is a call that counts like any other.

        Raises:
            RefusedError, ThrottledError, UnavailableError: The list cannot be read.
            SignInError: There is no token.
        """
        began, found = self._clock(), list[str]()
        query, headers = "", dict[str, str]()
        for _ in range(MOST_PAGES):
            page = self._page(f"{_batches_of(customer_id)}{query}", headers)
            found += page.ids
            # The caller holds a lease that covers one list of this length and one more call.
            if page.following is None or self._clock() - began > LONGEST_PAGING or not may_go_on():
                break
            query, headers = f"?{page.following.query}", page.following.headers
        return found

    def _page(self, path: str, headers: Mapping[str, str]) -> Page:
        call, answer = self._call("GET", path, str(uuid4()), None, headers)
        page = page_in(answer, self._url)
        if page is None:
            raise self._unexpected(call, answer, "Partner Center answered something that is no list of batches.")
        return page

    def _post(self, path: str, body: bytes, request_id: str) -> Accepted:
        call, answer = self._call("POST", path, request_id, body)
        location = location_in(answer)
        if location is None:
            # A success without a Location cannot be followed. Retried with the same request id, it is not a new upload.
            raise self._unexpected(
                call, answer, "Partner Center has probably taken the devices, but did not say where to follow them."
            )
        seconds = (self._clock() - call.began).total_seconds()
        wait = retry_after(answer.headers, self._clock())
        return Accepted(location, call.correlation_id, answer.server_correlation, seconds, wait)

    def poll(self, customer_id: str, tracking_id: str) -> Poll:
        """Read the status of an upload ("Get the status of a device batch upload").

        Raises:
            RefusedError, ThrottledError, UnavailableError: It cannot be read.
            SignInError: There is no token.
        """
        path = f"customers/{quote(customer_id, safe='')}/batchJobStatus/{quote(tracking_id, safe='')}"
        call, answer = self._call("GET", path, str(uuid4()), None)
        details = upload_details_in(answer)
        if details is None:
            raise self._unexpected(call, answer, "Partner Center answered something that is no batch upload status.")
        return Poll(details, retry_after(answer.headers, self._clock()))

    def _unexpected(self, call: "_Call", answer: Answer, description: str) -> UnavailableError:
        return UnavailableError(call.fault(description, answer), retry_after(answer.headers, self._clock()))

    def renew_token(self) -> None:
        """Drop the token, which was refused (401), so that the next call signs in again."""
        self._tokens.renew()

    def _call(
        self, method: str, path: str, request_id: str, body: bytes | None, headers: Mapping[str, str] | None = None
    ) -> tuple["_Call", Answer]:
        # A redirect is no success: it is never followed, as the token would go to another host.
        call, answer = self._try(_Request(method, f"{self._url}/v1/{path}", body, headers or {}), request_id)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - successes
            raise error_for(answer, call.fault(None, answer), self._clock())
        return call, answer

    def _try(self, request: "_Request", request_id: str) -> tuple["_Call", Answer]:
        """Send a request, and again where the connection breaks at once; each time with a new correlation id."""
        token, pauses = self._tokens.token(), iter(PAUSES)
        while True:
            call = _Call(request_id, str(uuid4()), token, self._clock())
            try:
                return call, self._exchange(request, call)
            except requests.RequestException as error:
                # An idle connection may have been closed by the other side, which shows at once. Anything later is left
                # to the job's own retry: the lease covers one call of full length.
                at_once = self._clock() - call.began < AT_ONCE and not isinstance(error, requests.Timeout)
                pause = next(pauses, None) if at_once else None
                if pause is None:
                    raise UnavailableError(call.unanswered(error)) from None
            self._pause(pause)

    def _exchange(self, request: "_Request", call: "_Call") -> Answer:
        with self._session.request(
            request.method,
            request.url,
            data=request.body,
            headers={**request.headers, **self._headers, **call.headers},
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            allow_redirects=False,
            stream=True,
        ) as response:
            return received(response.status_code, response.headers, _body_of(response, self._clock), call.token)


def _body_of(response: requests.Response, clock: Callable[[], datetime]) -> bytes:
    """Read the body; an empty one where it breaks off or is no such gzip: the status alone decides then."""
    body, deadline = bytearray(), clock() + timedelta(seconds=READ_TIMEOUT)
    with suppress(HTTPError):
        # The read time-out bounds each piece alone: a server that sends byte by byte could outlast the lease.
        while len(body) <= LARGEST_ANSWER and clock() <= deadline:
            chunk = response.raw.read1(2**16, decode_content=True)
            if not chunk:
                return bytes(body)
            body += chunk
    return b""


def _batches_of(customer_id: str) -> str:
    return f"customers/{quote(customer_id, safe='')}/deviceBatches"


class _Request(msgspec.Struct, frozen=True):
    """What each try of a call sends alike; ids and token are added each time."""

    method: str
    url: str
    body: bytes | None
    headers: Mapping[str, str]


class _Call(msgspec.Struct, frozen=True):
    """One try of a call: its ids, and its token, which must not appear in any text about it."""

    request_id: str
    correlation_id: str
    token: str
    began: datetime

    # Tracebacks and logs show the repr of locals, and this one would contain the token.
    @override
    def __repr__(self) -> str:
        return f"_Call({self.request_id})"

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            "MS-RequestId": self.request_id,
            "MS-CorrelationId": self.correlation_id,
        }

    def fault(self, description: str | None, answer: Answer) -> Fault:
        code, said = answer.error
        what = sentence(description or said or without_words(answer.status))
        return Fault(
            http_status=answer.status,
            code=code,
            description=" ".join(filter(None, (what, advice(answer.status, code, said)))),
            request_id=self.request_id,
            correlation_id=self.correlation_id,
            server_correlation=answer.server_correlation,
        )

    def unanswered(self, error: requests.RequestException) -> Fault:
        what = "did not answer in time" if isinstance(error, requests.Timeout) else "could not be reached"
        return Fault(
            description=f"Partner Center {what}.", request_id=self.request_id, correlation_id=self.correlation_id
        )
