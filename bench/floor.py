"""The floor: this app's exchanges by http.client, with bytes prepared beforehand. No SDK, no parsing."""

import json
import re
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPResponse
from multiprocessing.connection import Connection
from threading import local
from typing import NamedTuple

from bench.processes import obey
from bench.recording import Exchange, Life, kind_of
from bench.work import Crew, Measure, peak_memory

_NOT_REPEATED = {"host", "connection", "content-length", "accept-encoding", "transfer-encoding"}
_MESSAGE = re.compile(rb"<MessageId>([^<]*)<")
_TEXT = 65_536  # no body that names its manifest is larger


class Prepared(NamedTuple):
    """One request, ready but for what an earlier answer tells."""

    service: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int


class Replay(NamedTuple):
    """A turn of one manifest's life."""

    manifest: str
    requests: list[Prepared]


def run_floor(pipe: Connection, lives: Mapping[str, Life], settings: Mapping[str, str]) -> None:
    """Repeat recorded lives until the pipe ends."""
    obey(pipe, Floor(lives, settings))


class Floor:
    """Repeats the exchanges of recorded lives under other names; ``lives`` go by the kind that names begin with."""

    def __init__(self, lives: Mapping[str, Life], settings: Mapping[str, str]) -> None:
        self._lives = lives
        self._ports = {"storage": int(settings["BENCH_STORE_PORT"]), "api": int(settings["BENCH_CENTER_PORT"])}
        self._crew = Crew()
        self._per_thread = local()
        self._tracking: dict[str, str] = {}
        self._messages: dict[str, str] = {}

    def land(self, names: Sequence[str], threads: int) -> Measure:
        """Repeat what happens when manifests land."""
        return self._crew.do(self._replay, [self._prepared(name, 0) for name in names], threads)

    def follow(self, messages: Sequence[str], threads: int) -> Measure:
        """Repeat wake-ups, each named by its manifest and turn."""
        told = map(json.loads, messages)
        return self._crew.do(self._replay, [self._prepared(each["manifest"], each["turn"]) for each in told], threads)

    def peak_memory(self) -> int:
        """Tell the most bytes of memory that the process has had so far."""
        return peak_memory()

    def _prepared(self, name: str, turn: int) -> Replay:
        life = self._lives[kind_of(name)]
        return Replay(name, [_prepared(exchange, life.manifest, name) for exchange in life.turns[turn]])

    def _replay(self, replay: Replay) -> None:
        etags: dict[str, str] = {}
        for request in replay.requests:
            path = request.target.partition("?")[0]
            response, body = self._ask(request, replay.manifest, etags.get(path))
            if response.status != request.status:
                raise RuntimeError(f"{request.method} {path}: {response.status} and not {request.status}")
            etags[path] = response.headers.get("ETag", "")
            location = response.headers.get("Location")
            if location:
                self._tracking[replay.manifest] = location.rpartition("/")[2]
            if message := _MESSAGE.search(body):
                self._messages[replay.manifest] = message[1].decode()

    def _ask(self, request: Prepared, manifest: str, etag: str | None) -> tuple[HTTPResponse, bytes]:
        headers, target = request.headers, request.target
        if "if-match" in headers:
            headers = headers | {"if-match": etag or headers["if-match"]}
        if "/batchJobStatus/" in target:
            target = f"{target.rpartition('/')[0]}/{self._tracking[manifest]}"
        if "/messages/" in target:
            before, _, after = target.partition("?")
            target = f"{before.rpartition('/')[0]}/{self._messages[manifest]}?{after}"
        connection = self._connection(request.service)
        connection.request(request.method, target, request.body, headers)
        with connection.getresponse() as response:
            return response, response.read()

    def _connection(self, service: str) -> HTTPConnection:
        kept: dict[str, HTTPConnection] = self._per_thread.__dict__
        if service not in kept:
            kept[service] = HTTPConnection("127.0.0.1", self._ports[service], timeout=60)
        return kept[service]


def _prepared(exchange: Exchange, recorded: str, name: str) -> Prepared:
    """Give an exchange another manifest's name, which is as long as the recorded one's."""
    method, target, headers, body = exchange.request.method, exchange.request.target, *_rest(exchange)
    old_batch, new_batch = recorded.split("/")[1], name.split("/")[1]
    target = target.replace(recorded, name).replace(f"/deviceBatches/{old_batch}/", f"/deviceBatches/{new_batch}/")
    if len(body) < _TEXT and exchange.service == "storage":
        body = body.replace(recorded.encode(), name.encode())
    return Prepared(exchange.service, method, target, headers, body, exchange.status)


def _rest(exchange: Exchange) -> tuple[dict[str, str], bytes]:
    headers = {name: value for name, value in exchange.request.headers.items() if name not in _NOT_REPEATED}
    return headers, exchange.request.body
