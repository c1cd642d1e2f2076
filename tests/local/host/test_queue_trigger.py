import base64
import json
import shutil
from pathlib import Path

from local.host.host import Host
from tests.local.host.sample import SAMPLE, Starter, Storage, app, calls


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


def test_a_message_that_is_not_base64_is_moved_unseen(host: Host, storage: Storage) -> None:
    storage.work.send_message("{not base64}")
    assert host.settle() == []
    assert (storage.count("work"), storage.count("work-poison")) == (0, 1)


def test_a_message_whose_worker_died_too_often_is_moved_without_a_run(start: Starter, storage: Storage) -> None:
    host = start()
    host.create_storage()
    storage.send("a")
    for _ in range(5):
        (message,) = storage.work.receive_messages(visibility_timeout=600)
        storage.work.update_message(message.id, message.pop_receipt, visibility_timeout=0)
    assert [run.function for run in host.settle()] == ["on_poison"]
    assert calls("on_poison") == ["a"]


def test_host_json_decides_about_queues(start: Starter, storage: Storage, tmp_path: Path) -> None:
    shutil.copy(SAMPLE / "function_app.py", tmp_path)
    options = {"batchSize": 2, "maxDequeueCount": 1, "visibilityTimeout": "00:01:00", "messageEncoding": "none"}
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0", "extensions": {"queues": options}}))
    host = start(tmp_path)
    host.create_storage()
    for text in ("fail, then rest", "b", "c"):
        storage.work.send_message(text)
    assert len(host.step()) == 2
    host.settle()
    assert sorted(calls("on_message")) == ["b", "c", "fail, then rest"]
    assert calls("on_poison") == ["rest"]


def test_a_failure_hides_a_message_as_long_as_host_json_says(start: Starter, storage: Storage, tmp_path: Path) -> None:
    shutil.copy(SAMPLE / "function_app.py", tmp_path)
    queues = {"extensions": {"queues": {"visibilityTimeout": "00:01:00"}}}
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0"} | queues))
    host = start(tmp_path)
    host.create_storage()
    storage.send("fail")
    assert len(host.settle()) == 1
