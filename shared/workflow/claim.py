"""A job that this process works on: its record, its lease and its next wake-up."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

from shared import event_log
from shared.config.timeouts import LONGEST_CALL
from shared.job import lifecycle, transitions
from shared.job.lease import Lease
from shared.job.status_document import Fault, Job, State
from shared.workflow.backoff import retry_delay, whole_second
from shared.workflow.ports import Content, Sent, Services, Stored
from shared.workflow.waiting_line import Call, Waited


def lease_from_now(services: Services, held: Lease | None = None) -> Lease:
    """Return a lease from now on, of the owner of the one that is ``held``, or of a new one."""
    until = whole_second(services.clock() + services.delays.lease)
    return Lease(owner=held.owner if held else uuid4().hex, until=until)


def take_claim(services: Services, job: Job, version: str | None) -> "Claim":
    """Save a job with its lease over ``version``, and enqueue the wake-up that follows it.

    If all goes well it is then time for the first poll; if not, it meets a live lease and is enqueued for its end.
    """
    claimed = services.storage.save(job, version)
    poll_at = whole_second(services.clock() + services.delays.first_poll)
    until = job.lease.until if job.lease else poll_at
    return Claim(services, claimed, services.wake(job.manifest, min(poll_at, until)))


class Claim:
    """The only writer of a job for now; a save fails where another process has written it.

    A wake-up is enqueued after the state has been saved that it is to find: what cannot be saved leaves no message. If
    the process crashes in between, the queue delivers again the message that it was working on.
    """

    def __init__(self, services: Services, stored: Stored, wake_up: Sent | None = None) -> None:
        """Take a job as it was read or saved, and the wake-up that was enqueued for it just now."""
        self._services = services
        self.wake_up = wake_up
        self.job, self._version = stored.job, stored.version

    def save(self, job: Job) -> None:
        """Write the job's next state.

        Raises:
            ConflictError: Another process has the job now, and continues it.
            StatusUnavailableError: It cannot be written.
        """
        stored = self._services.storage.save(job, self._version)
        self.job, self._version = stored.job, stored.version

    def note(self, job: Job) -> None:
        """Keep a change for the next save."""
        self.job = job

    def lease(self) -> Lease:
        """Return a lease from now on, of the present owner if there is one."""
        return lease_from_now(self._services, self.job.lease)

    def hold(self) -> Job:
        """Renew a lease that the next call could outlast: nothing is posted after it has ended."""
        self._hold_for(LONGEST_CALL)
        # The process may have been frozen while that was saved; saving again fails where the job has been taken over.
        return self._hold_for(self._services.delays.lease / 2)

    def keep_alive(self) -> None:
        """Renew the lease during long work, once half of it is over."""
        self._hold_for(self._services.delays.lease / 2)

    def alive(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Return pieces as they come, and keep the lease alive meanwhile."""
        for piece in pieces:
            self.keep_alive()
            yield piece

    def _hold_for(self, time: timedelta) -> Job:
        now = self._services.clock()
        if self.job.lease is None or now + time > self.job.lease.until:
            self.save(lifecycle.renewed(self.job, self.lease(), now))
        return self.job

    def enqueue(self, at: datetime) -> None:
        """Enqueue the wake-up that the saved state needs, in place of the last one, unless that one comes just then."""
        # Moving a message costs a request, and one that is due already may have been taken out.
        if self._due != at or at <= self._services.clock():
            self.wake_up = self._services.wake(self.job.manifest, at, self.wake_up)

    @property
    def _due(self) -> datetime | None:
        return self.wake_up.due if self.wake_up else None

    def first_poll(self, now: datetime) -> datetime:
        """Return when to poll what has just been accepted: when a wake-up comes anyway, if that is about the time.

        Where there is a line, it is the poll's turn, and the time in line is noted.
        """
        delays, due = self._services.delays, self._due
        earliest = max(now + delays.first_poll * 0.9, min(self.job.internal.poll_from or now, now + delays.give_up))
        at = whole_second(max(now + delays.first_poll, earliest))
        waited = Waited(1, now - self.job.created_at)
        turn = whole_second(self._services.pacing.place(Call.PROGRESS, str(self.job.customer_id), at, waited))
        self.note(transitions.noted(self.job, throttled_seconds=lifecycle.seconds(turn - at)))
        return due if due and earliest <= due <= at == turn else turn

    def turn(self, api: Call) -> datetime | None:
        """Begin a call now (``None``), or return when it is the job's turn."""
        waited = Waited(self.job.internal.places, self._services.clock() - self.job.created_at)
        return self._services.pacing.turn(api, str(self.job.customer_id), waited)

    def served(self, api: Call) -> None:
        """Learn from an answer that was neither a throttle nor a temporary fault."""
        self._services.pacing.served(api, str(self.job.customer_id))

    def line_up(self, turn: datetime, *, called: bool = True) -> None:
        """Wait for a turn to call; an attempt that has not ``called`` was none."""
        now, at = self._services.clock(), whole_second(turn)
        self.save(lifecycle.in_line(self.job, at, now, called=called))
        self.enqueue(at)
        waited = self.job.internal.throttled_seconds
        event_log.log("rate_limited", manifest=self.job.manifest, until=at, line_seconds=waited)

    def failed(self) -> None:
        """Learn from a call that met a temporary fault other than a throttle."""
        self._services.pacing.failed(self.job.manifest)

    def back_off(self, retry_after: timedelta | None) -> timedelta:
        """Return how long to wait after a temporary fault that was no throttle: longer in a long outage."""
        delays, outage = self._services.delays, self._services.pacing.outage_wait()
        delay = retry_delay(delays, self.job.internal.setbacks, retry_after, self._services.draw())
        # A crowd that came back as often as a single job would cost an execution for each, again and again.
        return max(delay, min(outage, 2 * delays.longest_retry))

    def throttled(self, api: Call, retry_after: timedelta | None) -> datetime:
        """Learn from a 429, and return when the job may call again."""
        learnt = self._services.pacing.throttled(api, str(self.job.customer_id), retry_after)
        event_log.log(
            "throttled",
            level=logging.WARNING,
            manifest=self.job.manifest,
            scope=learnt.scope,
            retry_after=retry_after.total_seconds() if retry_after else None,
            rate=round(learnt.per_minute, 1),
        )
        return min(learnt.until, self._services.clock() + lifecycle.LONGEST_IN_LINE)

    def stop(self, state: State, fault: Fault) -> None:
        """End sending for good, as ``state`` if nothing was accepted; what was accepted is followed to its end."""
        now = self._services.clock()
        # Where nothing is followed, no place in line is taken for a poll.
        poll_at = self.first_poll(now) if self.job.uploads else now
        job = lifecycle.stopped(self.job, state, fault, poll_at, now)
        if job.final:
            self.end(job)
        else:
            self.save(job)
            self.enqueue(job.next_attempt_at or now)
        event_log.log("sending_stopped", manifest=job.manifest, state=job.state, attempt=job.attempts, fault=fault)

    def end(self, job: Job) -> None:
        """Save a final state that has no results."""
        # Those of an earlier run must not be next to it.
        self.clear_results()
        self.save(job)

    def clear_results(self) -> None:
        """Delete the results of another run, and any beside a job that has none."""
        seen = self._services.storage.results(self.job.manifest)
        if seen and (self.job.results is None or seen.run != str(self.job.internal.run)):
            # A later run may have written them by now: saving fails then, and they are left.
            self.save(self.job)
            self._services.storage.delete_results(self.job.manifest, seen)


class LiveContent:
    """A manifest's content whose reading keeps the job's lease alive."""

    def __init__(self, content: Content, claim: Claim) -> None:
        """Read ``content`` for the job of a claim."""
        self._content = content
        self._claim = claim

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self._content.size

    def chunks(self) -> Iterator[bytes]:
        """Return the bytes from the first one on, at each call; raises as ``Content.chunks`` does."""
        return self._claim.alive(self._content.chunks())
