import json
from datetime import timedelta

import pytest

from local.azurite import Azurite
from local.host.blob_message import BlobMessage
from local.host.host import Host
from local.host.runtime import Runtime
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


def test_events_by_hand_run_all_at_once(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("meet", b"1")
    for _ in range(19):
        host.deliver("events", "meet")
    assert [run.ok for run in host.step()] == [True] * 20


def test_an_event_of_a_blob_that_is_gone_runs_nothing(host: Host) -> None:
    host.deliver("events", "gone")
    assert host.settle() == []
    assert calls("on_event") == []


NOT_FITTING = {
    "another container": ("events", "others", "a"),
    "another folder": ("events/only", "events", "elsewhere/a"),
}


@pytest.mark.parametrize(("path", "container", "name"), NOT_FITTING.values(), ids=NOT_FITTING)
def test_an_event_that_does_not_fit_the_path_is_tried_five_times_without_a_run(
    start: Starter, storage: Storage, monkeypatch: pytest.MonkeyPatch, path: str, container: str, name: str
) -> None:
    monkeypatch.setenv("EVENTS", path)
    with storage.blobs.create_container(container) as client:
        client.upload_blob(name, b"1")
    host = start()
    host.deliver(container, name)
    error = f"{container}/{name} does not fit the path of the trigger"
    assert [(run.what, run.result.error) for run in host.settle()] == [(f"{container}/{name}", error)] * 5
    assert calls("on_event") == []
    (message,) = storage.visible("webjobs-blobtrigger-poison")
    assert (json.loads(message)["ContainerName"], json.loads(message)["BlobName"]) == (container, name)


@pytest.mark.parametrize("name", ["/a/b", "a/b/", "a/./b"])
def test_an_event_may_name_another_blob(host: Host, storage: Storage, name: str) -> None:
    host.deliver("events", name)
    assert host.settle() == []
    storage.events.upload_blob("a/b", b"1")
    host.settle()
    host.deliver("events", name)
    host.settle()
    assert calls("on_event") == ["a/b"] * 2


def test_a_blob_that_cannot_be_addressed_fails_its_run_alone(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("a\\..\\b/x", b"1")
    storage.events.upload_blob("other", b"1")
    # As the emulator lists it.
    failing = ("events/a/../b/x", "events/a/../b/x cannot be read: HTTP 403")
    ended = [(run.what, run.result.error) for run in host.settle() if run.result]
    assert (ended.count(failing), ended.count(("events/other", None)), len(ended)) == (5, 1, 6)
    assert calls("on_event") == ["other"]


def test_a_blob_whose_name_ends_in_a_slash_gets_no_event_of_its_own(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("a//b/", b"1")
    assert host.settle() == []
    storage.events.upload_blob("a//b", b"1")
    assert [run.what for run in host.settle()] == ["events/a//b"]


def test_an_old_event_runs_on_the_newest_content(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("fail", b"1")
    (run,) = host.step()
    storage.events.upload_blob("fail", b"2", overwrite=True)
    assert len(host.settle()) == 9
    messages = [json.loads(message) for message in storage.visible("webjobs-blobtrigger-poison")]
    assert run.what == "events/fail"
    assert len({message["ETag"] for message in messages}) == len(messages) == 2


@pytest.mark.parametrize(("container", "name"), [("events", "fail ü"), ("scanned", "in/fail")])
def test_a_blob_is_tried_five_times_and_reported(host: Host, storage: Storage, container: str, name: str) -> None:
    blob = storage.blobs.get_blob_client(container, name)
    etag = blob.upload_blob(b"1")["etag"]
    runs = host.settle()
    assert [(run.what, run.ok) for run in runs] == [(f"{container}/{name}", False)] * 5
    (message,) = storage.visible("webjobs-blobtrigger-poison")
    expected = {
        "Type": "BlobTrigger",
        "FunctionId": f"Host.Functions.{runs[0].function}",
        "BlobType": "BlockBlob",
        "ContainerName": container,
        "BlobName": name,
        "ETag": etag,
    }
    assert message == json.dumps(expected, indent=2)
    assert etag.startswith('"0x')


def test_messages_lie_with_the_host_and_poison_lies_with_the_data(
    start: Starter, storage: Storage, azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts_own = azurite.new_account()
    monkeypatch.setenv("AzureWebJobsStorage", hosts_own.connection_string)
    host = start()
    host.create_storage()
    storage.events.upload_blob("fail", b"1")
    storage.scanned.upload_blob("in/fail", b"1")
    host.step()
    with Storage(hosts_own.connection_string) as at_host:
        assert [queue.name for queue in at_host.queues.list_queues()] == ["azure-webjobs-blobtrigger-local"]
        assert at_host.count("azure-webjobs-blobtrigger-local") == 2
        host.settle()
        assert at_host.count("azure-webjobs-blobtrigger-local") == 0
        assert [container.name for container in at_host.blobs.list_containers()] == ["azure-webjobs-hosts"]
    assert len(storage.visible("webjobs-blobtrigger-poison")) == 2
    assert {queue.name for queue in storage.queues.list_queues()} == {"webjobs-blobtrigger-poison", "work"}


def test_an_event_of_a_function_that_does_not_exist_is_lost(
    host: Host, storage: Storage, caplog: pytest.LogCaptureFixture
) -> None:
    (own,) = [queue.name for queue in storage.queues.list_queues("azure-webjobs-blobtrigger-")]
    message = BlobMessage("On_Event", "events", "a", '"0x1"')
    with storage.queues.get_queue_client(str(own)) as queue:
        queue.send_message(message.encode())
    assert host.settle() == []
    assert storage.count(str(own)) == 0
    assert "function_not_found function=On_Event" in caplog.text


def test_a_blob_whose_worker_ended_comes_back_at_once_and_that_is_a_try(host: Host, storage: Storage) -> None:
    storage.events.upload_blob("die", b"1")
    assert [run.result.error for run in host.settle()] == ["SystemExit: 3", None]
    storage.events.upload_blob("always die", b"1")
    assert [run.result.error for run in host.settle()] == ["SystemExit: 3"] * 5
    assert len(storage.visible("webjobs-blobtrigger-poison")) == 1


def test_a_blob_whose_run_takes_too_long_comes_back_at_once_and_that_is_a_try(
    host: Host, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Runtime.invoke, "__defaults__", (0.2,))
    storage.events.upload_blob("meet", b"1")
    assert [run.result.error for run in host.settle()] == ["on_event did not end within 0.2 s"] * 5
    app().meeting.abort()
    assert len(storage.visible("webjobs-blobtrigger-poison")) == 1


def test_an_instance_that_has_gone_leaves_its_message_hidden(start: Starter, storage: Storage) -> None:
    host = start(whole_instance=True)
    host.create_storage()
    storage.events.upload_blob("die", b"1")
    assert [run.result.error for run in host.settle()] == ["SystemExit: 3"]
    assert host.settle() == []
    host.unhide()
    assert [run.ok for run in host.settle()] == [True]
    assert host.settle() == []


def test_a_blob_comes_again_after_its_instance_has_gone(start: Starter, storage: Storage) -> None:
    host = start(hidden=timedelta(seconds=1), whole_instance=True)
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
    assert first.blob_properties["ETag"] == {}


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
