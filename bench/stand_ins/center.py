"""A stand-in of Partner Center and of the identity endpoint that counts which devices came, for each batch.

It takes any well-formed upload and is as slow as it is told to be. How Partner Center refuses is no matter of speed.
"""

import hashlib
import json
import time
from collections import Counter, defaultdict, deque
from urllib.parse import unquote
from uuid import uuid4

import msgspec

from bench.recording import Exchange, Recorder
from bench.stand_ins.messages import Request, Response
from shared.manifest.device import Device

TOKEN = "stand-in-token"  # noqa: S105 - made up
_KNOWN = 12
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class _Strict(Device, frozen=True, forbid_unknown_fields=True):
    """A device as it may be sent: nothing else is in it."""


_decoder = msgspec.json.Decoder(list[_Strict])


def devices_of(body: bytes) -> str:
    """Name the devices of an upload's body, in their order: equal names stand for equal devices.

    Raises:
        msgspec.DecodeError: It is no bare array of devices.
    """
    return _name(_decoder.decode(body))


def _name(devices: list[_Strict]) -> str:
    return hashlib.blake2b(msgspec.json.encode(devices), digest_size=16).hexdigest()


class Center:
    """Takes uploads and tells that all of their devices are registered."""

    def __init__(self) -> None:
        self._latency = 0.0
        self._uploads: dict[str, Counter[str]] = defaultdict(Counter)
        self._known: deque[tuple[bytes, str, bytes]] = deque(maxlen=_KNOWN)
        self._progress: dict[str, bytes] = {}
        self._recorder = Recorder("api")

    def answer(self, request: Request) -> Response:
        """Answer one request of a client."""
        at = time.monotonic()
        path = request.target.partition("?")[0].split("/")
        if path[1] == "msi":
            return _token()
        response = self._call(request, path)
        self._recorder.note(at, request, response)
        return response

    def set_latency(self, seconds: float) -> None:
        """Let this much time pass before each answer but a token."""
        self._latency = seconds

    def uploads(self) -> dict[str, Counter[str]]:
        """Count how often which devices came, by the batch they were sent to."""
        return dict(self._uploads)

    def take_asked(self) -> Counter[str]:
        """Give how many exchanges of each kind there were since the last time."""
        return self._recorder.take_asked()

    def record(self, on: bool) -> list[Exchange]:  # noqa: FBT001 - it comes through a pipe
        """Record from now on, or no longer; gives what was recorded."""
        return self._recorder.turn(on=on)

    def forget(self) -> None:
        """Look at the next bodies anew, even if they came not long ago: who comes second must not gain by that."""
        self._known.clear()

    def clear(self) -> None:
        """Forget all uploads."""
        self._uploads.clear()
        self._progress.clear()

    def _call(self, request: Request, path: list[str]) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._told(401, b'{"code": "900420", "description": "The token is not known."}')
        match request.method, path[4:]:
            case "POST", ["deviceBatches", batch, "devices"]:
                return self._take(unquote(batch), request.body, path[3])
            case "GET", ["batchJobStatus", tracking]:
                return self._told(200, self._progress[tracking])
        return self._told(404, b'{"code": "800037", "description": "There is nothing here."}')

    def _told(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
        return Response(status, _JSON | (headers or {}), body, self._latency)

    def _take(self, batch: str, body: bytes, customer: str) -> Response:
        try:
            devices, progress = self._recognised(body)
        except msgspec.DecodeError as error:
            return self._told(400, json.dumps({"code": "3000", "description": str(error)}).encode())
        tracking = str(uuid4())
        self._uploads[batch][devices] += 1
        self._progress[tracking] = progress
        return self._told(202, b"", {"Location": f"/customers/{customer}/batchJobStatus/{tracking}"})

    def _recognised(self, body: bytes) -> tuple[str, bytes]:
        """Look at the devices, unless the same body came not long ago: comparing is quicker."""
        for known, name, progress in self._known:
            if known == body:
                return name, progress
        devices = _decoder.decode(body)
        name, progress = _name(devices), _finished(devices)
        self._known.append((body, name, progress))
        return name, progress


def _finished(devices: list[_Strict]) -> bytes:
    rows = [{"serialNumber": device.serial_number, "status": "finished"} for device in devices]
    return json.dumps({"batchTrackingId": str(uuid4()), "status": "finished", "devicesStatus": rows}).encode()


def _token() -> Response:
    document = {"access_token": TOKEN, "expires_on": str(int(time.time()) + 86_400), "token_type": "Bearer"}
    return Response(200, _JSON, json.dumps(document).encode())
