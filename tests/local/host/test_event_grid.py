"""Two subscriptions of one topic: the webhook of the blob trigger, and the queue."""

import base64
import json
from pathlib import Path

import pytest

from local.host.event_grid import Delivery, EventGrid
from local.host.host import Host
from tests.local.host.sample import Starter, Storage, calls, sample_with_queues

AT_ONCE, LATE, NEVER = Delivery


def open_host(start: Starter, events: EventGrid) -> Host:
    events.queue_name = "work"
    host = start(events=events)
    host.create_storage()
    return host


def functions(host: Host) -> list[list[str]]:
    """The functions that ran, step by step."""
    steps = []
    while runs := host.step():
        steps.append(sorted(run.function for run in runs))
    return steps


def test_each_nth_event_comes_twice_when_asked_for(start: Starter, storage: Storage) -> None:
    host = open_host(start, EventGrid(queue=AT_ONCE, queue_in_base64=True, duplicate_every=2))
    for name in ("a", "b", "c", "d"):
        storage.events.upload_blob(name, b"1")
    host.settle()
    assert sorted(calls("on_event")) == ["a", "b", "b", "c", "d", "d"]
    assert len(calls("on_message")) == 6


SWITCHES = {
    "the webhook alone": (AT_ONCE, NEVER, [["on_event"]]),
    "a webhook that refuses everything": (NEVER, AT_ONCE, [["on_message"]]),
    "the queue first": (LATE, AT_ONCE, [["on_message"], ["on_event"]]),
    "the webhook first": (AT_ONCE, LATE, [["on_event"], ["on_message"]]),
    "both at once": (AT_ONCE, AT_ONCE, [["on_event", "on_message"]]),
    "the webhook late and alone": (LATE, NEVER, [["on_event"]]),
    "neither": (NEVER, NEVER, []),
}


@pytest.mark.parametrize(("webhook", "queue", "expected"), SWITCHES.values(), ids=SWITCHES)
def test_the_switches_decide_what_comes_and_when(
    start: Starter, storage: Storage, webhook: Delivery, queue: Delivery, expected: list[list[str]]
) -> None:
    host = open_host(start, EventGrid(webhook, queue, queue_in_base64=True))
    storage.events.upload_blob("a", b"1")
    assert functions(host) == expected


def test_a_late_event_comes_after_every_try_of_the_other(start: Starter, storage: Storage) -> None:
    host = open_host(start, EventGrid(LATE, AT_ONCE, queue_in_base64=True))
    storage.events.upload_blob("fail", b"1")
    assert functions(host) == [["on_message"]] * 5 + [["on_poison"]] + [["on_event"]] * 5


def test_a_switch_may_change_while_the_host_runs(start: Starter, storage: Storage) -> None:
    events = EventGrid(NEVER, NEVER)
    host = open_host(start, events)
    storage.events.upload_blob("a", b"1")
    assert host.settle() == []
    events.webhook = AT_ONCE
    storage.events.upload_blob("b", b"1")
    host.settle()
    assert calls("on_event") == ["b"]


@pytest.mark.parametrize("in_base64", [False, True])
def test_the_queue_holds_the_event_plain_or_in_base64(
    start: Starter, storage: Storage, tmp_path: Path, *, in_base64: bool
) -> None:
    events = EventGrid(NEVER, AT_ONCE, queue_name="work", queue_in_base64=in_base64)
    host = start(sample_with_queues(tmp_path, messageEncoding="none"), events=events)
    host.create_storage()
    name = "elsewhere//50% #1 ü/"
    etag = storage.events.upload_blob(name, b"1").get_blob_properties().etag
    host.settle()
    (text,) = calls("on_message")
    event = json.loads(base64.b64decode(text) if in_base64 else text)
    assert event["eventType"] == "Microsoft.Storage.BlobCreated"
    assert event["subject"] == f"/blobServices/default/containers/events/blobs/{name}"
    assert event["data"]["url"] == storage.events.get_blob_client(name).url
    assert event["data"]["eTag"] == etag.strip('"')
