"""Storage that answers nothing does not hold a function up: the SDK's retries are bounded."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from azure.core.exceptions import AzureError, ServiceRequestError
from azure.core.pipeline.transport import HttpRequest, HttpTransport, RequestsTransport

from shared import bootstrap
from shared.config.settings import read_settings
from shared.workflow.ports import StatusUnavailableError, StorageUnavailableError
from shared.workflow.queue_messages import WakeUp
from tests.stories.surroundings import NAME

DEAD = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=aaaa;" + "".join(
    f"{service}Endpoint=http://127.0.0.1:9/a;" for service in ("Blob", "Queue")
)
STORAGE_CALLS: dict[str, Callable[[bootstrap.App], object]] = {
    "load": lambda app: app.storage.load(NAME),
    "properties": lambda app: app.storage.properties(NAME),
    "open": lambda app: app.storage.open(NAME),
    "send": lambda app: app.wake_ups.send(WakeUp(NAME), timedelta(0)),
}


@pytest.mark.parametrize("call", STORAGE_CALLS.values(), ids=STORAGE_CALLS)
def test_a_dead_endpoint_is_given_up_within_30_seconds(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[bootstrap.App], object]
) -> None:
    spent: list[float] = []

    def vanish(wire: RequestsTransport, _request: HttpRequest, **options: float) -> None:
        spent.append(options.get("connection_timeout", wire.connection_config.timeout))
        raise ServiceRequestError("no route")

    monkeypatch.setattr(RequestsTransport, "send", vanish)
    monkeypatch.setattr(HttpTransport, "sleep", lambda _, seconds: spent.append(seconds))
    settings = {"ManifestStorage": DEAD, "MANIFEST_CONTAINER": "manifests", "WAKE_UP_QUEUE": "wake-ups"}
    app = bootstrap.App(read_settings(settings))
    with pytest.raises((AzureError, StatusUnavailableError, StorageUnavailableError)):
        call(app)
    app.tokens.close()
    assert len(spent) == 5  # three tries, two pauses
    assert 10 < sum(spent) < 30
