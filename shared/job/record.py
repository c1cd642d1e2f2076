"""The job of one manifest: the record that its status blob holds, and the only truth about it.

The members and their meaning are the status document that users read; ``progress`` alone is for the app itself.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID, uuid5

import msgspec

from shared.manifest import Finding

type Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""UTC, whole seconds."""


class State(StrEnum):
    """Where a job stands. The last four are final: nothing more happens by itself."""

    PROCESSING = "processing"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    REJECTED = "rejected"
    FAILED = "failed"


FINAL = frozenset({State.COMPLETED, State.COMPLETED_WITH_ERRORS, State.REJECTED, State.FAILED})


class Outcome(StrEnum):
    """What became of one device."""

    REGISTERED = "registered"
    ALREADY_REGISTERED = "already_registered"
    FAILED = "failed"
    NOT_REPORTED = "not_reported"
    NOT_UPLOADED = "not_uploaded"
    DUPLICATE = "duplicate"


class _Record(msgspec.Struct, frozen=True, rename="camel"):
    """What all stored records share: they are immutable, and camelCase in the blob."""


class Verdict(msgspec.Struct, frozen=True, array_like=True):
    """One device's fate as Partner Center told it, and by which of its properties it was recognised."""

    outcome: Outcome
    code: str | None = None
    description: str | None = None
    matched_by: str | None = None


class VerdictRun(msgspec.Struct, frozen=True, array_like=True):
    """``count`` devices in a row with one verdict: 1,000 registered devices take one short line."""

    count: int
    verdict: Verdict


class Upload(_Record, frozen=True, kw_only=True):
    """One accepted request: ``deviceCount`` devices from number ``firstDevice`` on, counted from 1."""

    first_device: int
    device_count: int
    request_id: str
    correlation_id: str
    location: str
    state: str
    accepted_at: Moment
    verdicts: tuple[VerdictRun, ...] | None = None


class DeviceCounts(_Record, frozen=True, kw_only=True):
    """How many devices of the manifest met which fate so far; null before it could be parsed."""

    registered: int | None = None
    already_registered: int | None = None
    failed: int | None = None
    not_reported: int | None = None
    not_uploaded: int | None = None
    pending: int | None = None


class Fault(_Record, frozen=True, kw_only=True):
    """The answer or fault that last stopped the manifest, with the ids that Microsoft's support asks for."""

    http_status: int | None = None
    code: str | None = None
    description: str
    request_id: str | None = None
    correlation_id: str | None = None
    server_correlation: str | None = None


class Lease(_Record, frozen=True, kw_only=True):
    """Who works on the job, and until when nobody else may."""

    owner: str
    until: Moment


class Previous(_Record, frozen=True, kw_only=True):
    """The run before this one: what had been accepted for the content it read."""

    etag: str
    state: State
    uploads: tuple[Upload, ...]


class Progress(_Record, frozen=True, kw_only=True):
    """The app's own bookkeeping of a run; readers of the status need none of it."""

    run: UUID
    part_size: int
    answers: int = 0
    """Answers other than a success so far: the counter that makes the next request id a new one."""
    deaths: int = 0
    """Attempts in a row that ended without saving any progress."""
    setbacks: int = 0
    """Temporary faults in a row; they lengthen the wait."""
    polls: int = 0
    """Rounds of asking for the uploads' state; they lengthen the time to the next."""
    has_duplicates: bool = True
    """Some devices are listed more than once; also where that was not noted down."""
    creating: bool = False
    """The first part goes into a request that creates the batch, as it did not exist."""
    stopped: Fault | None = None
    """Why nothing more is sent or asked for: refused, deleted, or given up after a part had been accepted."""


class Job(_Record, frozen=True, kw_only=True):
    """The status document of one manifest."""

    schema_version: Literal[1] = 1
    manifest: str
    etag: str
    state: State
    final: bool = False
    message: str
    customer_id: str | None = None
    batch_id: str | None = None
    device_count: int | None = None
    location: str | None = None
    uploads: tuple[Upload, ...] = ()
    devices: DeviceCounts = DeviceCounts()
    results: str | None = None
    issues: tuple[Finding, ...] = ()
    issue_count: int = 0
    warnings: tuple[Finding, ...] = ()
    warning_count: int = 0
    error: Fault | None = None
    attempts: int = 0
    next_attempt_at: Moment | None = None
    lease: Lease | None = None
    previous: Previous | None = None
    created_at: Moment
    updated_at: Moment
    progress: Progress

    @property
    def due(self) -> datetime | None:
        """The moment at which something is next to happen by itself; ``None`` when nothing is."""
        return self.lease.until if self.lease else self.next_attempt_at

    @property
    def sent(self) -> int:
        """How many devices Partner Center has accepted."""
        return sum(upload.device_count for upload in self.uploads)

    @property
    def unsent(self) -> int:
        """How many devices are still to be sent; 0 before the manifest has been parsed."""
        return (self.device_count or 0) - self.sent

    def request_id(self, first_device: int, device_count: int) -> str:
        """Name the request for a part of this run.

        The same part asked for again without an answer in between gets the same id, on whichever machine; after an
        answer that was no success it gets a new one (Partner Center REST headers, ``MS-RequestId``).
        """
        return str(uuid5(self.progress.run, f"{first_device}+{device_count}/{self.progress.answers}"))


def timestamp(moment: datetime) -> str:
    """Write a moment (UTC, whole seconds) as the status document and the messages about it do: RFC 3339 with ``Z``."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Job)


def encode(job: Job) -> bytes:
    """Write a job as its status document, UTF-8 JSON indented for people."""
    return msgspec.json.format(_encoder.encode(job), indent=2)


def decode(document: bytes) -> Job:
    """Read a status document.

    Raises:
        msgspec.DecodeError: It is no status document of this app, or holds a value that this version does not know.
    """
    return _decoder.decode(document)
