"""The floor: this app's calls up to `accepted` by http.client, and nothing else. No SDK, no parsing, no checks."""

import base64
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.client import HTTPConnection
from multiprocessing.connection import Connection
from threading import local

from bench.processes import serve
from bench.stand_ins.partner_center import TOKEN
from bench.work import Crew, Measure

_BLOB = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/json"}
_UPLOAD = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
_STATUS = json.dumps({"state": "accepted"}).ljust(1500).encode()


def run_floor(pipe: Connection, settings: Mapping[str, str]) -> None:
    """Make the calls until the pipe ends."""
    serve(pipe, Floor(settings))


class Floor:
    """Uploads manifests that are a JSON array of at most 1,000 devices, which is the body of an upload."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._ports = [int(settings[f"BENCH_{site}_PORT"]) for site in ("STORAGE", "API")]
        self._crew = Crew()
        self._per_thread = local()

    def land(self, names: Sequence[str], threads: int) -> Measure:
        """Handle manifests that have landed."""
        return self._crew.do(self._land, names, threads)

    def _land(self, name: str) -> None:
        if not hasattr(self._per_thread, "connections"):
            self._per_thread.connections = [HTTPConnection("127.0.0.1", port, timeout=60) for port in self._ports]
        storage, api = self._per_thread.connections
        blob, (customer, batch, _) = f"/blobs/manifests/{name}", name.split("/")
        manifest = _call(storage, "GET", blob)
        _call(storage, "PUT", f"{blob}.status.json", _STATUS, _BLOB)
        text = base64.b64encode(json.dumps({"manifest": name}).encode())
        message = b"<QueueMessage><MessageText>" + text + b"</MessageText></QueueMessage>"
        _call(storage, "POST", "/queues/wake-ups/messages?visibilitytimeout=4", message)
        _call(api, "POST", f"/v1/customers/{customer}/deviceBatches/{batch}/devices", manifest, _UPLOAD)
        _call(storage, "PUT", f"{blob}.status.json", _STATUS, _BLOB)


def _call(
    connection: HTTPConnection, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    connection.request(method, target, body, headers or {})
    with connection.getresponse() as response:
        content = response.read()
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        raise RuntimeError(f"{method} {target}: {response.status}")
    return content
