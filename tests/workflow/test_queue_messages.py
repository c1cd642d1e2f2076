import json
from base64 import b64encode, encodebytes
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from shared.workflow.queue_messages import (
    BLOB_CREATED,
    ForeignBlob,
    Unreadable,
    WakeUp,
    read_messages,
    read_poisoned_blob,
)

DUE = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)


def event(url: str, kind: str = BLOB_CREATED) -> dict[str, object]:
    return {"topic": "t", "subject": "ignored", "eventType": kind, "data": {"api": "PutBlob", "url": url}, "id": "1"}


def written(document: object, *, base64: bool) -> bytes:
    text = json.dumps(document, indent=2).encode()
    return b64encode(text) if base64 else text


def test_a_wake_up_reads_as_it_was_written() -> None:
    wake_up = WakeUp("a/b/ü #%.json", DUE, 2)
    assert read_messages(wake_up.encode().encode(), "c") == [wake_up]
    assert "due" not in WakeUp("a").encode()


@pytest.mark.parametrize("base64", [True, False])
def test_a_message_may_be_plain_or_base64(*, base64: bool) -> None:
    assert read_messages(written({"manifest": "a", "due": "2026-11-22T16:00:00Z"}, base64=base64), "c") == [
        WakeUp("a", DUE)
    ]
    url = "https://a.blob.core.windows.net/c/x%20%23%252F/%C3%BC.json"
    assert read_messages(written(event(url), base64=base64), "c") == [WakeUp("x #%2F/ü.json", landed=True)]


def test_an_address_that_is_not_encoded_keeps_what_it_can() -> None:
    body = written(event("https://a.blob.core.windows.net/c/a b #1/💻 ü.json"), base64=False)
    assert read_messages(body, "c") == [WakeUp("a b #1/💻 ü.json", landed=True)]


def test_an_array_of_events_names_each_blob() -> None:
    urls = ["https://a.blob.core.windows.net/c/1.json", "http://127.0.0.1:10000/account/c/2/3.json"]
    body = written([*map(event, urls), event("https://a.blob.core.windows.net/other/4.json")], base64=False)
    assert read_messages(body, "c") == [
        WakeUp("1.json", landed=True),
        WakeUp("2/3.json", landed=True),
        ForeignBlob("other", "4.json"),
    ]


def test_an_event_that_cannot_be_read_keeps_no_other_back() -> None:
    good, odd = event("https://a.blob.core.windows.net/c/1.json"), event("https://[/c/2.json")
    found = read_messages(written([odd, 5, good, {"specversion": "1.0"}], base64=False), "c")
    assert [each for each in found if not isinstance(each, Unreadable)] == [WakeUp("1.json", landed=True)]
    assert len(found) == 2  # what is said twice is reported once


@pytest.mark.parametrize("pack", [b64encode, encodebytes, lambda text: b64encode(text).rstrip(b"=")])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_base64_may_have_line_breaks_and_a_byte_order_mark(pack: Callable[[bytes], bytes], mark: str) -> None:
    for name in ("a", "ab", "abc" * 99):
        assert read_messages(pack(f'{mark}{{"manifest": "{name}"}}'.encode()), "c") == [WakeUp(name)]


@pytest.mark.parametrize("base64", [True, False])
def test_an_event_may_be_a_cloud_event(*, base64: bool) -> None:
    data = {"api": "PutBlob", "url": "https://a.blob.core.windows.net/c/1.json", "eTag": "0x8D"}
    cloud = {"specversion": "1.0", "type": BLOB_CREATED, "source": "/s", "id": "1", "data": data}
    for document in (cloud, [cloud]):
        assert read_messages(written(document, base64=base64), "c") == [WakeUp("1.json", landed=True, etag="0x8D")]


def test_an_event_names_the_etag_that_was_written() -> None:
    written_event = event("https://a.blob.core.windows.net/c/1.json")
    written_event["data"] = {"url": "https://a.blob.core.windows.net/c/1.json", "eTag": '"0x1"'}
    assert read_messages(written(written_event, base64=False), "c") == [WakeUp("1.json", landed=True, etag="0x1")]


def test_an_event_of_another_kind_wakes_but_does_not_say_that_something_was_written() -> None:
    renamed = event("https://a.blob.core.windows.net/c/1.json", "Microsoft.Storage.BlobRenamed")
    assert read_messages(written(renamed, base64=False), "c") == [WakeUp("1.json")]


@pytest.mark.parametrize("base64", [True, False])
@pytest.mark.parametrize(("container", "found"), [("c", WakeUp("a/b", landed=True)), ("d", ForeignBlob("d", "a/b"))])
def test_a_poisoned_blob_is_a_wake_up_in_its_own_container(
    container: str, found: WakeUp | ForeignBlob, *, base64: bool
) -> None:
    message = {"Type": "BlobTrigger", "ContainerName": container, "BlobName": "a/b", "ETag": '"0x1"'}
    assert read_poisoned_blob(written(message, base64=base64), "c") == [found]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[5]",
        b"[]",
        b"{}",
        b'{"manifest": 5}',
        b'{"manifest": "a", "due": "x"}',
        b'{"manifest": "a", "tries": -1}',
        b'{"eventType": "x"}',
        b'{"eventType": "x", "data": {"url": "https://[/c/a"}}',
        b"\xff",
        b64encode(b"\xff"),
        b"[" * 100_000,
    ],
)
def test_another_message_is_unreadable(body: bytes) -> None:
    [found] = read_messages(body, "c")
    assert isinstance(found, Unreadable)
    [found] = read_poisoned_blob(body, "c")
    assert isinstance(found, Unreadable)
