"""The triggers of the function app: each turns its message into wake-ups and passes them to the workflow."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import azure.functions as func

from shared import bootstrap, event_log
from shared.config.settings import CONNECTION, POLLING
from shared.job.blob_names import is_manifest
from shared.storage.blob_binding import BlobName
from shared.workflow.queue_messages import (
    ForeignBlob,
    Found,
    WakeUp,
    read_messages,
    read_poisoned_blob,
)

app = func.FunctionApp()

# The one setting read at import: a binding cannot change later. An invalid value is reported with the other settings.
_source = os.environ.get("MANIFEST_TRIGGER_SOURCE", "")
_SOURCE = func.BlobSource.LOGS_AND_CONTAINER_SCAN if _source == POLLING else func.BlobSource.EVENT_GRID


@app.function_name("upload_manifest")
@app.blob_trigger("manifest", path="%MANIFEST_CONTAINER%/{name}", connection=CONNECTION, source=_SOURCE)
def upload_manifest(manifest: BlobName) -> None:
    """Start the job of a blob that has arrived; the binding has its name alone, and the workflow reads its content."""
    if is_manifest(manifest.text):
        # Unlike a queue message, an event has no count of deliveries: each may be a second one.
        bootstrap.app().workflow.advance(WakeUp(manifest.text, landed=True), again=True)


@app.function_name("resume_manifest")
@app.queue_trigger("message", queue_name="%WAKE_UP_QUEUE%", connection=CONNECTION)
def resume_manifest(message: func.QueueMessage) -> None:
    """Advance the manifests that a wake-up, or a message of Event Grid, names."""
    for wake_up in _wake_ups(message, read_messages):
        bootstrap.app().workflow.advance(wake_up, again=(message.dequeue_count or 1) > 1)


@app.function_name("rescue_manifest")
@app.queue_trigger("message", queue_name="webjobs-blobtrigger-poison", connection=CONNECTION)
def rescue_manifest(message: func.QueueMessage) -> None:
    """Advance a manifest whose event the host has given up after five failures."""
    _rescue(
        message,
        read_poisoned_blob,
        lambda name: event_log.log("manifest_rescued", level=logging.WARNING, manifest=name),
    )


@app.function_name("rescue_wake_up")
@app.queue_trigger("message", queue_name="%WAKE_UP_QUEUE%-poison", connection=CONNECTION)
def rescue_wake_up(message: func.QueueMessage) -> None:
    """Advance a manifest whose wake-up the host has given up after five failures."""
    _rescue(
        message,
        read_messages,
        lambda name: event_log.log("wake_up_rescued", level=logging.WARNING, manifest=name),
    )


@app.function_name("sweep")
@app.timer_trigger("timer", schedule="%SWEEP_SCHEDULE%")
def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Enqueue a wake-up for each overdue manifest, such as one whose event never came."""
    bootstrap.app().sweep.run()


type _Read = Callable[[bytes, str], list[Found]]


def _rescue(message: func.QueueMessage, read: _Read, log: Callable[[str], None]) -> None:
    with _reporting_faults(message):
        for wake_up in _wake_ups(message, read):
            # Each on its own: one manifest that cannot be advanced keeps no other back.
            with _reporting_faults(message):
                log(wake_up.manifest)
                bootstrap.app().workflow.advance(wake_up, again=True)


@contextmanager
def _reporting_faults(message: func.QueueMessage) -> Iterator[None]:
    """Never fail: the host retries a poison queue's messages every ten minutes for a week."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the sweep finds what is left, and the log has the reason
        event_log.log("rescue_failed", level=logging.ERROR, message_id=message.id, reason=type(error).__name__)


def _wake_ups(message: func.QueueMessage, read: _Read) -> list[WakeUp]:
    """Read what a message wakes; what is unreadable or about another container is reported and wakes nothing."""
    wake_ups = list[WakeUp]()
    for found in read(message.get_body(), bootstrap.app().settings.container):
        if isinstance(found, WakeUp):
            wake_ups.append(found)
        elif isinstance(found, ForeignBlob):
            event_log.log("message_foreign", level=logging.ERROR, container=found.container, manifest=found.name)
        else:
            event_log.log("message_unreadable", level=logging.ERROR, message_id=message.id, reason=found.reason)
    return wake_ups
