"""The triggers: what they are bound to, what they pass on, and what they leave alone."""

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest
from azure.storage.queue import QueueMessage

from local.host import inputs
from local.host.bindings import Binding, read_binding, resolve
from local.host.host_json import read_host_json
from local.host.runtime import Result, Runtime
from local.host.worker_messages import TypedData
from local.stage import APP
from shared.config.settings import SettingsError, read_settings
from shared.job.crashes import MOST_DEATHS
from shared.workflow.ports import StorageUnavailableError
from shared.workflow.queue_messages import WakeUp

NAME = "c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops.json"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Loader(Protocol):
    """Loads the app with these settings and no others."""

    def __call__(self, settings: Mapping[str, str]) -> Runtime: ...


@pytest.fixture
def raw_bindings(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the runtime tells the host of each trigger, as it tells it."""
    raw: list[dict[str, Any]] = []

    def remember(text: str) -> Binding:
        raw.append(json.loads(text))
        return read_binding(text)

    monkeypatch.setattr("local.host.runtime.read_binding", remember)
    return raw


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loader]:
    for name in ("ManifestStorage", "MANIFEST_CONTAINER", "WAKE_UP_QUEUE", "MANIFEST_TRIGGER_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("shared.bootstrap._app", None)
    with ExitStack() as running:

        def load(settings: Mapping[str, str]) -> Runtime:
            for name, value in settings.items():
                monkeypatch.setenv(name, value)
            return running.enter_context(Runtime(APP))

        yield load


@pytest.fixture
def runtime(load: Loader) -> Runtime:
    return load({})


def invoke(runtime: Runtime, name: str, given: inputs.Input) -> Result:
    return runtime.invoke(next(function for function in runtime.functions if function.name == name), given)


def land(runtime: Runtime, name: str) -> Result:
    return invoke(runtime, "upload_manifest", inputs.blob_reference("ManifestStorage", "manifests", name))


def receive(runtime: Runtime, function: str, text: str) -> Result:
    message = QueueMessage(content=text, id="id-1", inserted_on=NOON, expires_on=NOON, next_visible_on=NOON)
    message.dequeue_count, message.pop_receipt = 1, "receipt"
    return invoke(runtime, function, inputs.queue_message(message, text))


@pytest.mark.parametrize(
    ("setting", "source"),
    [("EventGrid", "EventGrid"), ("LogsAndContainerScan", "LogsAndContainerScan"), ("Polling", "EventGrid")],
)
def test_functions_are_bound_as_the_infrastructure_expects(
    load: Loader, raw_bindings: list[dict[str, Any]], setting: str, source: str
) -> None:
    runtime = load({"MANIFEST_TRIGGER_SOURCE": setting})
    told = ("type", "connection", "path", "source", "queueName", "schedule")
    bindings = [{name: raw[name] for name in told if name in raw} for raw in raw_bindings]
    queue = {"type": "queueTrigger", "connection": "ManifestStorage"}
    blob = {"type": "blobTrigger", "connection": "ManifestStorage", "path": "%MANIFEST_CONTAINER%/{name}"}
    assert dict(zip([function.name for function in runtime.functions], bindings, strict=True)) == {
        "upload_manifest": blob | {"source": source},
        "resume_manifest": queue | {"queueName": "%WAKE_UP_QUEUE%"},
        "rescue_manifest": queue | {"queueName": "webjobs-blobtrigger-poison"},
        "rescue_wake_up": queue | {"queueName": "%WAKE_UP_QUEUE%-poison"},
        "sweep": {"type": "timerTrigger", "schedule": "%SWEEP_SCHEDULE%"},
    }


def test_a_blob_comes_without_its_content(runtime: Runtime) -> None:
    triggers = {function.name: function.trigger for function in runtime.functions}
    assert triggers["upload_manifest"].properties.deferred


def test_without_a_setting_events_are_the_source(runtime: Runtime) -> None:
    assert runtime.functions[0].trigger.source == "EventGrid"


@pytest.mark.parametrize("suffix", [".status.json", ".results.csv"])
def test_what_the_app_itself_writes_needs_neither_settings_nor_storage(runtime: Runtime, suffix: str) -> None:
    assert land(runtime, f"{NAME}{suffix}") == Result()
    assert not land(runtime, NAME).ok


def test_missing_settings_are_told_all_at_once_by_the_first_invocation(load: Loader) -> None:
    error = land(load({"MANIFEST_TRIGGER_SOURCE": "Polling", "GIVE_UP_AFTER": "soon"}), NAME).error
    assert error
    assert error.startswith(f"{SettingsError.__name__}: App settings: ")
    assert set(re.findall(r"(\w+) is (?:missing|')", error)) == {
        "GIVE_UP_AFTER",
        "MANIFEST_CONTAINER",
        "MANIFEST_TRIGGER_SOURCE",
        "ManifestStorage__blobServiceUri",
        "ManifestStorage__queueServiceUri",
        "WAKE_UP_QUEUE",
    }


@dataclass
class RecordingApp:
    """Notes what it is asked for; it is its own workflow and sweep."""

    asked: list[tuple[object, ...]] = field(default_factory=list)
    broken: str = ""
    """The manifest whose steps fail."""

    @property
    def workflow(self) -> "RecordingApp":
        return self

    @property
    def sweep(self) -> "RecordingApp":
        return self

    @property
    def settings(self) -> "RecordingApp":
        return self

    container = "manifests"

    def advance(self, wake_up: WakeUp, *, again: bool) -> None:
        self.asked.append((wake_up, "again" if again else "first"))
        if wake_up.manifest == self.broken:
            raise StorageUnavailableError("down")

    def run(self) -> None:
        self.asked.append(("sweep",))


@pytest.fixture
def app(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> RecordingApp:
    assert runtime.functions
    recording = RecordingApp()
    monkeypatch.setattr("shared.bootstrap._app", recording)
    return recording


@pytest.mark.parametrize("name", [NAME, "a b/#1/50% ü 東京.json", "ü" * 1012])
def test_triggers_pass_the_name_on_as_it_is(runtime: Runtime, app: RecordingApp, name: str) -> None:
    wake_up = json.dumps({"manifest": name, "due": "2026-11-22T12:00:00Z"})
    assert land(runtime, name).ok
    assert receive(runtime, "resume_manifest", wake_up).ok
    assert receive(runtime, "rescue_wake_up", wake_up).ok
    poisoned = {"ContainerName": "manifests", "BlobName": name, "ETag": '"0x1"'}
    assert receive(runtime, "rescue_manifest", json.dumps(poisoned)).ok
    assert app.asked == [
        (WakeUp(name, landed=True), "again"),
        (WakeUp(name, NOON), "first"),
        (WakeUp(name, NOON), "again"),
        (WakeUp(name, landed=True), "again"),
    ]


def test_a_host_that_sends_the_content_is_understood_all_the_same(runtime: Runtime, app: RecordingApp) -> None:
    metadata = {"BlobTrigger": TypedData(string=f"manifests/{NAME}")}
    assert invoke(runtime, "upload_manifest", inputs.Input(TypedData(bytes=b"[]"), metadata)).ok
    assert app.asked == [(WakeUp(NAME, landed=True), "again")]


def test_a_tick_sweeps(runtime: Runtime, app: RecordingApp) -> None:
    assert invoke(runtime, "sweep", inputs.timer(NOON, NOON, past_due=False)).ok
    assert app.asked == [("sweep",)]


@pytest.mark.parametrize(
    ("function", "text", "event"),
    [
        ("rescue_manifest", json.dumps({"ContainerName": "manifests", "BlobName": NAME}), "manifest_rescued"),
        ("rescue_wake_up", json.dumps({"manifest": NAME}), "wake_up_rescued"),
        ("resume_manifest", json.dumps({"manifest": NAME}), None),
    ],
)
def test_a_message_that_the_host_gave_up_is_logged(
    runtime: Runtime, app: RecordingApp, caplog: pytest.LogCaptureFixture, function: str, text: str, event: str | None
) -> None:
    assert receive(runtime, function, text).ok
    logged = [record.__dict__ for record in caplog.records if record.name == "manifests"]
    expected = [(logging.WARNING, event, NAME)] if event else []
    assert [(one["levelno"], one["event"], one["manifest"]) for one in logged] == expected
    assert len(app.asked) == 1


@pytest.mark.parametrize("function", ["resume_manifest", "rescue_manifest", "rescue_wake_up"])
def test_an_unreadable_message_is_logged_and_dropped(
    runtime: Runtime, app: RecordingApp, caplog: pytest.LogCaptureFixture, function: str
) -> None:
    texts = ["", "not JSON", "[5]", "{}", '{"manifest": 5}', '{"BlobName": null}']
    assert [text for text in texts if not receive(runtime, function, text).ok] == []
    logged = [record.__dict__ for record in caplog.records if record.name == "manifests"]
    assert [(one["levelno"], one["event"], one["message_id"]) for one in logged] == [
        (logging.ERROR, "message_unreadable", "id-1")
    ] * len(texts)
    assert app.asked == []


@pytest.mark.parametrize("function", ["resume_manifest", "rescue_manifest", "rescue_wake_up"])
def test_a_message_about_another_container_is_logged_and_wakes_nothing(
    runtime: Runtime, app: RecordingApp, caplog: pytest.LogCaptureFixture, function: str
) -> None:
    poisoned = {"ContainerName": "other", "BlobName": NAME}
    event = {"eventType": "Microsoft.Storage.BlobCreated", "data": {"url": f"https://a.example/other/{NAME}"}}
    assert receive(runtime, function, json.dumps(poisoned if function == "rescue_manifest" else event)).ok
    [logged] = [record.__dict__ for record in caplog.records if record.name == "manifests"]
    assert (logged["event"], logged["levelno"]) == ("message_foreign", logging.ERROR)
    assert (logged["container"], logged["manifest"]) == ("other", NAME)
    assert app.asked == []


@pytest.mark.parametrize("function", ["rescue_manifest", "rescue_wake_up"])
def test_a_rescuer_never_fails(
    runtime: Runtime, app: RecordingApp, caplog: pytest.LogCaptureFixture, function: str
) -> None:
    app.broken = NAME
    poisoned = {"ContainerName": "manifests", "BlobName": NAME}
    assert receive(runtime, function, json.dumps(poisoned if function == "rescue_manifest" else {"manifest": NAME})).ok
    events = [record.__dict__["event"] for record in caplog.records if record.name == "manifests"]
    assert events[1:] == ["rescue_failed"]


def test_a_rescuer_never_fails_even_without_settings(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("shared.bootstrap._app", None)
    monkeypatch.delenv("ManifestStorage", raising=False)
    assert receive(runtime, "rescue_wake_up", json.dumps({"manifest": NAME})).ok
    assert [record.__dict__["event"] for record in caplog.records if record.name == "manifests"] == ["rescue_failed"]


def test_a_manifest_that_cannot_be_rescued_keeps_no_other_back(runtime: Runtime, app: RecordingApp) -> None:
    app.broken = NAME
    urls = [f"https://a.example/manifests/{name}" for name in (NAME, "other/Test/file.csv")]
    events = [{"eventType": "Microsoft.Storage.BlobCreated", "data": {"url": url}} for url in urls]
    assert receive(runtime, "rescue_wake_up", json.dumps(events)).ok
    woken = [getattr(wake_up, "manifest", None) for wake_up, _ in app.asked]
    assert woken == [NAME, "other/Test/file.csv"]


def test_an_import_does_no_work() -> None:
    command = [sys.executable, "-m", "tests.stories.lonely_import"]
    done = subprocess.run(command, cwd=APP, capture_output=True, text=True, timeout=50, check=False)  # noqa: S603 - the module above
    assert (done.returncode, done.stdout) == (0, "MANIFEST_TRIGGER_SOURCE"), done.stderr


def test_the_host_tries_as_often_as_the_app_counts_on() -> None:
    extensions = read_host_json(APP).extensions
    assert extensions.blobs.poison_blob_threshold == extensions.queues.max_dequeue_count == MOST_DEATHS
    assert extensions.queues.message_encoding == "none", "what Event Grid writes may be plain"
    document = json.loads((APP / "host.json").read_bytes())
    assert document["extensionBundle"] == {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.*, 5.0.0)",
    }


def test_the_sample_settings_are_all_that_a_start_needs(load: Loader) -> None:
    sample = json.loads((APP / "local.settings.sample.json").read_bytes())
    values: dict[str, str] = sample["Values"]
    assert sample["IsEncrypted"] is False
    assert values["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert "AzureWebJobsStorage" in values  # the timer keeps its schedule there
    settings = read_settings(values)
    assert settings.trigger_source == "LogsAndContainerScan"  # the emulator sends no events
    for function in load(values).functions:
        trigger = function.trigger
        assert trigger.connection in values
        for text in (trigger.path, trigger.queue_name, trigger.schedule):
            assert "%" not in resolve(text, values)
