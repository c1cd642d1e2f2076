"""The client of Partner Center's device batch calls.

Sources: "Upload a list of devices to an existing batch for the specified customer" and "Get the status of a device
batch upload" in the Partner Center REST reference. The token goes to the base URL's host and nowhere else.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import override
from urllib.parse import quote
from uuid import uuid4

import msgspec
import requests
from urllib3.exceptions import HTTPError

from shared.job.record import Fault
from shared.partner_center.advice import advice
from shared.partner_center.responses import (
    Accepted,
    Answer,
    Poll,
    UnavailableError,
    batches_in,
    error_for,
    location_in,
    progress_in,
    retry_after,
)
from shared.partner_center.tokens import LONGEST_SIGN_IN, Tokens

CONNECT_TIMEOUT = 10
READ_TIMEOUT = 100
"""Seconds. Microsoft recommends none; the archived .NET SDK waited three minutes."""

PAUSES = (0.3, 1.0)
"""Seconds before a call whose connection broke is tried again: an idle connection may have died unnoticed."""

LONGEST_CALL = timedelta(seconds=LONGEST_SIGN_IN + CONNECT_TIMEOUT + 2 * READ_TIMEOUT + sum(PAUSES))
"""The longest that a call takes: to get a token, to connect, to wait for an answer and read it, pauses included."""

AT_ONCE = timedelta(seconds=2)
"""How soon a connection must have broken for the call to be tried again."""

LARGEST_ANSWER = 16 * 2**20
"""Bytes. The progress of 1,000 devices takes about 0.3 MB."""


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
        """Use ``session`` for calls below ``url``; ``identity`` are the optional headers that name the application."""
        self._session = session
        self._url = url
        self._tokens = tokens
        self._headers = {"Accept": "application/json", "Content-Type": "application/json", **identity}
        self._clock = clock
        self._pause = pause

    def upload(self, customer_id: str, batch_id: str, devices: bytes, request_id: str) -> Accepted:
        """Upload devices to an existing batch.

        Raises:
            RefusedError, TooLargeError: As they stand, these devices are not taken.
            ThrottledError: Not now, as there have been too many calls; every call may raise it.
            UnavailableError: Not now; or accepted, but without a Location by which to follow it.
            SignInError: No token.
        """
        return self._hand_in(f"{_batches_of(customer_id)}/{quote(batch_id, safe='')}/devices", devices, request_id)

    def create_batch(self, customer_id: str, batch_id: str, devices: bytes, request_id: str) -> Accepted:
        """Create a batch with its first devices, whose array ``devices`` holds; App+User only.

        Raises:
            RefusedError: As it stands, it is not taken: with 409, the batch exists already.
            TooLargeError, UnavailableError, SignInError: As for ``upload``.
        """
        body = b'{"batchId":%b,"devices":%b}' % (msgspec.json.encode(batch_id), devices)
        return self._hand_in(_batches_of(customer_id), body, request_id)

    def batches(self, customer_id: str) -> list[str]:
        """List the ids of a customer's batches.

        Raises:
            RefusedError, UnavailableError: It cannot be told now.
            SignInError: No token.
        """
        call, answer = self._call("GET", _batches_of(customer_id), str(uuid4()), None)
        batches = batches_in(answer)
        if batches is None:
            fault = call.fault("Partner Center answered something that is no list of batches.", answer)
            raise UnavailableError(fault, retry_after(answer.headers, self._clock()))
        return batches

    def _hand_in(self, path: str, body: bytes, request_id: str) -> Accepted:
        call, answer = self._call("POST", path, request_id, body)
        location = location_in(answer)
        if location is None:
            fault = call.fault("Partner Center accepted the devices but did not say where to follow them.", answer)
            # It was a success: the same request id again lets Partner Center recognise it and answer in full.
            raise UnavailableError(fault, retry_after(answer.headers, self._clock()))
        seconds = (self._clock() - call.began).total_seconds()
        return Accepted(location, call.correlation_id, answer.server_correlation, seconds)

    def progress(self, customer_id: str, tracking_id: str) -> Poll:
        """Ask how far an upload is.

        Raises:
            RefusedError, UnavailableError: It cannot be told now.
            SignInError: No token.
        """
        path = f"customers/{quote(customer_id, safe='')}/batchJobStatus/{quote(tracking_id, safe='')}"
        call, answer = self._call("GET", path, str(uuid4()), None)
        progress = progress_in(answer)
        wait = retry_after(answer.headers, self._clock())
        if progress is None:
            fault = call.fault("Partner Center answered something that is no batch upload status.", answer)
            raise UnavailableError(fault, wait)
        return Poll(progress, wait)

    def renew_token(self) -> None:
        """Take a new token for the next call, as the last one was not accepted."""
        self._tokens.renew()

    def _call(self, method: str, path: str, request_id: str, body: bytes | None) -> tuple["_Call", Answer]:
        call, answer = self._ask(method, f"{self._url}/v1/{path}", request_id, body)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - successes
            raise error_for(answer, call.fault(None, answer), self._clock())
        return call, answer

    def _ask(self, method: str, url: str, request_id: str, body: bytes | None) -> tuple["_Call", Answer]:
        """Call until there is an answer; each call has a correlation id of its own."""
        token, pauses = self._tokens.token(), iter(PAUSES)
        while True:
            call = _Call(request_id, str(uuid4()), token, self._clock())
            try:
                return call, self._exchange(method, url, call, body)
            except requests.RequestException as error:
                # What broke at once may have been a stale connection; anything later has used the call's time up.
                at_once = self._clock() - call.began < AT_ONCE and not isinstance(error, requests.Timeout)
                pause = next(pauses, None) if at_once else None
                if pause is None:
                    raise UnavailableError(call.unanswered(error)) from None
            self._pause(pause)

    def _exchange(self, method: str, url: str, call: "_Call", body: bytes | None) -> Answer:
        with self._session.request(
            method,
            url,
            data=body,
            headers=self._headers | call.headers,
            timeout=(CONNECT_TIMEOUT, READ_TIMEOUT),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = self._body(response).replace(call.token.encode(), b"(token)")
            return Answer(response.status_code, response.headers, body)

    def _body(self, response: requests.Response) -> bytes:
        deadline = self._clock() + timedelta(seconds=READ_TIMEOUT)
        body = bytearray()
        try:
            while chunk := response.raw.read1(2**16, decode_content=True):  # as it comes, however slowly
                body += chunk
                if len(body) > LARGEST_ANSWER or self._clock() > deadline:
                    raise requests.ReadTimeout("the answer does not end")
        except HTTPError as error:
            raise requests.ConnectionError("the answer broke off") from error
        return bytes(body)


def _batches_of(customer_id: str) -> str:
    return f"customers/{quote(customer_id, safe='')}/deviceBatches"


class _Call(msgspec.Struct, frozen=True):
    """One request on the wire: its ids and its token, which no text about it may contain."""

    request_id: str
    correlation_id: str
    token: str
    began: datetime

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
        code = answer.member("code")
        told = description or answer.member("description") or answer.member("message")
        told = told or f"Partner Center answered HTTP {answer.status}."
        return Fault(
            http_status=answer.status,
            code=code,
            description=" ".join(filter(None, (told, advice(answer.status, code)))),
            request_id=self.request_id,
            correlation_id=self.correlation_id,
            server_correlation=answer.server_correlation,
        )

    def unanswered(self, error: requests.RequestException) -> Fault:
        what = "did not answer in time" if isinstance(error, requests.Timeout) else "could not be reached"
        return Fault(
            description=f"Partner Center {what}.", request_id=self.request_id, correlation_id=self.correlation_id
        )
