"""Whether a status can be believed: senders may write blobs named like statuses, so it must agree with itself.

A record is compared with the blob that it is next to, its own arithmetic and the clock. What fails is no status of this
app: it is reported and left alone.
"""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from shared.config.limit_settings import MOST_IN_PART
from shared.job.device_results import MOST_RESULTS
from shared.job.status_document import FINAL, LONGEST_STATE, Job, State, decode
from shared.job.transitions import noted
from shared.manifest.customer_and_batch import ids_in, is_customer_id

LARGEST_STATUS = 32 * 2**20
"""Bytes of a status blob that are read: more than 250,000 devices with alternating results take."""

SKEW = timedelta(minutes=10)
"""How far the clocks of two instances may be apart."""

MOST_DEVICES = 1_000_000
"""Devices that a record may speak of, unless the setting for manifests allows more: each is a row of the results."""

MOST_OBJECTS = MOST_DEVICES + 100_000
"""Objects and arrays of a status that are decoded: each takes up to 20 times its bytes in memory."""

MOST_FINDINGS = 1_000
"""Issues, or warnings, that a record may have: far more than the app keeps."""

LONGEST_TEXT = 10_000
"""Characters of a result's texts, or a fault's: more than the app writes, and each row of the results repeats them."""

LARGEST_UPLOADS = LARGEST_STATUS // 4
"""Bytes of all uploads as JSON: the next run's status repeats them, and must not become too large to be read."""

LARGEST_UPLOAD, LARGEST_STATE = 16 * 2**10, 4 * LONGEST_STATE
"""Bytes of one upload as JSON, and by how much its state can lengthen it later."""

_MOST = 10**9
"""More than any count of a job can be."""

# It becomes a header and metadata, which hold nothing else.
_ETAG = re.compile(r"[!#-~]{1,100}")


class Foreign(NamedTuple):
    """A blob in a status's place that is none of this app's, or a later version's."""

    reason: str
    """Why it is not believed; never its text, which may hold anything."""
    version: str
    modified: datetime
    etag: str | None
    """The manifest's ETag that its metadata names."""

    def precedes(self, etag: str, dropped: datetime) -> bool:
        """Return whether a manifest was dropped after it: then it is replaced."""
        return self.etag != etag and dropped >= self.modified


def read(document: bytes, manifest: str) -> Job | str:
    """Read a manifest's status document.

    Returns:
        The job, or the reason why the document is no status of this app.
    """
    if document.count(b"[") + document.count(b"{") > MOST_OBJECTS:
        return "too large"
    try:
        job = decode(document)
    except (ValueError, RecursionError) as error:
        return type(error).__name__
    return _fault(job, manifest) or job


def _fault(job: Job, manifest: str) -> str | None:
    named = ids_in(manifest)
    # It would be the address of every further write.
    if job.manifest != manifest:
        return "it names another manifest"
    if not _ETAG.fullmatch(job.etag):
        return "its ETag is none"
    if job.final != (job.state in FINAL) or not _is_in_shape(job):
        return "its state contradicts its members"
    if not _is_target(job, named.customer_id, named.batch_id):
        return "its customer or batch is not that of the manifest"
    if not _adds_up(job):
        return "its counts are impossible"
    return None if _is_bounded(job) else "its members are too large"


def _is_in_shape(job: Job) -> bool:
    match job.state:
        case State.PROCESSING:
            return job.lease is not None
        case State.WAITING:
            return job.next_attempt_at is not None
        case State.ACCEPTED:
            return bool(job.uploads) and job.next_attempt_at is not None
        case _:
            return job.due is None


def _is_target(job: Job, customer: str | None, batch: str | None) -> bool:
    if job.uploads and (job.customer_id is None or job.batch_id is None or job.device_count is None):
        return False
    # It becomes part of a request's path. What is final makes no request, and an invalid id is why it was rejected.
    if job.customer_id and not is_customer_id(job.customer_id) and not job.final:
        return False
    same_customer = not customer or not job.customer_id or customer.lower() == job.customer_id.lower()
    return job.final or (same_customer and (not batch or job.batch_id in (None, batch)))


def _adds_up(job: Job) -> bool:
    internal, place = job.internal, 1
    # Gaps or overlaps would have devices sent twice or never, and judged by another's result.
    for upload in job.uploads:
        if upload.first_device != place or not 1 <= upload.device_count <= _MOST:
            return False
        place += upload.device_count
    counters = [job.attempts, internal.refusals, internal.deaths, internal.setbacks, internal.polls]
    counters += [internal.places, internal.throttled_seconds]
    counters += [internal.repeats, job.issue_count, job.warning_count, job.device_count or 0, internal.part_size - 1]
    # Less than nothing left to send would post empty parts without end.
    if job.unsent < 0 or not all(0 <= number <= _MOST for number in counters):
        return False
    return _unanswered_adds_up(job) and _judged_adds_up(job)


def _unanswered_adds_up(job: Job) -> bool:
    if part := job.internal.unanswered:
        first, last = part
        return first == job.sent + 1 and first <= last <= (job.device_count or _MOST)
    return True


def _judged_adds_up(job: Job) -> bool:
    judged, device_results = job.internal.judged, range(len(job.internal.device_results))
    if len(judged) > len(job.uploads):
        return False
    for upload, runs in zip(job.uploads, judged, strict=False):
        if runs is not None and not all(count >= 1 and index in device_results for count, index in runs):
            return False
        if runs is not None and sum(count for count, _ in runs) != upload.device_count:
            return False
    return True


def _is_bounded(job: Job) -> bool:
    results = job.internal.device_results
    texts = [(result.code, result.description, result.matched_by) for result in results]
    for fault in filter(None, (job.error, job.internal.stopped)):
        texts.append((fault.code, fault.description, fault.request_id))
        texts.append((fault.correlation_id, fault.server_correlation, None))
    longest = max((sum(len(text or "") for text in each) for each in texts), default=0)
    uploads = (job.uploads, job.previous.uploads if job.previous else ())
    return (
        longest <= LONGEST_TEXT
        and len(results) <= 2 * MOST_RESULTS
        and max(len(job.issues), len(job.warnings)) <= MOST_FINDINGS
        and all(len(msgspec.json.encode(each)) <= LARGEST_UPLOADS for each in uploads)
    )


def has_room_for_upload(job: Job) -> bool:
    """Return whether a job's record can be read again with one upload more, whatever that one's Location is."""
    size = len(msgspec.json.encode(job.uploads)) + len(job.uploads) * LARGEST_STATE
    return size + LARGEST_UPLOAD <= LARGEST_UPLOADS


def is_too_large(job: Job, devices: int) -> bool:
    """Return whether a record speaks of more devices than one manifest, or one request, may have.

    Args:
        job: As it was read.
        devices: What the settings allow of a manifest.
    """
    largest = max([job.internal.part_size, *(upload.device_count for upload in job.uploads)])
    return (job.device_count or 0) > max(devices, MOST_DEVICES) or largest > MOST_IN_PART


def is_from_the_future(job: Job, now: datetime) -> bool:
    """Return whether a job began, or a part was accepted, later than any clock says: it would never give up."""
    began = [job.created_at, *(upload.accepted_at for upload in job.uploads)]
    return not job.final and max(began) > now + SKEW


def within(job: Job, now: datetime, lease: timedelta, wait: timedelta) -> Job:
    """Treat moments further off than the settings allow as due.

    Args:
        job: As it was read.
        now: UTC.
        lease: The longest lease.
        wait: The longest time to the next attempt or poll.
    """
    if job.lease and job.lease.until > now + lease + SKEW:
        job = noted(job, lease=msgspec.structs.replace(job.lease, until=now))
    if job.next_attempt_at and job.next_attempt_at > now + wait + SKEW:
        job = msgspec.structs.replace(job, next_attempt_at=now)
    return job
