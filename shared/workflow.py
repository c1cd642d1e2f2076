"""The one verb of the app: advance a manifest's job by whatever it is time for.

Every trigger is a wake-up that names a manifest. A wake-up too many does no harm: it finds nothing to do.
"""

from datetime import datetime
from uuid import uuid4

from shared import events, lifecycle, transitions
from shared.job import Job, State
from shared.lifecycle import Start, Step
from shared.names import has_room_for_status, is_manifest
from shared.schedule import SOON, whole_second
from shared.services import ConflictError, Content, ManifestChangedError, Services, Stored
from shared.tracking import Tracking
from shared.uploading import CRASHED, GONE, Attempt, new_lease, stop

_LOOKS = 3
"""How often a job is looked at anew when somebody else has changed it; then a wake-up takes over."""


class Workflow:
    """Advances jobs."""

    def __init__(self, services: Services) -> None:
        """Work with ``services``."""
        self._services = services

    def advance(self, manifest: str, due: datetime | None = None) -> None:
        """Take the one next step that a manifest's job allows.

        Args:
            manifest: The blob's name; a status or results blob's is passed over.
            due: The moment for which the wake-up was queued; ``None`` for an event.
        """
        if not is_manifest(manifest):
            return
        if not has_room_for_status(manifest):
            events.log("manifest_name_too_long", manifest=manifest)
            return
        for _ in range(_LOOKS):
            try:
                self._step(manifest, due)
            except (ConflictError, ManifestChangedError):
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
        events.log("manifest_restarted", manifest=stored.job.manifest, run=start.run)

    def _step(self, manifest: str, due: datetime | None) -> None:
        storage = self._services.storage
        stored = storage.load(manifest)
        content = None if stored else storage.open(manifest)
        etag = storage.etag(manifest) if stored else content.etag if content else None
        job = stored.job if stored else None
        match lifecycle.next_step(job, etag, self._services.clock()):
            case Step.START if etag:
                self._start(manifest, etag, stored, content)
            case Step.ATTEMPT if stored:
                self._attempt(stored)
            case Step.CANCEL if stored:
                stop(self._services, stored, State.FAILED, GONE)
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
        self._services.wake(manifest, lease.until)
        claimed = self._services.storage.save(job, stored.version if stored else None)
        events.log("manifest_claimed", manifest=manifest, run=job.progress.run, landed=content.modified)
        Attempt(self._services, claimed, content).run()

    def _start_of(self, manifest: str, etag: str, previous: Job | None) -> Start:
        part_size = self._services.limits.devices_per_upload
        return Start(manifest, etag, uuid4(), part_size, previous, self._services.clock().replace(microsecond=0))

    def _attempt(self, stored: Stored) -> None:
        job, now = stored.job, self._services.clock()
        if job.state is State.WAITING and now >= job.created_at + self._services.delays.give_up and job.error:
            stop(self._services, stored, State.FAILED, job.error)
            return
        lease = new_lease(self._services)
        taken = transitions.take_over(job, lease, now)
        if taken.progress.deaths >= lifecycle.MOST_DEATHS:
            stop(self._services, stored, State.FAILED, CRASHED)
            return
        self._services.wake(job.manifest, lease.until)
        Attempt(self._services, self._services.storage.save(taken, stored.version)).run()

    def _wait(self, job: Job, due: datetime | None) -> None:
        """See to it that somebody comes when it is time: under a live lease always, else unless another will."""
        if job.due and (job.lease or due in (None, job.due)):
            self._services.wake(job.manifest, job.due)
