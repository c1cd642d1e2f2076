"""A stand-in of Partner Center and of the identity endpoint that counts which devices arrived, for each batch.

It accepts any well-formed upload, as slowly as it is set to. How Partner Center refuses is no matter of speed.
"""

import hashlib
import json
import time
from collections import Counter, defaultdict, deque
from urllib.parse import unquote
from uuid import uuid4

import msgspec

from bench.stand_ins.web import Request, Response

TOKEN = "stand-in-token"  # noqa: S105 - made up
_REMEMBERED = 12
_JSON = {"Content-Type": "application/json; charset=utf-8"}


class _Device(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A device as it may be sent: nothing else is in it."""

    serial_number: str | None = None
    product_key: str | None = None
    hardware_hash: str | None = None
    oem_manufacturer_name: str | None = None
    model_name: str | None = None


_decoder = msgspec.json.Decoder(list[_Device])


def fingerprint(body: bytes) -> str:
    """Return what is equal for equal devices in the same order, whatever the spelling; raises msgspec.DecodeError."""
    return _fingerprint(_decoder.decode(body))


def _fingerprint(devices: list[_Device]) -> str:
    return hashlib.blake2b(msgspec.json.encode(devices), digest_size=16).hexdigest()


class PartnerCenter:
    """Accepts uploads, and reports all of their devices as registered."""

    def __init__(self) -> None:
        self._latency = 0.0
        self._uploads: dict[str, Counter[str]] = defaultdict(Counter)
        self._remembered: deque[tuple[bytes, str, bytes]] = deque(maxlen=_REMEMBERED)
        self._progress: dict[str, bytes] = {}

    def answer(self, request: Request) -> Response:
        """Answer one request of a client."""
        path = request.target.partition("?")[0].split("/")
        if path[1] == "msi":
            return _token()
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return self._respond(401, b'{"code": "900420", "description": "The token is not known."}')
        match request.method, path[4:]:
            case "POST", ["deviceBatches", batch, "devices"]:
                return self._accept(unquote(batch), request.body, path[3])
            case "GET", ["batchJobStatus", tracking_id]:
                return self._respond(200, self._progress[tracking_id])
        return self._respond(404, b'{"code": "800037", "description": "There is nothing here."}')

    def set_latency(self, seconds: float) -> None:
        """Wait this long before each response but a token."""
        self._latency = seconds

    def uploads(self) -> dict[str, Counter[str]]:
        """Count the fingerprints of the uploads, by the batch that they were sent to."""
        return dict(self._uploads)

    def clear(self) -> None:
        """Forget all uploads and what was read: the next bodies are read again."""
        self._uploads.clear()
        self._remembered.clear()

    def _respond(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> Response:
        return Response(status, _JSON | (headers or {}), body, self._latency)

    def _accept(self, batch: str, body: bytes, customer: str) -> Response:
        try:
            devices, progress = self._read(body)
        except msgspec.DecodeError as error:
            return self._respond(400, json.dumps({"code": "3000", "description": str(error)}).encode())
        tracking_id = str(uuid4())
        self._uploads[batch][devices] += 1
        self._progress[tracking_id] = progress
        return self._respond(202, b"", {"Location": f"/customers/{customer}/batchJobStatus/{tracking_id}"})

    def _read(self, body: bytes) -> tuple[str, bytes]:
        """Return fingerprint and progress of a body; one that came not long ago is compared, which is faster."""
        for known, devices, progress in self._remembered:
            if known == body:
                return devices, progress
        read = _decoder.decode(body)
        devices, progress = _fingerprint(read), _finished(read)
        self._remembered.append((body, devices, progress))
        return devices, progress


def _finished(devices: list[_Device]) -> bytes:
    rows = [{"serialNumber": device.serial_number, "status": "finished"} for device in devices]
    return json.dumps({"batchTrackingId": str(uuid4()), "status": "finished", "devicesStatus": rows}).encode()


def _token() -> Response:
    document = {"access_token": TOKEN, "expires_on": str(int(time.time()) + 86_400), "token_type": "Bearer"}
    return Response(200, _JSON, json.dumps(document).encode())
