"""Somebody who may write into the container and the queue, and whose own calls Partner Center answers with anything."""

import base64
import json
import random
from typing import TYPE_CHECKING, Any, override

from requests.structures import CaseInsensitiveDict

from local.stand_ins.partner_center import PartnerCenter
from local.stand_ins.web import Request, Response
from shared.job.blob_names import results_of, status_of
from shared.job.plausibility import read
from shared.job.status_document import Job, encode
from shared.workflow.queue_messages import WakeUp, read_messages
from tests.fakes import Message
from tests.manifests import array, serials
from tests.world import CUSTOMER, World

if TYPE_CHECKING:
    from collections.abc import Callable

OTHER = "11111111-2222-3333-4444-555555555555"
CONTAINER = "manifests"

NOON = "2026-11-22T12:00:00Z"
MOMENTS = [
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2099-01-01T00:00:00Z",
    "2026-11-22T16:00:00+14:00",
    "now",
    None,
]
NUMBERS = [0, 1, -1, 2, 5, 1000, 10**6, 10**9, 10**18, -(10**30), 0.5]
TEXTS = ["", "..", "/", "a" * 5000, "\u4e00\r\nx: y", "\x00", '"0x1"', "=1+1", "0x1", "None", "../..", "processing"]
STATES = ["processing", "waiting", "accepted", "completed", "completed_with_errors", "rejected", "failed"]
ODD: list[Any] = [None, True, [], {}, [[]], [[1, 0]], [[[1, 0]], None], [1, 2], *MOMENTS, *NUMBERS, *TEXTS, *STATES]

BODIES = [
    b"",
    b"null",
    b"[" * 3000,
    b"<html>",
    b'{"code": "60003", "description": "No."}',
    b'{"status": "finished", "devicesStatus": []}',
    b'{"status": "processing", "devicesStatus": [{}, null, 1, {"errorCode": []}]}',
    b'{"status": -1e999, "devicesStatus": {"a": 1}}',
    b'{"location": "/customers/x/batchJobStatus/.."}',
    json.dumps({"links": {"self": {"uri": "x" * 5000}}}).encode(),
]
STATUSES = [200, 201, 202, 204, 301, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504]
HEADERS: dict[str, list[str]] = {
    "Retry-After": ["-1", "0", "9" * 30, "Fri, 31 Dec 9999 23:59:59 GMT", "soon", "1.5", "5"],
    "Location": ["", "..", "//", "/a/" + "b" * 4000, "http://[", "/customers/x/batchJobStatus/%2e%2e", "x"],
    "MS-CV": ["", "token 1", "c" * 9000],
    "Content-Type": ["text/html", "application/json; charset=utf-7"],
}


class Center(PartnerCenter):
    """Answers the neighbour's calls with anything, and those of all others as it should."""

    chance = random.Random(0)

    @override
    def answer(self, request: Request) -> Response:
        answer = super().answer(request)
        if OTHER not in request.path or self.chance.random() < 0.4:
            return answer
        headers = CaseInsensitiveDict(answer.headers)
        for name, values in HEADERS.items():
            if self.chance.random() < 0.4:
                headers[name] = self.chance.choice(values)
        body = self.chance.choice([answer.body, *BODIES])
        return Response(self.chance.choice([answer.status, *STATUSES]), headers, body)


class Neighbour:
    """Does one hostile thing after another."""

    def __init__(self, world: World, seed: int, honest: list[str]) -> None:
        self.random = random.Random(seed)
        self.names = [f"{OTHER}/Prod/{number}.json" for number in range(3)] + ["anywhere.json"]
        self._world = world
        self._honest = honest

    def act(self) -> None:
        """Do one thing."""
        kinds: list[Callable[[], None]] = [self._drop, self._forge, self._write_results, self._send, self._touch]
        self.random.choice(kinds)()

    def _drop(self) -> None:
        count = self.random.randint(0, 5)
        envelope = json.dumps(
            {"customerId": OTHER, "batchId": "Prod", "devices": json.loads(array(serials(count, 5000)))}
        )
        data = self.random.choice([array(serials(count, start=5000)), envelope.encode(), b"\x1f\x8b", b"[" * 999, b""])
        self._world.drop(data, self.random.choice(self.names))

    def _touch(self) -> None:
        """Set metadata on a manifest, perhaps of somebody else."""
        blobs, name = self._world.storage.blobs, self.random.choice([*self.names, *self._honest])
        if (blob := blobs.get(name)) and not blob.metadata:
            self._world.storage.put(name, blob.data, {"scanned": "clean"})
            blobs[name].created = blob.created

    def _forge(self) -> None:
        """Write a status next to a manifest of one's own, or where somebody else's is still to come."""
        blobs = self._world.storage.blobs
        free = [name for name in self._honest if name not in blobs and status_of(name) not in blobs]
        name = self.random.choice([*self.names, *free])
        self._world.storage.put(status_of(name), self._status(name, free=name in free), self._metadata())

    def _status(self, name: str, *, free: bool) -> bytes:
        kept = [encode(job) for job in self._world.storage.written[-20:]]
        if free or not kept or self.random.random() < 0.1:
            return self.random.choice([b"", b"{}", b"[" * 5000, b"null", b'{"schemaVersion": 2}', b"\xff", *kept])
        document: dict[str, Any] = json.loads(self.random.choice(kept)) if kept else {}
        document["manifest"] = name if self.random.random() < 0.7 else self.random.choice(self._honest)
        if self.random.random() < 0.8:
            document |= {"customerId": OTHER, "batchId": "Prod"}
        if self.random.random() < 0.6:
            self._reopen(document)
        for _ in range(self.random.choice([0, 0, 1, 2, 3])):
            self._distort(document)
        return json.dumps(document).encode()

    def _reopen(self, document: dict[str, Any]) -> None:
        """Let a job go on that is over."""
        state = self.random.choice(["processing", "waiting", "accepted"])
        document |= {"state": state, "final": False, "nextAttemptAt": None if state == "processing" else NOON}
        lease = {"owner": "x", "until": self.random.choice(MOMENTS[:3])} if state == "processing" else None
        document["internal"] = {**document.get("internal", {}), "lease": lease}
        if self.random.random() < 0.5:
            document["internal"]["judged"] = []
        if state != "accepted" and self.random.random() < 0.5:
            document |= {"uploads": [], "customerId": self.random.choice([None, OTHER, CUSTOMER])}
            document["internal"]["judged"] = []

    def _distort(self, place: Any) -> None:  # noqa: ANN401 - any part of a JSON document
        """Change one value somewhere below a place, most likely to one of its kind."""
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = self.random.choice(keys)
        if isinstance(place[key], dict | list) and self.random.random() < 0.8:
            self._distort(place[key])
        else:
            place[key] = self._odd(place[key])

    def _odd(self, value: object) -> object:
        if self.random.random() < 0.2:
            return self.random.choice(ODD)
        kinds: list[list[Any]] = [NUMBERS] if isinstance(value, int) else [MOMENTS, STATES, TEXTS]
        return self.random.choice(self.random.choice(kinds))

    def _metadata(self) -> dict[str, str]:
        due = self.random.choice(["", "0", "2026-11-22T16:00:00Z", "2099-01-01T00:00:00Z"])
        return {"state": "x", "due": due} if self.random.random() < 0.5 else {}

    def _write_results(self) -> None:
        """Write results next to any manifest that has not ended, perhaps with the run that its status names."""
        jobs = {name: self._job(name) for name in self._honest}
        name = self.random.choice([*self.names, *(name for name, job in jobs.items() if not (job and job.final))])
        job = self._job(name)
        run = str(job.internal.run) if job and self.random.random() < 0.7 else self.random.choice(TEXTS)
        self._world.storage.put(results_of(name), b"device\r\n=1+1", {"run": run})

    def _job(self, name: str) -> Job | None:
        status = self._world.storage.blobs.get(status_of(name))
        found = read(status.data, name) if status else None
        return found if isinstance(found, Job) else None

    def _send(self) -> None:
        """Put a message into the queue: a wake-up, an event, or nothing of the kind."""
        detour = f"{OTHER}/Prod/../../{self.random.choice(self._honest)}"
        name = self.random.choice([*self.names, *self._honest, "", "x.status.json", "n" * 1024, detour])
        due = self.random.choice([None, "2099-01-01T00:00:00Z", "0001-01-01T00:00:00Z"])
        landed = self.random.random() < 0.5
        wake_up = {"manifest": name, "due": due, "tries": self.random.choice([0, 1, 6, 99, -1]), "landed": landed}
        event = {"eventType": self.random.choice(TEXTS), "data": {"url": f"https://a.example/{CONTAINER}/{name}"}}
        body = json.dumps(self.random.choice([wake_up, event, [event] * 3, [wake_up], *ODD])).encode()
        body = base64.b64encode(body) if self.random.random() < 0.3 else body
        for found in read_messages(body, CONTAINER):
            if isinstance(found, WakeUp):
                self._world.queue.messages.append(Message(found.encode(), self._world.clock.now))
