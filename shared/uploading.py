"""One attempt to upload a manifest: under a lease, part by part, each saved as soon as it is accepted."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import chain, islice
from uuid import uuid4

import msgspec

from shared import device, events, transitions
from shared.answers import Accepted, AnswerError, RefusedError, TooLargeError, UnavailableError
from shared.device import Device
from shared.job import Fault, Job, Lease, State, Upload
from shared.manifest import Finding, Manifest, inspect
from shared.partner_center import LONGEST_CALL
from shared.schedule import SOON, retry_delay, whole_second
from shared.services import (
    UNREADABLE,
    Content,
    ManifestChangedError,
    Sent,
    Services,
    SignInError,
    StorageUnavailableError,
    Stored,
)
from shared.suggestions import nearest_batches
from shared.target import Ids, Target, resolve

GONE = Fault(code="manifest_gone", description="The manifest was deleted.")
CRASHED = Fault(code="crashed", description="Five attempts in a row broke off without a word.")
_CHANGED = Fault(code="manifest_changed", description="The manifest was overwritten while it was being uploaded.")


def new_lease(services: Services, owner: str | None = None) -> Lease:
    """Make out a lease from now on."""
    return Lease(owner=owner or uuid4().hex, until=whole_second(services.clock() + services.delays.lease))


def stop(services: Services, stored: Stored, state: State, fault: Fault, wake_up: Sent | None = None) -> Stored:
    """End sending for good, as ``state`` if nothing was accepted; what was accepted is followed to its end.

    ``wake_up`` is the one for the end of a lease, which is then not needed any more.
    """
    now = services.clock()
    poll_at = whole_second(now + services.delays.first_poll)
    job = transitions.stopped(stored.job, state, fault, poll_at, now)
    if job.due:
        services.wake(job.manifest, job.due, wake_up)
    else:  # results of a run whose status was deleted would seem to be of this one
        services.storage.delete_results(job.manifest)
    saved = services.storage.save(job, stored.version)
    events.log("sending_stopped", manifest=job.manifest, state=job.state, attempt=job.attempts, fault=fault)
    return saved


class Attempt:
    """One attempt, from reading the manifest to the last part's acceptance or the first fault that ends it."""

    def __init__(
        self, services: Services, claimed: Stored, wake_up: Sent | None, content: Content | None = None
    ) -> None:
        """Work on a job whose lease has just been taken.

        Args:
            services: Everything outside.
            claimed: The job as it was saved.
            wake_up: The wake-up for the end of the lease; the next step's takes its place.
            content: The manifest, where it is already being read.
        """
        self._services = services
        self._wake_up = wake_up
        self._job = claimed.job
        self._version = claimed.version
        self._content = content
        self._fresh = True
        self._token_renewed = False
        self._created = False

    def run(self) -> None:
        """Upload what is not uploaded yet, and save how that ended.

        Raises:
            ConflictError: The lease was lost; whoever has it goes on.
        """
        try:
            if self._job.previous and not self._job.uploads:
                self._services.storage.delete_results(self._job.manifest)
            content = self._content or self._services.storage.open(self._job.manifest, self._job.etag)
            if content is None:
                self._stop(State.FAILED, GONE)
            else:
                self._upload(content)
        except SignInError as error:
            self._postpone(error.fault)
        except StorageUnavailableError:
            self._postpone(UNREADABLE)
        except ManifestChangedError:
            self._make_way()

    def _upload(self, content: Content) -> None:
        limits = self._services.limits
        manifest = inspect(content, max_bytes=limits.manifest_bytes)
        target = resolve(self._job.manifest, Ids(manifest.customer_id, manifest.batch_id), limits.allowed_customers)
        if isinstance(target, Target) and not manifest.issues.count:
            self._job = transitions.checked(self._job, target, manifest, self._services.clock())
            self._send_all(manifest.devices(self._job.sent + 1))
        else:
            self._reject(manifest, target)

    def _reject(self, manifest: Manifest, target: Target | tuple[Finding, ...]) -> None:
        known, lacks = (target, ()) if isinstance(target, Target) else (None, target)
        issues = manifest.issues.after(lacks)
        if self._job.uploads:  # a setting has changed since the first part was accepted
            first = issues.kept[0]
            self._stop(State.REJECTED, Fault(code=first.code, description=first.message))
        else:
            self._services.storage.delete_results(self._job.manifest)  # as in stop()
            self._save(transitions.invalid(self._job, known, manifest, issues, self._services.clock()))
            events.log("manifest_invalid", manifest=self._job.manifest, state=self._job.state, issues=issues.count)

    def _send_all(self, devices: Iterator[Device]) -> None:
        while self._job.state is State.PROCESSING and self._job.unsent:
            part = list(islice(devices, self._job.progress.part_size))
            if self._manifest_stands() and not self._send(part):
                devices = chain(part, devices)  # not accepted: the same devices again, perhaps fewer of them

    def _manifest_stands(self) -> bool:
        """Look, between two parts, whether the manifest has been deleted or overwritten meanwhile."""
        etag = self._job.etag if self._fresh else self._services.storage.etag(self._job.manifest)
        if etag is None:
            self._stop(State.FAILED, GONE)
        elif etag != self._job.etag:
            raise ManifestChangedError(self._job.manifest)
        return etag is not None

    def _send(self, part: list[Device]) -> bool:
        job = self._hold_lease()
        first, request_id = job.sent + 1, job.request_id(job.sent + 1, len(part))
        hand_in = self._services.api.create_batch if job.progress.creating else self._services.api.upload
        try:
            accepted = hand_in(str(job.customer_id), str(job.batch_id), device.encode(part), request_id)
        except TooLargeError as error:
            self._halve(len(part), error.fault)
        except RefusedError as error:
            self._refused(error.fault)
        except UnavailableError as error:
            self._come_back(error)
        else:
            self._keep(accepted, first, len(part), request_id)
            return True
        return False

    def _hold_lease(self) -> Job:
        """Renew a lease that the next call could outlast: nothing is sent after it has ended."""
        now = self._services.clock()
        if self._job.lease is None or now + LONGEST_CALL > self._job.lease.until:
            self._save(transitions.renewed(self._job, self._lease(), now))
        return self._job

    def _keep(self, accepted: Accepted, first: int, count: int, request_id: str) -> None:
        now = self._services.clock()
        upload = Upload(
            first_device=first,
            device_count=count,
            request_id=request_id,
            correlation_id=accepted.correlation_id,
            location=accepted.location,
            state="queued",
            accepted_at=now.replace(microsecond=0),
        )
        job = transitions.part_accepted(self._job, upload, self._lease(), now)
        self._fresh = False
        if job.unsent:
            self._save(job)
        else:
            self._follow(job, whole_second(now + self._services.delays.first_poll))
        events.log(
            "part_accepted", manifest=job.manifest, attempt=job.attempts, first=first, devices=count,
            request=request_id, correlation=accepted.correlation_id, server_correlation=accepted.server_correlation,
            seconds=accepted.seconds,
        )  # fmt: skip

    def _follow(self, job: Job, poll_at: datetime) -> None:
        following = transitions.following(job, poll_at, self._services.clock())
        try:
            self._wake(poll_at)
        except Exception:  # the acceptance must not be forgotten; the lease's wake-up, or the sweep, will follow it
            self._save(following)
            raise
        self._save(following)

    def _halve(self, count: int, fault: Fault) -> None:
        if count == 1:
            self._stop(State.REJECTED, fault)
        else:
            self._go_on(fault, part_size=(count + 1) // 2)

    def _refused(self, fault: Fault) -> None:
        """End with a refusal, unless it only says that the batch is missing and may be created, or is there by now."""
        job = self._job
        missing = fault.http_status == HTTPStatus.NOT_FOUND and not job.uploads
        if missing and self._services.limits.create_missing_batch and not self._created:
            self._created = True
            self._go_on(fault, creating=True)
        elif job.progress.creating and fault.http_status == HTTPStatus.CONFLICT:
            self._go_on(fault, creating=False)
        elif missing:
            self._go_on(fault)  # before another call is made
            self._stop(State.REJECTED, self._with_batches(fault))
        else:
            self._stop(State.REJECTED, fault)

    def _with_batches(self, fault: Fault) -> Fault:
        with suppress(AnswerError, SignInError):
            existing = self._services.api.batches(str(self._job.customer_id))
            told = f"{fault.description} {nearest_batches(str(self._job.batch_id), existing)}"
            return msgspec.structs.replace(fault, description=told)
        return fault

    def _come_back(self, error: UnavailableError) -> None:
        if error.fault.http_status == HTTPStatus.UNAUTHORIZED and not self._token_renewed:
            self._token_renewed = True
            self._services.api.renew_token()
            self._go_on(error.fault)
        else:
            self._postpone(error.fault, error.retry_after, answered=error.answered)

    def _go_on(self, fault: Fault, **progress: int) -> None:
        """Save that there was an answer, so that the next request has an id of its own, and go on in this attempt."""
        now = self._services.clock()
        self._save(transitions.answered(self._job, fault, self._lease(), now, **progress))

    def _postpone(self, fault: Fault, told: timedelta | None = None, *, answered: bool = False) -> None:
        services, now = self._services, self._services.clock()
        deadline = self._job.created_at + services.delays.give_up
        if now >= deadline:
            self._stop(State.FAILED, fault)
            return
        delay = retry_delay(services.delays, self._job.progress.setbacks, told, services.draw())
        at = whole_second(min(now + delay, deadline))
        self._wake(at)
        self._save(transitions.postponed(self._job, fault, at, now, answered=answered))
        job = self._job
        events.log("upload_postponed", manifest=job.manifest, attempt=job.attempts, until=at, fault=fault)

    def _make_way(self) -> None:
        """Let the run of the new content begin at once."""
        now = self._services.clock()
        at = whole_second(now + SOON)
        self._wake(at)
        self._save(transitions.postponed(self._job, _CHANGED, at, now, answered=False))

    def _stop(self, state: State, fault: Fault) -> None:
        present = Stored(self._job, self._version)
        self._job, self._version = stop(self._services, present, state, fault, self._wake_up)

    def _wake(self, at: datetime) -> None:
        """Queue the wake-up that the next state needs: before it is saved, and in the place of the lease's.

        Should the process die in between, that one comes at the new time, and goes on from the state it finds.
        """
        self._wake_up = self._services.wake(self._job.manifest, at, self._wake_up)

    def _lease(self) -> Lease:
        return new_lease(self._services, self._job.lease.owner if self._job.lease else None)

    def _save(self, job: Job) -> None:
        self._job, self._version = self._services.storage.save(job, self._version)
