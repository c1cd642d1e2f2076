import base64
import json
from pathlib import Path

import pytest

from local.host.host import Host
from tests.local.host.sample import Starter, Storage, app, calls, sample_with_queues


def test_a_message_runs_once_and_is_deleted(host: Host, storage: Storage) -> None:
    storage.send('{"manifest": "ü"}')
    (run,) = host.settle()
    assert run.ok
    assert calls("on_message") == ['{"manifest": "ü"}']
    (message,) = app().messages
    assert (message.dequeue_count, message.id) == (1, run.what.removeprefix("work/"))
    assert message.insertion_time < message.time_next_visible < message.expiration_time
    assert storage.count("work") == 0


def test_a_delayed_message_waits(host: Host, storage: Storage) -> None:
    storage.work.send_message(base64.b64encode(b"later").decode(), visibility_timeout=60)
    assert host.settle() == []


def test_a_message_is_tried_five_times_then_moved(host: Host, storage: Storage) -> None:
    storage.send("fail, then rest")
    host.settle()
    assert calls("on_message") == ["fail, then rest"] * 5
    assert calls("on_poison") == ["rest"]
    assert storage.queue_names() == {"work", "work-poison"}


def test_a_message_that_fails_in_a_poison_queue_stays_there_hidden(host: Host, storage: Storage) -> None:
    storage.send("fail")
    host.settle()
    assert calls("on_poison") == ["fail"]
    assert (storage.visible("work-poison"), storage.count("work-poison")) == ([], 1)
    for _ in range(6):
        host.unhide()
        host.settle()
    assert calls("on_poison") == ["fail"] * 5
    assert (storage.visible("work-poison"), storage.count("work-poison")) == ([], 1)
    assert storage.queue_names() == {"work", "work-poison"}


UNDECODABLE = {"no base64": "{not base64}", "no UTF-8": base64.b64encode(b"\xff\xfe").decode()}


@pytest.mark.parametrize("content", UNDECODABLE.values(), ids=UNDECODABLE)
def test_a_message_that_is_no_base64_of_utf_8_is_moved_as_it_is_and_stays_in_the_poison_queue(
    host: Host, storage: Storage, content: str
) -> None:
    storage.work.send_message(content)
    for _ in range(6):
        assert host.settle() == []
        host.unhide()
    assert (storage.count("work"), storage.count("work-poison")) == (0, 1)
    (message,) = storage.queues.get_queue_client("work-poison").peek_messages()
    assert message.content == content


def test_without_encoding_a_function_gets_the_text_as_it_lies_there(
    start: Starter, storage: Storage, tmp_path: Path
) -> None:
    host = start(sample_with_queues(tmp_path, messageEncoding="none"))
    host.create_storage()
    for content in UNDECODABLE.values():
        storage.work.send_message(content)
    assert all(run.ok for run in host.settle())
    assert set(calls("on_message")) == set(UNDECODABLE.values())


def test_without_encoding_the_messages_about_blobs_stay_base64(
    start: Starter, storage: Storage, tmp_path: Path
) -> None:
    host = start(sample_with_queues(tmp_path, messageEncoding="none"))
    host.create_storage()
    storage.events.upload_blob("fail", b"1")
    assert len(host.settle()) == 5
    (message,) = storage.visible("webjobs-blobtrigger-poison")
    assert json.loads(message)["BlobName"] == "fail"


def test_a_message_whose_worker_ended_comes_back_and_that_is_a_try(host: Host, storage: Storage) -> None:
    storage.send("die")
    assert [run.result.error for run in host.settle()] == ["SystemExit: 3", None]
    assert [message.dequeue_count for message in app().messages] == [1, 2]


def test_a_message_whose_worker_ended_waits_as_long_as_host_json_says(
    start: Starter, storage: Storage, tmp_path: Path
) -> None:
    host = start(sample_with_queues(tmp_path, visibilityTimeout="00:01:00"))
    host.create_storage()
    storage.send("die")
    assert len(host.settle()) == 1
    assert (storage.visible("work"), storage.count("work")) == ([], 1)


def test_a_message_whose_instance_went_too_often_is_moved_without_a_run(start: Starter, storage: Storage) -> None:
    host = start()
    host.create_storage()
    storage.send("a")
    for _ in range(5):
        (message,) = storage.work.receive_messages(visibility_timeout=600)
        storage.work.update_message(message.id, message.pop_receipt, visibility_timeout=0)
    assert [run.function for run in host.settle()] == ["on_poison"]
    assert calls("on_poison") == ["a"]


def test_host_json_decides_about_queues(start: Starter, storage: Storage, tmp_path: Path) -> None:
    options = {"batchSize": 2, "maxDequeueCount": 1, "visibilityTimeout": "00:01:00", "messageEncoding": "none"}
    host = start(sample_with_queues(tmp_path, **options))
    host.create_storage()
    for text in ("fail, then rest", "b", "c"):
        storage.work.send_message(text)
    assert len(host.step()) == 2
    host.settle()
    assert sorted(calls("on_message")) == ["b", "c", "fail, then rest"]
    assert calls("on_poison") == ["rest"]


def test_a_failure_hides_a_message_as_long_as_host_json_says(start: Starter, storage: Storage, tmp_path: Path) -> None:
    host = start(sample_with_queues(tmp_path, visibilityTimeout="00:01:00"))
    host.create_storage()
    storage.send("fail")
    assert len(host.settle()) == 1
