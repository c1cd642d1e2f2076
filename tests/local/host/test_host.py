import threading

import pytest

from local.host.bindings import SettingError
from local.host.host import Host
from tests.local.host.sample import Starter, Storage, app


def test_missing_containers_and_queues_are_created_once(host: Host, storage: Storage) -> None:
    host.create_storage()
    assert {container.name for container in storage.blobs.list_containers()} >= {"events", "scanned"}
    assert storage.queue_names() == {"work"}


def test_a_host_waits_for_storage_that_is_not_there(start: Starter) -> None:
    assert start().settle() == []


def test_a_setting_that_a_binding_names_must_exist(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCANNED")
    with pytest.raises(SettingError, match=r"^%SCANNED% does not resolve to a value: set SCANNED$"):
        start()
    monkeypatch.setenv("SCANNED", "scanned")
    assert start().triggers  # the one that failed has left nothing behind


def test_a_host_runs_until_it_is_told_to_end(host: Host, storage: Storage) -> None:
    end = threading.Event()
    thread = threading.Thread(target=host.run, args=(end,))
    thread.start()
    storage.events.upload_blob("die", b"1")
    storage.events.upload_blob("die too", b"1")
    storage.send("die")
    host.deliver("events", "die")
    assert app().survived.wait(10)
    end.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_chain_that_does_not_end_is_an_error(host: Host, storage: Storage) -> None:
    storage.send("fail")
    with pytest.raises(RuntimeError, match="still due after 3 steps"):
        host.settle(steps=3)


def test_a_failure_is_logged_with_its_trace(host: Host, storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    storage.send("fail")
    (run,) = host.step()
    assert run.what in caplog.text
    assert "ValueError: asked to fail by fail" in caplog.text
