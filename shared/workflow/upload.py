"""One attempt to upload a manifest: under a lease, part by part, each saved as soon as it is accepted."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import chain, islice

import msgspec

from shared import event_log
from shared.job import lifecycle, transitions
from shared.job.record import Fault, Job, State, Upload
from shared.job.repeats import repeated
from shared.manifest import Finding, Manifest, device, inspect
from shared.manifest.device import Device
from shared.manifest.target import Ids, Target, resolve
from shared.partner_center.advice import nearest_batches
from shared.partner_center.responses import (
    Accepted,
    AnswerError,
    RefusedError,
    ThrottledError,
    TooLargeError,
    UnavailableError,
)
from shared.partner_center.tokens import SignInError
from shared.workflow.backoff import SOON, retry_delay, whole_second
from shared.workflow.claim import Claim
from shared.workflow.kept_alive import Alive
from shared.workflow.line import Call
from shared.workflow.ports import UNREADABLE, Content, ManifestChangedError, Services, StorageUnavailableError
from shared.workflow.turns import Turns

GONE = Fault(code="manifest_gone", description="The manifest was deleted.")
CRASHED = Fault(code="crashed", description="Five attempts in a row died without saving anything.")
_CHANGED = Fault(code="manifest_changed", description="The manifest was overwritten while it was being uploaded.")


class Attempt:
    """One attempt, from reading the manifest to the last part's acceptance or the first fault that ends it."""

    def __init__(
        self, services: Services, claim: Claim, content: Content | None = None, *, has_turn: bool = False
    ) -> None:
        """Work on a job whose lease has just been taken.

        Args:
            services: Everything outside.
            claim: The job.
            content: The manifest, where it is already being read.
            has_turn: The job may call at once.
        """
        self._services = services
        self._claim = claim
        self._content = content
        self._turns = Turns(services, claim, has_turn=has_turn)
        self._fresh = True
        self._token_renewed = False
        self._created = False

    @property
    def _job(self) -> Job:
        return self._claim.job

    def run(self) -> None:
        """Upload what is not uploaded yet, and save how that ended.

        Raises:
            ConflictError: The lease was lost; whoever has it goes on.
        """
        try:
            content = self._content or self._services.storage.open(self._job.manifest, self._job.etag)
            if content is None:
                self._claim.stop(State.FAILED, GONE)
            else:
                self._upload(Alive(content, self._claim))
        except SignInError as error:
            self._postpone(error.fault)
        except StorageUnavailableError:
            self._postpone(UNREADABLE)
        except ManifestChangedError:
            self._restart_soon()

    def _upload(self, content: Alive) -> None:
        limits = self._services.limits
        manifest = inspect(content, max_bytes=limits.manifest_bytes, max_devices=limits.devices)
        target = resolve(self._job.manifest, Ids(manifest.customer_id, manifest.batch_id), limits.allowed_customers)
        self._claim.note(lifecycle.noted(self._job, **content.identity()))
        if not isinstance(target, Target) or manifest.issues.count:
            self._reject(manifest, target)
        else:
            self._claim.note(transitions.checked(self._job, target, manifest, self._services.clock()))
            self._send_all(manifest.devices(self._job.sent + 1))

    def _reject(self, manifest: Manifest, target: Target | tuple[Finding, ...]) -> None:
        known, lacks = (target, ()) if isinstance(target, Target) else (None, target)
        issues = manifest.issues.after(lacks)
        if self._job.uploads:  # a setting has changed since the first part was accepted
            first = issues.kept[0]
            self._claim.stop(State.REJECTED, Fault(code=first.code, description=first.message))
        else:
            self._claim.end(transitions.invalid(self._job, known, manifest, issues, self._services.clock()))
            event_log.log("manifest_invalid", manifest=self._job.manifest, state=self._job.state, issues=issues.count)

    def _send_all(self, devices: Iterator[Device]) -> None:
        while self._job.state is State.PROCESSING and self._job.unsent:
            part = list(islice(devices, self._job.internal.part_size))
            if self._manifest_stands() and not self._send(part):
                devices = chain(part, devices)  # not accepted: the same devices again, perhaps fewer of them

    def _manifest_stands(self) -> bool:
        """Look, between two parts, whether the manifest has been deleted or overwritten meanwhile."""
        if self._fresh:
            return True
        current = self._services.storage.look(self._job.manifest)
        if current is None:
            self._claim.stop(State.FAILED, GONE)
        elif current.etag != self._job.etag:
            raise ManifestChangedError(self._job.manifest)
        return current is not None

    def _send(self, part: list[Device]) -> bool:
        if not self._turns.take():
            return False
        job = self._claim.hold()
        first, request_id = job.sent + 1, job.request_id(job.sent + 1, len(part))
        post = self._services.api.create_batch if job.internal.creating else self._services.api.upload
        try:
            accepted = post(str(job.customer_id), str(job.batch_id), device.encode(part), request_id)
        except TooLargeError as error:
            self._turns.served()
            self._halve(len(part), error)
        except RefusedError as error:
            self._turns.served()
            self._refused(error)
        except UnavailableError as error:
            self._unavailable(error, (first, first + len(part) - 1))
        else:
            self._turns.served()
            self._keep(accepted, first, len(part), request_id)
            return True
        return False

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
        job = transitions.part_accepted(self._job, upload, self._claim.lease(), now)
        self._fresh = False
        if job.unsent:
            self._claim.save(job)
        else:
            self._follow(job, now, accepted.retry_after)
        event_log.log(
            "part_accepted", manifest=job.manifest, attempt=job.attempts, first=first, devices=count,
            request=request_id, correlation=accepted.correlation_id, server_correlation=accepted.server_correlation,
            seconds=accepted.seconds,
        )  # fmt: skip

    def _follow(self, job: Job, now: datetime, wait: timedelta | None) -> None:
        poll_at = self._claim.first_poll(now)
        if wait:
            poll_at = max(poll_at, whole_second(now + min(wait, self._services.delays.give_up)))
        self._claim.save(transitions.following(job, poll_at, now))
        self._claim.enqueue(poll_at)

    def _halve(self, count: int, error: AnswerError) -> None:
        if count == 1:
            self._claim.stop(State.REJECTED, error.fault)
        else:
            self._go_on(error, part_size=(count + 1) // 2)

    def _refused(self, error: AnswerError) -> None:
        """End with a refusal, unless it only says that the batch is missing and may be created, or is there by now."""
        job, fault = self._job, error.fault
        missing = fault.http_status == HTTPStatus.NOT_FOUND and not job.uploads
        if missing and self._services.limits.create_missing_batch and not self._created:
            self._created = True
            self._go_on(error, creating=True)
        elif job.internal.creating and fault.http_status == HTTPStatus.CONFLICT:
            self._go_on(error, creating=False)
        elif missing and not error.retry_after:
            self._go_on(error)  # before another call is made
            self._claim.stop(State.REJECTED, self._with_batches(fault))
        else:
            self._claim.stop(State.REJECTED, fault)

    def _with_batches(self, fault: Fault) -> Fault:
        with suppress(AnswerError, SignInError):
            existing = self._services.api.batches(str(self._job.customer_id))
            description = f"{fault.description} {nearest_batches(str(self._job.batch_id), existing)}"
            return msgspec.structs.replace(fault, description=description)
        return fault

    def _unavailable(self, error: UnavailableError, part: tuple[int, int]) -> None:
        if error.fault.http_status == HTTPStatus.UNAUTHORIZED and not self._token_renewed and not error.retry_after:
            self._token_renewed = True
            self._services.api.renew_token()
            self._go_on(error)
        elif error.said_no:
            self._postpone(error.fault, error.retry_after, refusals=self._job.internal.refusals + 1)
        elif isinstance(error, ThrottledError):
            at, bookkeeping = self._turns.behind(error)
            self._wait(error.fault, at, **bookkeeping)
        else:
            self._postpone(error.fault, error.retry_after, unanswered=part)

    def _go_on(self, error: AnswerError, **bookkeeping: object) -> None:
        """Save a refusal, so that the next request has an id of its own, and go on in this attempt.

        If the answer says how long to leave Partner Center alone, another attempt goes on then.
        """
        fault, now = error.fault, self._services.clock()
        self._claim.save(transitions.refused(self._job, fault, self._claim.lease(), now, **bookkeeping))
        event_log.log("upload_answered", manifest=self._job.manifest, attempt=self._job.attempts, fault=fault)
        if error.retry_after:
            self._postpone(fault, error.retry_after)

    def _postpone(self, fault: Fault, retry_after: timedelta | None = None, **bookkeeping: object) -> None:
        services, now = self._services, self._services.clock()
        deadline = self._job.deadline(self._job.created_at, services.delays.give_up)
        if now >= deadline:
            self._claim.note(lifecycle.noted(self._job, **bookkeeping))
            self._claim.stop(State.FAILED, repeated(self._job, fault)[0])
            return
        delay = retry_delay(services.delays, self._job.internal.setbacks, retry_after, services.draw())
        at = services.pacing.place(Call.UPLOAD, str(self._job.customer_id), now + delay)
        self._wait(fault, whole_second(min(at, deadline)), **bookkeeping)

    def _wait(self, fault: Fault, at: datetime, **bookkeeping: object) -> None:
        now, places = self._services.clock(), {"places": self._job.internal.places + 1}
        self._claim.save(transitions.postponed(self._job, fault, at, now, **(places | bookkeeping)))
        self._claim.enqueue(at)
        job = self._job
        event_log.log("upload_postponed", manifest=job.manifest, attempt=job.attempts, until=at, fault=fault)

    def _restart_soon(self) -> None:
        """Let the run of the new content begin at once."""
        now = self._services.clock()
        at = whole_second(now + SOON)
        self._claim.save(transitions.postponed(self._job, _CHANGED, at, now))
        self._claim.enqueue(at)
