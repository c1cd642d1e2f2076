"""The job of one manifest: the record that its status blob holds, and the only truth about it."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from shared.job.device_results import DeviceResult, ResultRun
from shared.job.lease import Lease
from shared.job.moments import Moment
from shared.manifest.findings import Finding


class State(StrEnum):
    """The state of a job. Final are completed, completed_with_errors, rejected, failed: it does no more by itself."""

    PROCESSING = "processing"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    REJECTED = "rejected"
    FAILED = "failed"


FINAL = frozenset({State.COMPLETED, State.COMPLETED_WITH_ERRORS, State.REJECTED, State.FAILED})


class _Record(msgspec.Struct, frozen=True, rename="camel"):
    """What all stored records share: they are immutable, and camelCase in the blob."""


LONGEST_STATE = 100
"""Characters of Partner Center's word for the state of an upload that are kept."""


class Upload(_Record, frozen=True, kw_only=True):
    """One accepted request: ``deviceCount`` devices from number ``firstDevice`` on, counted from 1."""

    first_device: int
    device_count: int
    request_id: str
    correlation_id: str
    location: str
    state: str
    accepted_at: Moment


class DeviceCounts(_Record, frozen=True, kw_only=True):
    """How many devices of the manifest have which outcome so far; null before it has been read."""

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


class Previous(_Record, frozen=True, kw_only=True):
    """The run before this one: what had been accepted for the content it read."""

    etag: str
    state: State
    uploads: tuple[Upload, ...]


class Internal(_Record, frozen=True, kw_only=True):
    """The app's own bookkeeping of a run; readers of the status need none of it."""

    run: UUID
    part_size: int
    lease: Lease | None = None
    content: str | None = None
    """Fingerprint of the manifest's bytes: what has the same one is no new manifest, whatever its ETag."""
    created: Moment | None = None
    """When the storage created the blob: writing it again does so again, setting its metadata does not."""
    digest: str | None = None
    """Digest of the devices that were counted: a version that reads the file otherwise must not go on sending."""
    refusals: int = 0
    """Partner Center's own refusals so far: the counter that makes the next request id a new one."""
    deaths: int = 0
    """Attempts in a row that ended without saving any progress."""
    setbacks: int = 0
    """Temporary faults in a row; they lengthen the wait."""
    repeats: int = 0
    """Times in a row that the last fault has come with the same words."""
    poll_from: Moment | None = None
    """When polling may begin: the latest moment that an acceptance names by its ``Retry-After``."""
    polls: int = 0
    """Rounds of asking for the uploads' state; they lengthen the time to the next."""
    places: int = 0
    """Places in line that the job has had for its next call; the more, the sooner it goes."""
    throttled_seconds: int = 0
    """Time in line and behind 429s, while uploading or while following: it does not count towards giving up."""
    has_duplicates: bool = True
    """Some devices are listed more than once; also where that was not recorded."""
    is_as_written: bool = False
    """Every device was sent as the manifest has it, so that nothing need be cleaned when it is read again."""
    creating: bool = False
    """The first part goes into a request that creates the batch, as it did not exist."""
    unanswered: tuple[int, int] | None = None
    """First and last device of a part that was posted and not answered: it may have been taken."""
    stopped: Fault | None = None
    """Why nothing more is sent or polled: refused, deleted, or given up after a part had been accepted."""
    failing_since: Moment | None = None
    """When the polls began to fail that have failed ever since."""
    device_results: tuple[DeviceResult, ...] = ()
    """The different results that ``judged`` refers to by their index."""
    judged: tuple[tuple[tuple[int, int], ...] | None, ...] = ()
    """For each upload, devices in a row as (count, index of their result); ``None`` while it is not judged."""


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
    previous: Previous | None = None
    created_at: Moment
    updated_at: Moment
    internal: Internal

    def deadline(self, since: datetime, give_up: timedelta) -> datetime:
        """Return when to give up what has been tried ``since``; time in line does not count."""
        return since + give_up + timedelta(seconds=self.internal.throttled_seconds)

    @property
    def lease(self) -> Lease | None:
        """The lease of whoever works on the job now."""
        return self.internal.lease

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

    def device_results(self, upload: int) -> tuple[ResultRun, ...] | None:
        """Return the results of an upload's devices, in their order; ``None`` while it is not judged."""
        judged = self.internal.judged[upload] if upload < len(self.internal.judged) else None
        known = self.internal.device_results
        return None if judged is None else tuple(ResultRun(count, known[index]) for count, index in judged)

    @property
    def unjudged(self) -> list[int]:
        """The indices of the uploads whose devices have no results yet."""
        return [index for index in range(len(self.uploads)) if self.device_results(index) is None]

    def request_id(self, first_device: int, device_count: int) -> str:
        """Name the request for a part of this run: the same at each try, until Partner Center itself has refused it.

        Source: Partner Center REST headers, ``MS-RequestId``.
        """
        # The manifest's name keeps a forged run from ever naming another manifest's request.
        return str(uuid5(self.internal.run, f"{first_device}+{device_count}/{self.internal.refusals} {self.manifest}"))


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Job)
_PUBLIC = {field.name: field.encode_name for field in msgspec.structs.fields(Job) if field.name != "internal"}


def encode(job: Job) -> bytes:
    """Write a job as its status document, UTF-8 JSON: indented for people, but for what is internal on one line."""
    public = _encoder.encode({name: getattr(job, member) for member, name in _PUBLIC.items()})
    indented = msgspec.json.format(public, indent=2).removesuffix(b"\n}")
    return b'%b,\n  "internal": %b\n}' % (indented, _encoder.encode(job.internal))


def decode(document: bytes) -> Job:
    """Read a status document; ``plausibility.read`` says whether it can be believed.

    Raises:
        msgspec.DecodeError: It is no status document of this app, or holds a value that this version does not know.
    """
    return _decoder.decode(document)
