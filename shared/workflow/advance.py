"""The one verb of the app: advance a manifest's job by the one step that is due.

Every trigger is a wake-up that names a manifest. A wake-up too many does no harm: it finds nothing to do.
"""

import logging
from itertools import islice
from uuid import uuid4

import msgspec

from shared import event_log
from shared.job import lifecycle, parts, transitions
from shared.job.blob_names import has_room_for_status, is_manifest, may_name_another, names_another, status_of
from shared.job.crashes import has_crashed_too_often
from shared.job.faults import CRASHED, MANIFEST_GONE, THROTTLED
from shared.job.status_document import Job, State
from shared.job.transitions import Start, Step
from shared.workflow.backoff import MOST_TRIES, SOON, retry_delay, whole_second
from shared.workflow.claim import Claim, lease_from_now, take_claim
from shared.workflow.follow import PollRound
from shared.workflow.lookup import Seen, look_up
from shared.workflow.ports import (
    ConflictError,
    ManifestChangedError,
    Sent,
    Services,
    StatusUnavailableError,
    StorageUnavailableError,
    Stored,
)
from shared.workflow.queue_messages import WakeUp
from shared.workflow.upload import Attempt
from shared.workflow.waiting_line import Call

_LOOKS = 3
"""How often a job is read again after another process has changed it; then a wake-up takes over."""


class Workflow:
    """Advances jobs."""

    def __init__(self, services: Services) -> None:
        """Work with ``services``."""
        self._services = services

    def advance(self, wake_up: WakeUp, *, again: bool = False) -> None:
        """Take the next step of the manifest that a wake-up names; a status or results blob's name does nothing.

        ``again`` says that the message may have been delivered before, to a process that crashed over it.
        """
        manifest = wake_up.manifest
        if not is_manifest(manifest):
            return
        if not has_room_for_status(manifest):
            event_log.log("manifest_name_too_long", level=logging.WARNING, manifest=manifest)
            return
        # No blob can have such a name, but a message can: its address would be that of another manifest's blobs.
        if names_another(manifest) or (may_name_another(manifest) and not self._is_listed(manifest)):
            event_log.log("manifest_name_dotted", level=logging.WARNING, manifest=manifest)
            return
        # The process that crashed may have saved another moment, and not yet enqueued the wake-up for it.
        plain = WakeUp(manifest, tries=wake_up.tries)
        step = _Step(self._services, msgspec.structs.replace(wake_up, due=None) if again else wake_up, again=again)
        try:
            for look in range(_LOOKS):
                try:
                    step.take(first=look == 0)
                except (ConflictError, ManifestChangedError):
                    continue
                return
        except StatusUnavailableError as error:
            event_log.log("status_unavailable", level=logging.ERROR, manifest=manifest, reason=str(error))
        # No exception: what can never be read, as an archived blob, would fail an invocation at each sweep.
        except StorageUnavailableError:
            event_log.log("manifest_unavailable", level=logging.ERROR, manifest=manifest)
            # Nothing has been saved yet, so that the next try must know that it was written.
            plain = plain if step.claim else msgspec.structs.replace(wake_up, due=None)
        self._retry_later(plain, step.claim.wake_up if step.claim else None)

    def _is_listed(self, manifest: str) -> bool:
        """Return whether a manifest or its status is listed under just this name: no listing folds its prefix."""
        names, listing = (manifest, status_of(manifest)), self._services.storage.listing
        return any(blob.name == name for name in names for blob in islice(listing(name), 1))

    def _retry_later(self, wake_up: WakeUp, enqueued: Sent | None) -> None:
        """Enqueue one wake-up in place of one that could do nothing, later and later, until the sweep takes over.

        It takes the place of the one that was ``enqueued`` for a state that may not have been saved.
        """
        if wake_up.tries < MOST_TRIES or enqueued:
            delay = retry_delay(self._services.delays, wake_up.tries, None, self._services.draw())
            later = msgspec.structs.replace(wake_up, tries=min(wake_up.tries + 1, MOST_TRIES))
            self._services.wake_ups.send(later, delay, enqueued)

    def restart(self, stored: Stored) -> None:
        """Begin a new run of a finished job, for the same content.

        Raises:
            ConflictError: Something else has happened to it meanwhile.
        """
        at = whole_second(self._services.clock() + SOON)
        start = _start_of(self._services, stored.job.manifest, stored.job.etag, stored.job)
        self._services.storage.save(transitions.begin_at(start, at), stored.version)
        self._services.wake(stored.job.manifest, at)
        event_log.log("manifest_restarted", manifest=stored.job.manifest, run=start.run)


class _Step:
    """The step that one wake-up takes."""

    def __init__(self, services: Services, wake_up: WakeUp, *, again: bool) -> None:
        self._services = services
        self._manifest = wake_up.manifest
        self._wake_up = wake_up
        self._again = again
        self.claim: Claim | None = None

    def take(self, *, first: bool) -> None:
        """Read the manifest's status, and its properties where they matter, and do what is due.

        Raises:
            ConflictError: Another process has changed the job.
            ManifestChangedError: The manifest was overwritten or deleted meanwhile.
            StatusUnavailableError: The status cannot be read or written.
        """
        seen = look_up(self._services, self._wake_up, first=first)
        if seen is None:
            return
        match transitions.next_step(seen.job, seen.etag, self._services.clock()):
            case Step.START if seen.current:
                self._start(seen, seen.current.etag)
            case Step.ATTEMPT if seen.stored:
                self._attempt(seen.stored)
            case Step.CANCEL if seen.stored:
                self._cancel(seen.stored)
            case Step.POLL if seen.stored:
                PollRound(self._services, Claim(self._services, seen.stored), again=self._again).run()
            case Step.WAIT if seen.stored:
                self._wait(seen.stored.job, seen.etag)
            case Step.REST if seen.stored:
                Claim(self._services, seen.stored).clear_results()

    def _start(self, seen: Seen, etag: str) -> None:
        content = seen.content or self._services.storage.open(self._manifest, etag)
        # Deleted since its properties were read; the job of an earlier content must still be cancelled.
        if content is None:
            raise ManifestChangedError(self._manifest)
        if content.is_directory:
            return
        lease = lease_from_now(self._services)
        # Recorded with the claim: metadata that are set before the content is read must not begin another run.
        begun = transitions.begin(_start_of(self._services, self._manifest, etag, seen.job), lease)
        job = transitions.noted(begun, **content.properties.identity)
        claim = self._take(job, seen.stored.version if seen.stored else seen.replaced)
        event_log.log("manifest_claimed", manifest=self._manifest, run=job.internal.run, landed=content.modified)
        Attempt(self._services, claim, content).run()

    def _attempt(self, stored: Stored) -> None:
        job, now = stored.job, self._services.clock()
        # A crashed attempt may have posted a part: it is repeated, however late, under the same request id.
        waiting, deadline = job.state is State.WAITING, job.deadline(job.created_at, self._services.delays.give_up)
        if waiting and job.error and (now >= deadline or lifecycle.is_throttled_for_good(job)):
            fault = THROTTLED if lifecycle.is_throttled_for_good(job) else job.error
            Claim(self._services, stored).stop(State.FAILED, fault)
            return
        # Before the lease is taken: standing in line costs no claim.
        has_turn = waiting and job.customer_id is not None
        waiting_job = Claim(self._services, stored)
        if has_turn and (turn := waiting_job.turn(Call.UPLOAD)):
            waiting_job.line_up(turn)
            return
        # Counted before it is read again: what kills every process that reads it must end.
        taken = lifecycle.take_over(job, lease_from_now(self._services), now)
        if has_crashed_too_often(taken):
            claim = Claim(self._services, stored)
            claim.note(transitions.noted(job, unanswered=taken.internal.unanswered))
            claim.stop(State.FAILED, CRASHED)
            return
        Attempt(self._services, self._take(taken, stored.version), has_turn=has_turn).run()

    def _cancel(self, stored: Stored) -> None:
        claim = Claim(self._services, stored)
        claim.note(parts.interrupted(stored.job))
        claim.stop(State.FAILED, MANIFEST_GONE)

    def _take(self, job: Job, version: str | None) -> Claim:
        self.claim = take_claim(self._services, job, version)
        return self.claim

    def _wait(self, job: Job, etag: str | None) -> None:
        """Enqueue a wake-up for the time that the job is due, unless another one is on its way.

        It counts as a try, so that none follows for ever a lease that is renewed again and again.
        """
        # Each drop is reported twice, by the webhook and by the queue; the first report has enqueued a wake-up.
        if self._wake_up.landed and not self._again and job.etag == etag:
            return
        tries = self._wake_up.tries
        # Under a lease the other process may have crashed, and its wake-up may be this one.
        if job.due and tries < MOST_TRIES and (job.lease or self._wake_up.due in (None, job.due)):
            wake_up = WakeUp(job.manifest, job.due, tries + 1)
            self._services.wake_ups.send(wake_up, job.due - self._services.clock())


def _start_of(services: Services, manifest: str, etag: str, previous: Job | None) -> Start:
    part_size = services.limits.devices_per_upload
    return Start(manifest, etag, uuid4(), part_size, previous, services.clock().replace(microsecond=0))
