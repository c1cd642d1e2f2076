"""Each event comes by two ways, in the real host: by the function's webhook and by the queue, plain or in base64."""

import json
from base64 import b64encode
from datetime import timedelta

import pytest

from local.host.event_grid import Delivery, EventGrid
from local.stage import BATCH, CONTAINER, CUSTOMER
from shared.job.blob_names import results_of, status_of
from shared.job.status_document import State
from shared.workflow.sweep import YOUNGEST
from tests.manifests import array, serials
from tests.stories.conftest import Starter
from tests.stories.stage import Stage
from tests.stories.surroundings import NAME, QUEUE

AT_ONCE, LATE, NEVER = Delivery
QUARTERLY = {"SWEEP_SCHEDULE": "0 */15 * * * *"}
STEP = timedelta(minutes=5)
LONGEST_WAIT = timedelta(minutes=20)  # by the README
WEBHOOK, BY_QUEUE = "upload_manifest", "resume_manifest"
WAYS = {  # when each brings the event, whether the queue has it in base64, and who has it first
    "a webhook that refuses everything, plain": (NEVER, AT_ONCE, False, {BY_QUEUE}),
    "a webhook that refuses everything, base64": (NEVER, AT_ONCE, True, {BY_QUEUE}),
    "a queue that brings nothing": (AT_ONCE, NEVER, False, {WEBHOOK}),
    "the queue first, plain": (LATE, AT_ONCE, False, {BY_QUEUE}),
    "the queue first, base64": (LATE, AT_ONCE, True, {BY_QUEUE}),
    "the webhook first": (AT_ONCE, LATE, False, {WEBHOOK}),
    "both at once, plain": (AT_ONCE, AT_ONCE, False, {WEBHOOK, BY_QUEUE}),
    "both at once, base64": (AT_ONCE, AT_ONCE, True, {WEBHOOK, BY_QUEUE}),
}


def sent_once(stage: Stage, names: int) -> bool:
    return len(stage.uploads()) == names and set(stage.accepted().values()) == {1}


def swept(stage: Stage, name: str) -> timedelta:
    """Let time pass until a manifest has a status, and give the manifest's age."""
    landed = stage.container.get_blob_client(name).get_blob_properties().last_modified
    while status_of(name) not in stage.names():
        assert stage.time.now() - landed < 2 * LONGEST_WAIT, "the sweep finds nothing"
        stage.advance(STEP)
        stage.settle(lambda: status_of(name) in stage.names())
    return stage.time.now() - landed


@pytest.mark.parametrize(("webhook", "queue", "in_base64", "first"), WAYS.values(), ids=WAYS)
def test_whichever_way_brings_it_the_manifest_is_uploaded_once(
    start: Starter, webhook: Delivery, queue: Delivery, *, in_base64: bool, first: set[str]
) -> None:
    stage = start(events=EventGrid(webhook, queue, QUEUE, in_base64))
    stage.drop(array(serials(2)))
    stage.runs = stage.host.step()
    assert {run.function for run in stage.runs} == first
    assert stage.finish().state is State.COMPLETED
    stage.settle()
    assert sent_once(stage, 1)
    assert stage.names() == {NAME, status_of(NAME), results_of(NAME)}, "what the app writes comes by both ways, too"
    ran = [run.what for run in stage.runs if run.function == WEBHOOK]
    assert ran.count(f"{CONTAINER}/{NAME}") == (0 if webhook is NEVER else 1)


def test_what_comes_by_neither_way_is_found_by_the_sweep(start: Starter) -> None:
    stage = start(QUARTERLY, events=EventGrid(NEVER, NEVER, QUEUE))
    stage.drop(array(serials(2)))
    assert stage.work() == []
    assert YOUNGEST <= swept(stage, NAME) <= LONGEST_WAIT + STEP
    assert stage.finish().state is State.COMPLETED
    assert sent_once(stage, 1)


def envelope(first: int) -> bytes:
    devices = json.loads(array(serials(2, first)))
    return json.dumps({"customerId": CUSTOMER, "batchId": BATCH, "devices": devices}).encode()


def test_a_blob_whose_event_names_another_is_found_by_the_sweep_and_the_other_is_left_as_it_is(start: Starter) -> None:
    stage = start(QUARTERLY, events=EventGrid(AT_ONCE, NEVER, QUEUE))
    stage.drop(envelope(0))
    stage.finish()
    other = stage.document()
    odd = [f"/{NAME}", f"{NAME}/"]
    for number, name in enumerate(odd):
        stage.drop(envelope(10 * (number + 1)), name)
    stage.runs = stage.work()
    assert [run.what for run in stage.runs if run.what.endswith("laptops.json")] == [f"{CONTAINER}/{NAME}"] * len(odd)
    assert not stage.names() & {status_of(name) for name in odd}
    assert max(swept(stage, name) for name in odd) <= LONGEST_WAIT + STEP
    assert [stage.finish(name).state for name in odd] == [State.COMPLETED] * len(odd)
    assert stage.document() == other
    assert sent_once(stage, 1 + len(odd))


def event(url: str) -> dict[str, object]:
    return {"eventType": "Microsoft.Storage.BlobCreated", "subject": "ignored", "data": {"api": "PutBlob", "url": url}}


def put(stage: Stage, queue: str, document: object) -> None:
    """Put a message into a queue twice, plain and in base64."""
    text = json.dumps(document, indent=2)
    with stage.queues.get_queue_client(queue) as client:
        for content in (text, b64encode(text.encode()).decode()):
            client.send_message(content)


def test_each_queue_takes_its_messages_plain_and_in_base64_and_other_containers_wake_nothing(start: Starter) -> None:
    stage = start(events=EventGrid(NEVER, NEVER, QUEUE))
    stage.drop(array(serials(2)))
    for queue in (poison := f"{QUEUE}-poison", blobs := "webjobs-blobtrigger-poison"):
        stage.queues.create_queue(queue).close()
    url = stage.container.get_blob_client(NAME).url
    other = event(url.replace(f"/{CONTAINER}/", "/others/"))
    for queue in (QUEUE, poison):
        put(stage, queue, other)
        put(stage, queue, [other, event(f"{url}.status.json")])
    put(stage, blobs, {"ContainerName": "others", "BlobName": NAME})
    assert len(stage.work()) == 10
    assert stage.names() == {NAME}
    put(stage, QUEUE, [other, event(url)])
    put(stage, poison, event(url))
    put(stage, blobs, {"ContainerName": CONTAINER, "BlobName": NAME})
    assert stage.finish().state is State.COMPLETED
    assert sent_once(stage, 1)
