"""What a step finds: a manifest, and the job in its status, if that can be believed."""

import logging
from datetime import timedelta
from hashlib import md5, sha256
from http import HTTPStatus
from typing import NamedTuple

import msgspec

from shared import event_log
from shared.job import plausibility, transitions
from shared.job.faults import RATE_LIMITED
from shared.job.lifecycle import LONGEST_IN_LINE
from shared.job.status_document import Job, State
from shared.job.transitions import Step
from shared.workflow.ports import Content, Properties, Services, Stored
from shared.workflow.queue_messages import WakeUp


class Seen(NamedTuple):
    """A manifest and its status as one step finds them."""

    stored: Stored | None
    content: Content | None = None
    current: Properties | None = None
    """The manifest's, unless it is gone, or not needed."""
    replaced: str | None = None
    """Version of a foreign status that the manifest's drop replaces."""

    @property
    def job(self) -> Job | None:
        """The job, if there is one."""
        return self.stored.job if self.stored else None

    @property
    def etag(self) -> str | None:
        """The manifest's ETag; ``None`` if it is gone, or not needed."""
        return self.current.etag if self.current else None


def look_up(services: Services, wake_up: WakeUp, *, first: bool) -> Seen | None:
    """Read a manifest's properties and its status, as far as the step needs them that a wake-up is for.

    Args:
        services: The storage, the limits and the delays.
        wake_up: It names the manifest.
        first: Nothing has been read for it yet: what has just arrived is claimed without a look at its status, as the
            storage refuses a claim too many.

    Returns:
        What is there; ``None`` where a status is foreign and is left alone.
    """
    storage, claim_at_once = services.storage, first and wake_up.landed
    found = None if claim_at_once else storage.load(wake_up.manifest)
    if isinstance(found, plausibility.Foreign):
        return _replacing(services, wake_up, found)
    if found:
        return _trusted(services, wake_up, found, first=first)
    content = storage.open(wake_up.manifest)
    # Deleted already; a job of an earlier content must still be cancelled.
    if content is None and claim_at_once:
        return look_up(services, wake_up, first=False)
    return Seen(None, content, content.properties if content else None)


def _replacing(services: Services, wake_up: WakeUp, foreign: plausibility.Foreign) -> Seen | None:
    """Replace a foreign status where the manifest has been dropped after it."""
    if wake_up.landed or _was_made_after(services, wake_up.manifest, foreign):
        content = services.storage.open(wake_up.manifest)
        if content and foreign.precedes(content.properties.etag, content.modified):
            return Seen(None, content, content.properties, foreign.version)
    _report_unreadable(wake_up.manifest, foreign.reason)
    return None


def _was_made_after(services: Services, manifest: str, foreign: plausibility.Foreign) -> bool:
    """Return whether a manifest was dropped after a foreign status, though no event says so."""
    # Event Grid's word is not needed: setting metadata leaves the time of creation as it is.
    current = services.storage.properties(manifest)
    return current is not None and current.created is not None and current.created >= foreign.modified


def _trusted(services: Services, wake_up: WakeUp, found: Stored, *, first: bool) -> Seen | None:
    now = services.clock()
    job = plausibility.within(found.job, now, services.delays.lease, _longest_wait(services, found.job))
    reason = _impossible(services, job)
    # A poll needs the manifest only for the results, and reads it then under the ETag of the job. What was overwritten
    # has events of its own, and is found by the sweep where they are lost. Where a lease is left, the last round ended
    # badly, perhaps as the ETag was another by then.
    is_poll = job.state is State.ACCEPTED and job.lease is None
    if first and not reason and wake_up.due and is_poll and wake_up.due == job.due:
        return Seen(found._replace(job=job))
    current = services.storage.properties(job.manifest)
    is_written = current is not None and current.etag == wake_up.etag
    is_same = current is not None and not is_written and _is_same_content(services, job, current, landed=wake_up.landed)
    if reason:
        # A drop since then replaces it.
        if current and current.etag != job.etag and not is_same:
            return Seen(None, None, current, found.version)
        _report_unreadable(job.manifest, reason)
        return None
    if current and is_same:
        job = msgspec.structs.replace(job, etag=current.etag)
    # Else each sweep would wake it for its ETag or its metadata. Under a lease, another process is about to save it.
    is_odd, etag = is_same or not found.is_marked, current.etag if current else None
    if is_odd and not job.lease and transitions.next_step(job, etag, now) in (Step.REST, Step.WAIT):
        found = services.storage.save(job, found.version)
    return Seen(found._replace(job=job), None, current)


def _impossible(services: Services, job: Job) -> str | None:
    """Return why a record contradicts the settings or the clock."""
    allowed = services.limits.allowed_customers
    # Where nothing has been accepted, the next attempt rejects the manifest with words of its own.
    if allowed and job.uploads and not job.final and str(job.customer_id).lower() not in allowed:
        return "its customer is not allowed"
    if plausibility.is_too_large(job, services.limits.devices):
        return "its devices are too many"
    return "its moments lie in the future" if plausibility.is_from_the_future(job, services.clock()) else None


def _longest_wait(services: Services, job: Job) -> timedelta:
    is_throttled = job.error and (job.error == RATE_LIMITED or job.error.http_status == HTTPStatus.TOO_MANY_REQUESTS)
    return max(LONGEST_IN_LINE, services.delays.give_up) if is_throttled else services.delays.give_up


def _is_same_content(services: Services, job: Job, current: Properties, *, landed: bool) -> bool:
    """Return whether only metadata or headers have changed: a new ETag without new content starts nothing."""
    known = job.internal.content
    if current.etag == job.etag or known is None:
        return False
    # A drop is reported more than once: a late report must not make a drop of metadata that were set meanwhile. Writing
    # a blob creates it again, with a creation time of its own (a maintainer in issue 14391 of azure-sdk-for-python), so
    # that a drop shows without its report, which may be late or lost.
    is_known = current.created is not None and job.internal.created is not None
    written = current.created != job.internal.created if is_known else services.by_events
    if written and (landed or is_known):
        return False
    if current.content == known:
        return True
    # What is written in blocks has no Content-MD5, and setting headers takes it away or changes it. Where
    # two writes have one each, they have other content.
    is_other = written and current.content is not None and known.startswith("md5 ")
    # Under a lease nothing begins whatever it is, and messages cost their sender less than reading it costs the app.
    is_leased = job.lease is not None and job.lease.is_live(services.clock())
    return not is_other and not is_leased and _has_fingerprint(services, job.manifest, current.etag, known)


def _has_fingerprint(services: Services, manifest: str, etag: str, known: str) -> bool:
    """Read a manifest and return whether it has the fingerprint that is known, not if it is too large to be read."""
    content = services.storage.open(manifest, etag, fingerprint=False)
    if content is None or content.size > services.limits.manifest_bytes:
        return False
    is_by_storage = known.startswith("md5 ")
    digest = md5(usedforsecurity=False) if is_by_storage else sha256()
    for chunk in content.chunks():
        digest.update(chunk)
    text = digest.hexdigest()
    return known == (f"md5 {text} {content.size}" if is_by_storage else f"sha256 {text}")


def _report_unreadable(manifest: str, reason: str) -> None:
    event_log.log("status_unreadable", level=logging.ERROR, manifest=manifest, reason=reason)
