"""A function of each kind of trigger, which remembers what it was given and does what a name or message asks for."""

import sys
from threading import Barrier, Event

import azure.functions as func
from azure.functions import BlobSource

from shared.storage.blob_binding import BlobName

SCAN = BlobSource.LOGS_AND_CONTAINER_SCAN

app = func.FunctionApp()
calls: list[tuple[str, str]] = []
contexts: list[func.Context] = []
streams: list[tuple[func.InputStream, bytes]] = []
messages: list[func.QueueMessage] = []
ticks: list[func.TimerRequest] = []
meeting = Barrier(20)
survived = Event()


def obey(function: str, wish: str) -> None:
    calls.append((function, wish))
    if "fail" in wish:
        raise ValueError(f"asked to fail by {wish}")
    if "always die" in wish or ("die" in wish and calls.count((function, wish)) == 1):
        sys.exit(3)
    if "die" in wish:
        survived.set()
    if "meet" in wish:
        meeting.wait(10)


@app.function_name("on_event")
@app.blob_trigger(arg_name="blob", path="%EVENTS%/{name}", connection="Data", source=BlobSource.EVENT_GRID)
def on_event(blob: BlobName, context: func.Context) -> None:
    contexts.append(context)
    obey("on_event", blob.text)


@app.function_name("on_scan")
@app.blob_trigger(arg_name="stream", path="%SCANNED%/in/{name}", connection="Data", source=SCAN)
def on_scan(stream: func.InputStream) -> None:
    streams.append((stream, stream.read()))
    obey("on_scan", str(stream.name))


@app.function_name("on_message")
@app.queue_trigger(arg_name="message", queue_name="%WORK%", connection="Data")
def on_message(message: func.QueueMessage) -> None:
    messages.append(message)
    obey("on_message", message.get_body().decode())


@app.function_name("on_poison")
@app.queue_trigger(arg_name="message", queue_name="%WORK%-poison", connection="Data")
def on_poison(message: func.QueueMessage) -> None:
    obey("on_poison", message.get_body().decode().replace("fail, then ", ""))


@app.function_name("on_tick")
@app.timer_trigger(arg_name="timer", schedule="%TICKS%")
def on_tick(timer: func.TimerRequest) -> None:
    ticks.append(timer)
    obey("on_tick", "tick")
