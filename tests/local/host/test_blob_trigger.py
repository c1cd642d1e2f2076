import json
from datetime import timedelta

import pytest

from local.host.host import Host
from tests.local.host.sample import Starter, Storage, app, calls


def test_every_write_is_an_event_whatever_the_path_says(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("only/a.json", b"1")
    storage.events.upload_blob("elsewhere/50% #1 ü.status.json", b"2")
    runs = host.settle()
    assert sorted(calls("on_event")) == ["elsewhere/50% #1 ü.status.json", "only/a.json"]
    assert {(run.function, run.what, run.ok) for run in runs} == {
        ("on_event", "events/only/a.json", True),
        ("on_event", "events/elsewhere/50% #1 ü.status.json", True),
    }
    storage.events.upload_blob("only/a.json", b"1", overwrite=True)
    assert [run.what for run in host.settle()] == ["events/only/a.json"]


def test_a_delete_is_no_event(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("a", b"1")
    host.settle()
    storage.events.delete_blob("a")
    assert host.settle() == []


def test_what_was_there_before_the_first_start_raises_no_event(start: Starter, storage: Storage) -> None:
    storage.events.create_container()
    storage.events.upload_blob("old", b"1")
    assert start().settle() == []


def test_a_write_while_no_host_runs_is_found_at_the_next_start(start: Starter, storage: Storage) -> None:
    start().create_storage()
    storage.events.upload_blob("a", b"1")
    start()  # ends the first host, which has not looked
    assert [run.what for run in start().settle()] == ["events/a"]
    assert start().settle() == []


def test_each_nth_event_comes_twice_when_asked_for(start: Starter, storage: Storage) -> None:
    host = start(duplicate_every=2)
    host.create_storage()
    for name in ("a", "b", "c", "d"):
        storage.events.upload_blob(name, b"1")
    host.settle()
    assert sorted(calls("on_event")) == ["a", "b", "b", "c", "d", "d"]


def test_events_by_hand_run_all_at_once(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("meet", b"1")
    for _ in range(19):
        host.deliver("events", "meet")
    assert [run.ok for run in host.step()] == [True] * 20


def test_an_event_of_a_blob_that_is_gone_runs_nothing(host: Host) -> None:
    host.deliver("events", "gone")
    assert host.settle() == []
    assert calls("on_event") == []


def test_an_event_needs_a_container_that_is_watched(host: Host) -> None:
    with pytest.raises(ValueError, match=r"^no function watches the container others$"):
        host.deliver("others", "a")


@pytest.mark.parametrize(("container", "name"), [("events", "fail ü"), ("scanned", "in/fail")])
def test_a_blob_is_tried_five_times_and_reported(host: Host, storage: Storage, container: str, name: str) -> None:
    blob = storage.blobs.get_blob_client(container, name)
    etag = blob.upload_blob(b"1")["etag"]
    runs = host.settle()
    assert [(run.what, run.ok) for run in runs] == [(f"{container}/{name}", False)] * 5
    (message,) = storage.visible("webjobs-blobtrigger-poison")
    assert json.loads(message) == {
        "Type": "BlobTrigger",
        "FunctionId": f"Host.Functions.{runs[0].function}",
        "BlobType": "BlockBlob",
        "ContainerName": container,
        "BlobName": name,
        "ETag": etag,
    }
    assert etag.startswith('"0x')


def test_a_dead_worker_leaves_its_message_hidden(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("die", b"1")
    assert [run.result.error for run in host.settle()] == ["SystemExit: 3"]
    assert host.settle() == []
    host.unhide()
    assert [run.ok for run in host.settle()] == [True]
    assert host.settle() == []


def test_a_blob_comes_again_after_its_worker_died(start: Starter, storage: Storage) -> None:
    host = start(hidden=timedelta(seconds=1))
    host.create_storage()
    storage.events.upload_blob("die", b"1")
    assert [run.result.error for run in host.settle()] == ["SystemExit: 3"]
    host.run(until=app().survived)
    assert calls("on_event") == ["die", "die"]


def test_a_path_filters_and_each_content_runs_once(host: Host, storage: Storage) -> None:
    storage.scanned.upload_blob("in/a", b"one", metadata={"colour": "red"})
    storage.scanned.upload_blob("out/a", b"one")
    host.settle()
    assert host.settle() == []
    storage.scanned.upload_blob("in/a", b"two", overwrite=True)
    host.settle()
    assert calls("on_scan") == ["scanned/in/a", "scanned/in/a"]
    (first, content), (_, changed) = app().streams
    assert (content, changed) == (b"one", b"two")
    assert (first.length, first.metadata, first.uri) == (3, {"colour": "red"}, f"{storage.scanned.url}/in/a")


def test_looking_sees_what_was_there_first_but_once(start: Starter, storage: Storage) -> None:
    storage.scanned.create_container()
    storage.scanned.upload_blob("in/old", b"1")
    assert [run.what for run in start().settle()] == ["scanned/in/old"]
    assert start().settle() == []


def test_a_blob_that_changed_meanwhile_runs_for_its_newest_content_only(start: Starter, storage: Storage) -> None:
    host = start()
    host.create_storage()
    storage.scanned.upload_blob("in/a", b"old")
    works = [work for trigger in host.triggers for work in trigger.due()]
    storage.scanned.upload_blob("in/a", b"new", overwrite=True)
    assert [work() for work in works] == [None]
    host.settle()
    assert [content for _, content in app().streams] == [b"new"]
