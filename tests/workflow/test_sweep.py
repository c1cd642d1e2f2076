from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from shared.job.blob_names import status_of
from shared.workflow.ports import BlobEntry
from shared.workflow.sweep import Sweep, overdue
from tests.fakes import Clock, FakeQueue

CLOCK = Clock()
HOUR = timedelta(hours=1)


def blob(name: str, age: timedelta = HOUR, etag: str = "0x1", **metadata: str) -> BlobEntry:
    return BlobEntry(name, etag, CLOCK.now - age, metadata)


def status(manifest: str, etag: str = "0x1", due: str = "", **metadata: str) -> BlobEntry:
    return BlobEntry(status_of(manifest), "0x9", CLOCK.now, {"state": "any", "etag": etag, "due": due, **metadata})


@pytest.mark.parametrize(
    ("blobs", "woken"),
    [
        ([blob("a.json")], ["a.json"]),
        ([blob("a.json", timedelta(minutes=4))], []),
        ([blob("a.json", timedelta(minutes=5))], ["a.json"]),
        ([blob("a.json", timedelta(days=7))], ["a.json"]),
        ([blob("a.json", timedelta(days=8))], []),
        ([blob("a.json", hdi_isfolder="true")], []),
        ([blob("x" * 1013)], []),
        ([blob("a/../b.json")], []),
        ([blob("a.json.results.csv")], []),
        ([blob("a.json", timedelta(minutes=1)), blob("a.json.results.csv")], ["a.json"]),
        ([blob("a.json", timedelta(days=30)), blob("a.json.results.csv"), blob("b.json", timedelta(0))], ["a.json"]),
        ([blob("a.json", timedelta(days=30)), blob("a.json.results.csv"), status("a.json")], []),
        ([blob("a.json"), status("a.json")], []),
        ([blob("a.json", timedelta(days=7)), status("a.json", etag="0x0")], ["a.json"]),
        ([blob("a.json", timedelta(days=8)), status("a.json", etag="0x0")], []),
        ([blob("a.json"), status("a.json", due="2026-11-15T16:00:00Z")], ["a.json"]),
        ([blob("a.json"), status("a.json", due="2026-11-15T15:59:59Z")], []),
        ([blob("a.json"), status("a.json", due="0")], ["a.json"]),
        ([blob("a.json"), status("a.json", due="2026-11-22T15:59:00")], ["a.json"]),
        ([blob("a.json"), status("a.json", due="2001-01-01T00:00:00Z")], []),
        ([blob("a.json", timedelta(minutes=1)), status("a.json", etag="0x0")], []),
        ([blob("a.json"), status("a.json", due="2026-11-22T15:54:59Z")], ["a.json"]),
        ([blob("a.json"), status("a.json", due="2026-11-22T15:59:00Z")], []),
        ([status("a.json", due="2026-11-22T15:00:00Z")], ["a.json"]),
        ([status("a.json")], []),
        ([blob("a.json"), BlobEntry("a.json.status.json", "0x9", CLOCK.now, {"etag": "0x1"})], ["a.json"]),
        ([BlobEntry("a.json.status.json", "0x9", CLOCK.now, {"etag": "0x1"})], []),
        ([blob("a.json"), status("a.json", due="2099-01-01T00:00:00Z")], ["a.json"]),
        ([blob("a.json"), blob("a.json.results.csv", run="1"), status("a.json", run="1")], []),
        ([blob("a.json"), blob("a.json.results.csv", run="2"), status("a.json", run="1")], ["a.json"]),
    ],
)
def test_only_what_lies_overdue_is_woken(blobs: list[BlobEntry], woken: list[str]) -> None:
    assert [found.manifest for found in overdue(blobs, CLOCK.now)] == woken


def test_a_status_is_found_though_other_names_stand_between() -> None:
    names = ["a.json", "a.json-copy", "a.json.bak", "b.json"]
    blobs = [blob(name) for name in names] + [status(name) for name in names]
    assert list(overdue(sorted(blobs, key=lambda each: each.name), CLOCK.now)) == []


def test_names_that_begin_alike_are_not_all_looked_at_for_each_blob(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []

    def counted(name: str) -> str:
        looks.append(name)
        return status_of(name)

    monkeypatch.setattr("shared.workflow.sweep.status_of", counted)
    nested = ["a" + "-" * length for length in range(100)]
    names = [*nested, *(f"{nested[-1]}-{number:04}" for number in range(1000))]
    assert len(list(overdue(map(blob, names), CLOCK.now))) == len(names)
    assert len(looks) == len(names)


@dataclass
class Shelf:
    """A container of many blobs at rest, that counts what is taken from it."""

    manifests: int
    listed: int = 0

    def listing(self) -> Iterator[BlobEntry]:
        for number in range(self.manifests):
            name = f"customer/batch/{number:06}.json"
            for each in (blob(name, timedelta(days=30)), status(name)):
                self.listed += 1
                yield each


def test_100_000_blobs_at_rest_are_listed_once_and_not_read() -> None:
    shelf, queue = Shelf(50_000), FakeQueue(CLOCK)
    assert Sweep(shelf, queue, CLOCK).run() == 0
    assert shelf.listed == 100_000
    assert queue.messages == []


def test_a_wake_up_is_queued_for_each() -> None:
    class Two:
        def listing(self) -> list[BlobEntry]:
            return [blob("a.json"), blob("b.json")]

    queue = FakeQueue(CLOCK)
    assert Sweep(Two(), queue, CLOCK).run() == 2
    assert [wake_up.manifest for wake_up in queue.wake_ups()] == ["a.json", "b.json"]
