"""One attempt to upload a manifest: under a lease, part by part, each saved as soon as it is accepted."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, islice

from shared import event_log
from shared.job import lifecycle, parts, transitions
from shared.job.faults import MANIFEST_GONE, READ_OTHERWISE, STORAGE_UNAVAILABLE, TOO_MANY_PARTS
from shared.job.plausibility import has_room_for_upload
from shared.job.status_document import Fault, Job, State, Upload
from shared.manifest import Finding, Manifest, device, inspect
from shared.manifest.customer_and_batch import Ids, Target, ids_in, resolve
from shared.manifest.device import Device
from shared.partner_center.responses import (
    Accepted,
    RefusedError,
    TooLargeError,
    UnavailableError,
)
from shared.partner_center.token_protocol import SignInError
from shared.workflow.backoff import whole_second
from shared.workflow.claim import Claim, LiveContent
from shared.workflow.failed_calls import FailedCalls
from shared.workflow.ports import (
    Content,
    ManifestChangedError,
    Services,
    StorageUnavailableError,
)
from shared.workflow.waiting_line import Call


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
        self._has_turn = has_turn
        self._called = False
        self._fresh = True
        self._failed_calls = FailedCalls(services, claim)

    @property
    def _job(self) -> Job:
        return self._claim.job

    def run(self) -> None:
        """Upload what is not uploaded yet, and save how that ended.

        Raises:
            ConflictError: The lease was lost, and another process continues the job.
        """
        try:
            content = self._content or self._services.storage.open(self._job.manifest, self._job.etag)
            if content is None:
                self._claim.stop(State.FAILED, MANIFEST_GONE)
            else:
                self._upload(content)
        except SignInError as error:
            self._claim.failed()
            self._failed_calls.postpone(error.fault)
        except StorageUnavailableError:
            self._failed_calls.postpone(STORAGE_UNAVAILABLE)
        except ManifestChangedError:
            self._failed_calls.restart_soon()

    def _upload(self, content: Content) -> None:
        limits, live = self._services.limits, LiveContent(content, self._claim)
        manifest = inspect(
            live,
            max_bytes=limits.manifest_bytes,
            max_devices=limits.devices,
            named=ids_in(self._job.manifest),
            alive=self._claim.keep_alive,
        )
        target = resolve(self._job.manifest, Ids(manifest.customer_id, manifest.batch_id), limits.allowed_customers)
        self._claim.note(transitions.noted(self._job, **content.properties.identity))
        if not isinstance(target, Target) or manifest.issues.count:
            self._reject(manifest, target)
        elif parts.is_read_otherwise(self._job, manifest):
            self._claim.stop(State.FAILED, READ_OTHERWISE)
        else:
            self._claim.note(lifecycle.checked(self._job, target, manifest, self._services.clock()))
            self._send_all(manifest.devices(self._job.sent + 1))

    def _reject(self, manifest: Manifest, target: Target | tuple[Finding, ...]) -> None:
        known, lacks = (target, ()) if isinstance(target, Target) else (None, target)
        issues = manifest.issues.after(lacks)
        # A setting has changed since the first part was accepted.
        if self._job.uploads:
            first = issues.kept[0]
            self._claim.stop(State.REJECTED, Fault(code=first.code, description=first.message))
        else:
            self._claim.end(lifecycle.invalid(self._job, known, manifest, issues, self._services.clock()))
            event_log.log("manifest_invalid", manifest=self._job.manifest, state=self._job.state, issues=issues.count)

    def _send_all(self, devices: Iterator[Device]) -> None:
        while self._job.state is State.PROCESSING and self._job.unsent:
            # A status that cannot be read again would never be followed.
            if not has_room_for_upload(self._job):
                self._claim.stop(State.REJECTED, TOO_MANY_PARTS)
                return
            part = list(islice(devices, self._job.internal.part_size))
            if self._is_unchanged() and not self._send(part):
                # Not accepted: the same devices again, perhaps fewer of them.
                devices = chain(part, devices)

    def _is_unchanged(self) -> bool:
        """Return whether the manifest is still there, unchanged; else end the sending.

        Raises:
            ManifestChangedError: It was overwritten.
        """
        # It has just been read for the first part.
        if self._fresh:
            return True
        current = self._services.storage.properties(self._job.manifest)
        if current is None:
            self._claim.stop(State.FAILED, MANIFEST_GONE)
        elif current.etag != self._job.etag:
            raise ManifestChangedError(self._job.manifest)
        return current is not None

    def _send(self, part: list[Device]) -> bool:
        if not self._is_turn():
            return False
        job = self._claim.hold()
        first, request_id = job.sent + 1, job.request_id(job.sent + 1, len(part))
        # A status alone, which a sender may have written, creates none.
        is_creating = job.internal.creating and self._services.limits.create_missing_batch
        post = self._services.api.create_batch if is_creating else self._services.api.upload
        try:
            accepted = post(str(job.customer_id), str(job.batch_id), device.encode(part), request_id)
        except TooLargeError as error:
            self._claim.served(Call.UPLOAD)
            self._failed_calls.too_large(len(part), error)
        except RefusedError as error:
            self._claim.served(Call.UPLOAD)
            self._failed_calls.refused(error)
        except UnavailableError as error:
            self._failed_calls.unavailable(error, (first, first + len(part) - 1))
        else:
            self._claim.served(Call.UPLOAD)
            self._keep(accepted, first, len(part), request_id)
            return True
        return False

    def _is_turn(self) -> bool:
        """Use the turn that the attempt began with, or ask for one; without it, wait in line."""
        turn = None if self._has_turn else self._claim.turn(Call.UPLOAD)
        if turn:
            self._claim.line_up(turn, called=self._called)
        self._has_turn, self._called = False, True
        return turn is None

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
        # Saved before the next part is posted: a crash then repeats nothing that was accepted.
        poll_from = whole_second(now + (accepted.retry_after or timedelta(0)))
        job = lifecycle.part_accepted(self._job, upload, poll_from, self._claim.lease(), now)
        self._fresh = False
        if job.unsent:
            self._claim.save(job)
        else:
            self._follow(job, now)
        event_log.log(
            "part_accepted", manifest=job.manifest, attempt=job.attempts, first=first, devices=count,
            request=request_id, correlation=accepted.correlation_id, server_correlation=accepted.server_correlation,
            seconds=accepted.seconds,
        )  # fmt: skip

    def _follow(self, job: Job, now: datetime) -> None:
        self._claim.note(job)
        poll_at = self._claim.first_poll(now)
        self._claim.save(lifecycle.following(self._job, poll_at, now))
        self._claim.enqueue(poll_at)
