"""The triggers of the function app. Each translates its message into a wake-up and does nothing else."""

import logging
import os
from collections.abc import Callable

import azure.functions as func

from shared import bootstrap, event_log
from shared.config.settings import CONNECTION, POLLING
from shared.job.blob_names import is_manifest
from shared.storage.blob_binding import BlobName
from shared.workflow.wake_up import UnreadableMessageError, WakeUp, read_poisoned_blob, read_wake_up

app = func.FunctionApp()

# The one setting read at import: a binding cannot be changed later. A wrong value is reported with all other settings.
_source = os.environ.get("MANIFEST_TRIGGER_SOURCE", "")
_SOURCE = func.BlobSource.LOGS_AND_CONTAINER_SCAN if _source == POLLING else func.BlobSource.EVENT_GRID


@app.function_name("upload_manifest")
@app.blob_trigger("manifest", path="%MANIFEST_CONTAINER%/{name}", connection=CONNECTION, source=_SOURCE)
def upload_manifest(manifest: BlobName) -> None:
    """Take up a blob that has landed. The binding gives its name alone; its content is read once, with its ETag."""
    if is_manifest(manifest.text):
        bootstrap.app().workflow.advance(manifest.text, landed=True)


@app.function_name("resume_manifest")
@app.queue_trigger("message", queue_name="%WAKE_UP_QUEUE%", connection=CONNECTION)
def resume_manifest(message: func.QueueMessage) -> None:
    """Go on with a manifest for which it is time."""
    _advance(_read(message, read_wake_up))


@app.function_name("rescue_manifest")
@app.queue_trigger("message", queue_name="webjobs-blobtrigger-poison", connection=CONNECTION)
def rescue_manifest(message: func.QueueMessage) -> None:
    """Wake a blob's job that the host has given up; another path may have carried it on."""
    wake_up = _read(message, read_poisoned_blob)
    if wake_up:
        event_log.log("manifest_rescued", level=logging.WARNING, manifest=wake_up.manifest)
    _advance(wake_up)


@app.function_name("rescue_wake_up")
@app.queue_trigger("message", queue_name="%WAKE_UP_QUEUE%-poison", connection=CONNECTION)
def rescue_wake_up(message: func.QueueMessage) -> None:
    """Wake a job whose wake-up the host has given up."""
    wake_up = _read(message, read_wake_up)
    if wake_up:
        event_log.log("wake_up_rescued", level=logging.WARNING, manifest=wake_up.manifest)
    _advance(wake_up)


@app.function_name("sweep")
@app.timer_trigger("timer", schedule="%SWEEP_SCHEDULE%")
def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding's name
    """Wake whatever lies overdue: an event that never came is not a manifest lost."""
    bootstrap.app().sweep.run()


def _read(message: func.QueueMessage, read: Callable[[bytes], WakeUp]) -> WakeUp | None:
    try:
        return read(message.get_body())
    except UnreadableMessageError as error:
        event_log.log("message_unreadable", level=logging.ERROR, message_id=message.id, reason=str(error))
        return None


def _advance(wake_up: WakeUp | None) -> None:
    if wake_up:
        bootstrap.app().workflow.advance(wake_up.manifest, wake_up.due)
