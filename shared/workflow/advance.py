"""The one verb of the app: advance a manifest's job by whatever it is time for.

Every trigger is a wake-up that names a manifest. A wake-up too many does no harm: it finds nothing to do.
"""

import logging
from datetime import datetime
from uuid import uuid4

from shared import event_log
from shared.job import lifecycle, transitions
from shared.job.blob_names import has_room_for_status, is_manifest
from shared.job.lifecycle import Start, Step
from shared.job.record import Job, Lease, State
from shared.workflow.backoff import SOON, whole_second
from shared.workflow.claim import Claim, new_lease
from shared.workflow.follow import Tracking
from shared.workflow.ports import ConflictError, Content, ManifestChangedError, Sent, Services, Stored
from shared.workflow.upload import CRASHED, GONE, Attempt

_LOOKS = 3
"""How often a job is looked at anew when somebody else has changed it; then a wake-up takes over."""


class Workflow:
    """Advances jobs."""

    def __init__(self, services: Services) -> None:
        """Work with ``services``."""
        self._services = services

    def advance(self, manifest: str, due: datetime | None = None, *, landed: bool = False) -> None:
        """Take the one next step that a manifest's job allows.

        Args:
            manifest: The blob's name; a status or results blob's is passed over.
            due: The moment for which the wake-up was queued; ``None`` for an event.
            landed: It has just been written, so that most likely nobody has taken it up yet.
        """
        if not is_manifest(manifest):
            return
        if not has_room_for_status(manifest):
            event_log.log("manifest_name_too_long", level=logging.WARNING, manifest=manifest)
            return
        for _ in range(_LOOKS):
            try:
                self._step(manifest, due, landed=landed)
            except (ConflictError, ManifestChangedError):
                landed = False
                continue
            return
        self._services.wake(manifest, whole_second(self._services.clock() + self._services.delays.first_retry))

    def restart(self, stored: Stored) -> None:
        """Begin a new run of a finished job, for the same content.

        Raises:
            ConflictError: Something else has happened to it meanwhile.
        """
        at = whole_second(self._services.clock() + SOON)
        start = self._start_of(stored.job.manifest, stored.job.etag, stored.job)
        self._services.wake(stored.job.manifest, at)
        self._services.storage.save(lifecycle.begin_at(start, at), stored.version)
        if self._services.clock() >= at:  # the wake-up may have come, and found the old end
            self._services.wake(stored.job.manifest, at)
        event_log.log("manifest_restarted", manifest=stored.job.manifest, run=start.run)

    def _step(self, manifest: str, due: datetime | None, *, landed: bool) -> None:
        storage = self._services.storage
        # What has just landed is claimed without a look at its status: a claim too many is refused by the storage.
        content = storage.open(manifest) if landed else None
        stored = None if content else storage.load(manifest)
        content = content or (None if stored or landed else storage.open(manifest))
        etag = storage.etag(manifest) if stored else content.etag if content else None
        job = stored.job if stored else None
        match lifecycle.next_step(job, etag, self._services.clock()):
            case Step.START if etag:
                self._start(manifest, etag, stored, content)
            case Step.ATTEMPT if stored:
                self._attempt(stored)
            case Step.CANCEL if stored:
                Claim(self._services, stored).stop(State.FAILED, GONE)
            case Step.POLL if stored:
                Tracking(self._services, stored).poll()
            case Step.WAIT if stored:
                self._wait(stored.job, due)

    def _start(self, manifest: str, etag: str, stored: Stored | None, content: Content | None) -> None:
        content = content or self._services.storage.open(manifest, etag)
        if content is None:  # deleted since its ETag was asked for; its job must still be looked after
            raise ManifestChangedError(manifest)
        if content.is_directory:
            return
        lease = new_lease(self._services)
        job = lifecycle.begin(self._start_of(manifest, etag, stored.job if stored else None), lease)
        wake_up = self._call_back(manifest, lease)
        claimed = self._services.storage.save(job, stored.version if stored else None)
        event_log.log("manifest_claimed", manifest=manifest, run=job.progress.run, landed=content.modified)
        Attempt(self._services, Claim(self._services, claimed, wake_up), content).run()

    def _start_of(self, manifest: str, etag: str, previous: Job | None) -> Start:
        part_size = self._services.limits.devices_per_upload
        return Start(manifest, etag, uuid4(), part_size, previous, self._services.clock().replace(microsecond=0))

    def _attempt(self, stored: Stored) -> None:
        job, now = stored.job, self._services.clock()
        if job.state is State.WAITING and now >= job.created_at + self._services.delays.give_up and job.error:
            Claim(self._services, stored).stop(State.FAILED, job.error)
            return
        lease = new_lease(self._services)
        taken = transitions.take_over(job, lease, now)
        if taken.progress.deaths >= lifecycle.MOST_DEATHS:
            Claim(self._services, stored).stop(State.FAILED, CRASHED)
            return
        wake_up = self._call_back(job.manifest, lease)
        claim = Claim(self._services, self._services.storage.save(taken, stored.version), wake_up)
        Attempt(self._services, claim).run()

    def _call_back(self, manifest: str, lease: Lease) -> Sent:
        """Have somebody come when, if all goes well, it is time to ask how far the upload is.

        If it does not go well, that wake-up meets a live lease, and another is queued for the lease's end.
        """
        poll_at = whole_second(self._services.clock() + self._services.delays.first_poll)
        return self._services.wake(manifest, min(poll_at, lease.until))

    def _wait(self, job: Job, due: datetime | None) -> None:
        """See to it that somebody comes when it is time: under a live lease always, else unless another will."""
        if job.due and (job.lease or due in (None, job.due)):
            self._services.wake(job.manifest, job.due)
