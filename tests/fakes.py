"""Behaving fakes: storage and a queue in memory, a clock that is set, a fuse that ends the process at an operation."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import Never
from uuid import uuid4

from shared.job.blob_names import marks_directory, results_of, status_of
from shared.job.plausibility import Foreign, read
from shared.job.status_document import Job, encode
from shared.job.status_metadata import is_marked, metadata_of
from shared.workflow.exchange import BoardUnavailableError
from shared.workflow.ports import (
    BlobEntry,
    ConflictError,
    ManifestChangedError,
    Properties,
    ResultsBlob,
    Sent,
    StorageUnavailableError,
    Stored,
)
from shared.workflow.queue_messages import WakeUp, read_messages


class ProcessDied(BaseException):
    """The process is gone, between one operation and the next."""


@dataclass
class Fuse:
    """Counts the operations on the outside world, and ends the process just before or just after one of them."""

    blow_at: tuple[int, str] | None = None
    operations: list[str] = field(default_factory=list)

    @contextmanager
    def around(self, operation: str) -> Iterator[None]:
        number = len(self.operations)
        self.operations.append(operation)
        self._blow_if((number, "before"))
        try:
            yield
        finally:  # also after one that was refused
            self._blow_if((number, "after"))

    @property
    def blown(self) -> bool:
        return self.blow_at is None

    def die(self) -> Never:
        raise ProcessDied

    def _blow_if(self, moment: tuple[int, str]) -> None:
        if self.blow_at == moment:
            self.blow_at = None
            raise ProcessDied


@dataclass
class Clock:
    """A clock that only goes when a test sets it."""

    now: datetime = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def folded(name: str) -> str:
    """Return the name of the blob that a name's address leads to, as the Blob service folds it."""
    # It is called for each operation of thousands of lives, whose names seldom have such a segment.
    if "/." not in name and "\\" not in name and not name.startswith("."):
        return name
    kept = list[str]()
    for segment in name.replace("\\", "/").split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept)


@dataclass
class Blob:
    data: bytes
    etag: str
    modified: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    created: datetime | None = None
    has_md5: bool = True
    """Without it, it was written in blocks, or its headers were set."""

    @cached_property
    def md5(self) -> str:
        return f"md5 {hashlib.md5(self.data, usedforsecurity=False).hexdigest()} {len(self.data)}"

    @cached_property
    def sha256(self) -> str:
        return f"sha256 {hashlib.sha256(self.data).hexdigest()}"


class FakeContent:
    def __init__(self, storage: "FakeStorage", name: str, *, fingerprint: bool = True) -> None:
        blob = storage.blobs[name]
        self.properties = Properties(blob.etag, blob.md5 if blob.has_md5 else None, blob.created)
        self._once_read = blob.sha256 if fingerprint and not blob.has_md5 else None
        self.size = len(blob.data)
        self.modified = blob.modified
        self.is_directory = marks_directory(blob.metadata)
        self._storage = storage
        self._name = name
        self._data: bytes | None = blob.data

    def chunks(self) -> Iterator[bytes]:
        if self._storage.read_fault:
            raise StorageUnavailableError(self._name)
        if self._once_read:
            self.properties = self.properties._replace(content=self._once_read)
        first, self._data = self._data, None
        if first is not None:
            yield first
            return
        blob = self._storage.blobs.get(self._name)
        if blob is None or blob.etag != self.properties.etag:
            raise ManifestChangedError(self._name)
        yield blob.data


class FakeStorage:
    """One container, with conditional writes."""

    def __init__(self, clock: Clock, fuse: Fuse | None = None) -> None:
        self.blobs: dict[str, Blob] = {}
        self.read_fault = False
        self.written: list[Job] = []
        self._clock = clock
        self._fuse = fuse or Fuse()
        self._etags = count(1)

    def put(self, name: str, data: bytes, metadata: dict[str, str] | None = None) -> str:
        etag = f"0x{next(self._etags):X}"
        self.blobs[name] = Blob(data, etag, self._clock(), metadata or {}, self._clock())
        return etag

    def load(self, manifest: str) -> Stored | Foreign | None:
        with self._fuse.around("load"):
            blob = self.blobs.get(folded(status_of(manifest)))
            if blob is None:
                return None
            job = read(blob.data, manifest)
            if isinstance(job, Job):
                return Stored(job, blob.etag, is_marked(job, blob.metadata))
            return Foreign(job, blob.etag, blob.modified, blob.metadata.get("etag"))

    def save(self, job: Job, version: str | None) -> Stored:
        with self._fuse.around(f"save {job.state}"):
            blob = self.blobs.get(folded(status_of(job.manifest)))
            if (blob.etag if blob else None) != version:
                raise ConflictError(job.manifest)
            self.written.append(job)
            return Stored(job, self.put(folded(status_of(job.manifest)), encode(job), metadata_of(job)))

    def open(self, manifest: str, etag: str | None = None, *, fingerprint: bool = True) -> FakeContent | None:
        with self._fuse.around("open"):
            blob = self.blobs.get(folded(manifest))
            if blob is None:
                return None
            if etag not in (None, blob.etag):
                raise ManifestChangedError(manifest)
            return FakeContent(self, folded(manifest), fingerprint=fingerprint)

    def properties(self, manifest: str) -> Properties | None:
        with self._fuse.around("properties"):
            name = folded(manifest)
            return FakeContent(self, name).properties if name in self.blobs else None

    def results(self, manifest: str) -> ResultsBlob | None:
        with self._fuse.around("results"):
            blob = self.blobs.get(folded(results_of(manifest)))
            return ResultsBlob(blob.etag, blob.metadata.get("run", "")) if blob else None

    def write_results(self, job: Job, pieces: Iterable[bytes], over: ResultsBlob | None) -> str:
        with self._fuse.around("write results"):
            data, run = b"".join(pieces), str(job.internal.run)
            blob = self.blobs.get(folded(results_of(job.manifest)))
            if (blob.etag if blob else None) == (over.etag if over else None):
                self.put(folded(results_of(job.manifest)), data, {"run": run})
            else:
                raise ConflictError(job.manifest)
            return results_of(job.manifest)

    def delete_results(self, manifest: str, seen: ResultsBlob) -> None:
        with self._fuse.around("delete results"):
            blob = self.blobs.get(folded(results_of(manifest)))
            if blob and blob.etag != seen.etag:
                raise ConflictError(manifest)
            self.blobs.pop(folded(results_of(manifest)), None)

    def listing(self, prefix: str = "") -> Iterator[BlobEntry]:
        for name, blob in sorted(self.blobs.items()):
            if name.startswith(prefix):
                yield BlobEntry(name, blob.etag, blob.modified, blob.metadata)


class FakeBoard:
    """The blob that all processes share."""

    def __init__(self) -> None:
        self.data: bytes | None = None
        self.versions = 0
        self.is_reachable = True

    def read(self) -> tuple[bytes | None, str | None]:
        if not self.is_reachable:
            raise BoardUnavailableError("AuthorizationPermissionMismatch")
        return self.data, str(self.versions) if self.versions else None

    def write(self, data: bytes, over: str | None) -> bool:
        if over != (str(self.versions) if self.versions else None):
            return False
        self.data, self.versions = data, self.versions + 1
        return True


@dataclass
class Message:
    text: str
    visible_at: datetime
    id: str = field(default_factory=lambda: str(uuid4()))
    again: bool = False


def read_wake_up(text: str) -> WakeUp:
    """Read a message of the wake-up queue as the trigger does."""
    [wake_up] = read_messages(text.encode(), "")
    assert isinstance(wake_up, WakeUp)
    return wake_up


class FakeQueue:
    """A queue whose messages show themselves when their time has come."""

    def __init__(self, clock: Clock, fuse: Fuse | None = None) -> None:
        self.messages: list[Message] = []
        self._clock = clock
        self._fuse = fuse or Fuse()

    def count(self) -> int:
        return len(self.messages)

    def send(self, wake_up: WakeUp, delay: timedelta, instead_of: Sent | None = None) -> Sent:
        visible_at = self._clock() + timedelta(seconds=max(0, -(-delay // timedelta(seconds=1))))
        if instead_of and self._move(instead_of, wake_up, visible_at):
            return instead_of._replace(due=wake_up.due)
        with self._fuse.around("send"):
            self.messages.append(Message(wake_up.encode(), visible_at))
            return Sent(self.messages[-1].id, "receipt", wake_up.due)

    def _move(self, sent: Sent, wake_up: WakeUp, visible_at: datetime) -> bool:
        with self._fuse.around("move"):
            for message in self.messages:
                if message.id == sent.id:
                    message.text, message.visible_at = wake_up.encode(), visible_at
                    return True
            return False

    def visible(self) -> list[Message]:
        return [message for message in self.messages if message.visible_at <= self._clock()]

    def next_moment(self) -> datetime | None:
        return min((message.visible_at for message in self.messages), default=None)

    def wake_ups(self) -> list[WakeUp]:
        return [read_wake_up(message.text) for message in self.messages]
