import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import requests

CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
UNKNOWN = "9d3a7b40-6c1e-4f5d-8b2a-0e4c7f91d6aa"
OTHER_CUSTOMER = "0f6e1c5a-3d57-4e0b-8a55-2f1f0a9d7c11"
BATCHES = ("Test", "Test batch", "50% off #1", "100%25", "Zürich/日本", "a+b&c=d?e", ";:@,~")
BODY = [{"hardwareHash": "DummyHash1234"}]


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 22, 16, tzinfo=UTC)
    when_asked: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        self.when_asked()
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Caller:
    url: str
    session: requests.Session = field(default_factory=requests.Session)
    timeout: float = 10

    def post(self, path: str, body: object, **headers: str | None) -> requests.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", path, data=data, **headers)

    def call(self, method: str, path: str, data: bytes | None = None, **headers: str | None) -> requests.Response:
        usual: dict[str, str | None] = {
            "Authorization": "Bearer app",
            "Accept": "application/json",
            "Content-Type": "application/json",
            "MS-RequestId": str(uuid4()),
            "MS-CorrelationId": str(uuid4()),
        }
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(
            method, self.url + path, data=data, headers=usual | given, timeout=self.timeout, allow_redirects=False
        )

    def upload(self, body: object = BODY, batch: str = "Test", **headers: str | None) -> requests.Response:
        return self.post(f"/v1/customers/{CUSTOMER}/deviceBatches/{quote(batch, safe='')}/devices", body, **headers)

    def details(self, accepted: requests.Response) -> dict[str, Any]:
        answer = self.call("GET", "/v1" + accepted.headers["Location"])
        assert answer.status_code == 200
        details: dict[str, Any] = answer.json()
        return details
