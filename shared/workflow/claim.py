"""A job that this process works on: its record, its lease, and the wake-up that is on its way for it."""

from datetime import datetime, timedelta
from uuid import uuid4

from shared import event_log
from shared.config.timeouts import LONGEST_CALL
from shared.job import transitions
from shared.job.record import Fault, Job, Lease, State
from shared.workflow.backoff import whole_second
from shared.workflow.ports import Sent, Services, Stored


def new_lease(services: Services, owner: str | None = None) -> Lease:
    """Make out a lease from now on."""
    return Lease(owner=owner or uuid4().hex, until=whole_second(services.clock() + services.delays.lease))


MARGIN = timedelta(seconds=2)
"""What a save may take: a wake-up that came before it would find nothing to do."""


class Claim:
    """The one hand that writes a job for now; each save is conditional on nobody else having written it."""

    def __init__(self, services: Services, stored: Stored, wake_up: Sent | None = None) -> None:
        """Take a job as it was read or saved, and the wake-up that was queued for it just now."""
        self._services = services
        self._wake_up = wake_up
        self.job, self._version = stored

    @property
    def due(self) -> datetime | None:
        """The moment of the wake-up that is on its way, if one was queued."""
        return self._wake_up.due if self._wake_up else None

    def save(self, job: Job) -> None:
        """Write the job's next state.

        Raises:
            ConflictError: Somebody else has it now, and goes on.
        """
        self.job, self._version = self._services.storage.save(job, self._version)

    def lease(self) -> Lease:
        """Make out a lease from now on, for whoever has the present one."""
        return new_lease(self._services, self.job.lease.owner if self.job.lease else None)

    def hold(self) -> Job:
        """Renew a lease that the next call could outlast: nothing is sent after it has ended."""
        now = self._services.clock()
        if self.job.lease is None or now + LONGEST_CALL > self.job.lease.until:
            self.save(transitions.renewed(self.job, self.lease(), now))
        return self.job

    def wake(self, at: datetime) -> None:
        """Queue the wake-up that the next state needs: before it is saved, and in the place of the last one.

        Should the process die in between, the last one must still come by the lease's end: else it stays where it is.
        """
        if self.due != at or at < self._services.clock() + MARGIN:
            in_time = self.job.lease is not None and at <= self.job.lease.until
            self._wake_up = self._services.wake(self.job.manifest, at, self._wake_up if in_time else None)

    def first_poll(self, now: datetime) -> datetime:
        """Tell when to ask after what has just been accepted: when somebody comes anyway, if that is about the time."""
        delay, due = self._services.delays.first_poll, self.due
        at = whole_second(now + delay)
        return due if due and now + delay * 0.9 <= due <= at else at

    def delete_results(self) -> None:
        """Delete what a run whose status was deleted has left: it would seem to be of this run, which has none."""
        if self.job.lease:  # whoever has lost the job must not delete what its next hand has written
            self.hold()
        self._services.storage.delete_results(self.job.manifest)

    def stop(self, state: State, fault: Fault) -> None:
        """End sending for good, as ``state`` if nothing was accepted; what was accepted is followed to its end."""
        now = self._services.clock()
        job = transitions.stopped(self.job, state, fault, self.first_poll(now), now)
        if job.due:
            self.wake(job.due)
        else:
            self.delete_results()
        self.save(job)
        event_log.log("sending_stopped", manifest=job.manifest, state=job.state, attempt=job.attempts, fault=fault)
