"""The floor: this app's calls up to `accepted` by http.client, and nothing else. No SDK, no parsing, no checks."""

import base64
import json
from collections.abc import Mapping, Sequence

from bench.connections import Connection
from bench.stand_ins.partner_center import TOKEN
from bench.work import Crew, Measure

_BLOB = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/json"}
_UPLOAD = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
_STATUS = json.dumps({"state": "accepted"}).ljust(1500).encode()


class Floor:
    """Uploads manifests that are a JSON array of at most 1,000 devices, which is the body of an upload."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._storage, self._api = (Connection(settings[f"BENCH_{site}_PORT"]) for site in ("STORAGE", "API"))
        self._crew = Crew()

    def land(self, names: Sequence[str], threads: int) -> Measure:
        """Handle manifests that have landed."""
        return self._crew.do(self._land, names, threads)

    def _land(self, name: str) -> None:
        blob, (customer, batch, _) = f"/blobs/manifests/{name}", name.split("/")
        manifest = self._storage.call("GET", blob)
        self._storage.call("PUT", f"{blob}.status.json", _STATUS, _BLOB)
        text = base64.b64encode(json.dumps({"manifest": name}).encode())
        message = b"<QueueMessage><MessageText>" + text + b"</MessageText></QueueMessage>"
        self._storage.call("POST", "/queues/wake-ups/messages?visibilitytimeout=4", message)
        self._api.call("POST", f"/v1/customers/{customer}/deviceBatches/{batch}/devices", manifest, _UPLOAD)
        self._storage.call("PUT", f"{blob}.status.json", _STATUS, _BLOB)
