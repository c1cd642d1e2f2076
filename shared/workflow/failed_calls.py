"""What an attempt does after a call that did not succeed: change the next call, back off, wait in line, or give up."""

from datetime import datetime, timedelta
from http import HTTPStatus

import msgspec

from shared import event_log
from shared.job import lifecycle, transitions
from shared.job.faults import MANIFEST_CHANGED
from shared.job.lasting_errors import repeated
from shared.job.parts import halved
from shared.job.status_document import Fault, Job, State
from shared.partner_center.batch_list import nearest_batches
from shared.partner_center.responses import AnswerError, ThrottledError, UnavailableError
from shared.partner_center.token_protocol import SignInError
from shared.workflow.backoff import SOON, retry_delay, whole_second
from shared.workflow.claim import Claim
from shared.workflow.ports import Services
from shared.workflow.waiting_line import Call


class FailedCalls:
    """The failed calls of one attempt: each saves the job, and the attempt continues or has ended."""

    def __init__(self, services: Services, claim: Claim) -> None:
        """Work on a job whose lease has been taken."""
        self._services = services
        self._claim = claim
        self._token_renewed = False
        self._created = False

    @property
    def _job(self) -> Job:
        return self._claim.job

    def too_large(self, count: int, error: AnswerError) -> None:
        """Halve the parts, or reject the manifest where the part was a single device."""
        if count == 1:
            self._claim.stop(State.REJECTED, error.fault)
        else:
            self._go_on(error, part_size=halved(count))

    def refused(self, error: AnswerError) -> None:
        """End with a refusal, unless it only says that the batch is missing and may be created, or is there by now."""
        job, fault = self._job, error.fault
        missing = fault.http_status == HTTPStatus.NOT_FOUND and not job.uploads
        if missing and self._services.limits.create_missing_batch and not self._created:
            self._created = True
            self._go_on(error, creating=True)
        elif job.internal.creating and fault.http_status == HTTPStatus.CONFLICT:
            self._go_on(error, creating=False)
        elif missing and not error.retry_after:
            # Saved before another call is made, so that a crash in that does not repeat this one under its old id.
            self._go_on(error)
            self._claim.stop(State.REJECTED, self._with_batches(fault))
        else:
            self._claim.stop(State.REJECTED, fault)

    def _with_batches(self, fault: Fault) -> Fault:
        """Name the batches that there are, unless there is a line: mere advice is not worth a wait."""
        if not self._may_list():
            return fault
        try:
            existing = self._services.api.batches(str(self._job.customer_id), self._may_list)
        except ThrottledError as error:
            self._claim.throttled(Call.UPLOAD, error.retry_after)
        except (AnswerError, SignInError):
            pass
        else:
            self._claim.served(Call.UPLOAD)
            description = f"{fault.description} {nearest_batches(str(self._job.batch_id), existing)}"
            return msgspec.structs.replace(fault, description=description)
        return fault

    def _may_list(self) -> bool:
        return self._claim.turn(Call.UPLOAD) is None

    def unavailable(self, error: UnavailableError, part: tuple[int, int]) -> None:
        """Get a new token, wait in line, or back off; ``part`` is the number of its first and of its last device."""
        if error.fault.http_status == HTTPStatus.UNAUTHORIZED and not self._token_renewed and not error.retry_after:
            self._token_renewed = True
            self._services.api.renew_token()
            self._go_on(error, refusals=self._refusals_with(error))
        elif isinstance(error, ThrottledError):
            self._throttled(error)
        else:
            self._claim.failed()
            bookkeeping = {"refusals": self._refusals_with(error)} if error.said_no else {"unanswered": part}
            self.postpone(error.fault, error.retry_after, **bookkeeping)

    def _refusals_with(self, error: UnavailableError) -> int:
        """Return the number of refusals that makes the next request id: a new one, or the same again."""
        # An expired token says nothing about an earlier try that was not answered: that may have been taken.
        is_open = error.fault.http_status == HTTPStatus.UNAUTHORIZED and self._job.internal.unanswered
        return self._job.internal.refusals + (not is_open)

    def _go_on(self, error: AnswerError, **bookkeeping: object) -> None:
        """Save a refusal, so that the next request has an id of its own, and continue this attempt.

        If the answer has a ``Retry-After``, a later attempt continues instead.
        """
        fault, now = error.fault, self._services.clock()
        self._claim.save(lifecycle.refused(self._job, fault, self._claim.lease(), now, **bookkeeping))
        event_log.log("upload_answered", manifest=self._job.manifest, attempt=self._job.attempts, fault=fault)
        if error.retry_after:
            self.postpone(fault, error.retry_after)

    def _throttled(self, error: ThrottledError) -> None:
        """Wait behind the closed door: at least ``Retry-After``, and longer after each throttle in a row."""
        until = self._claim.throttled(Call.UPLOAD, error.retry_after)
        services, now, internal = self._services, self._services.clock(), self._job.internal
        delay = retry_delay(services.delays, internal.setbacks, error.retry_after, services.draw())
        at = whole_second(max(now + min(delay, lifecycle.LONGEST_IN_LINE), until))
        behind = internal.throttled_seconds + lifecycle.seconds(at - now)
        # It has waited for its turn already, and goes before others next time.
        places = internal.places + 3
        self._wait(error.fault, at, throttled_seconds=behind, places=places)

    def postpone(self, fault: Fault, retry_after: timedelta | None = None, **bookkeeping: object) -> None:
        """Back off from a temporary fault, or give up where it has lasted for too long."""
        services, now = self._services, self._services.clock()
        deadline = self._job.deadline(self._job.created_at, services.delays.give_up)
        if now >= deadline:
            self._claim.note(transitions.noted(self._job, **bookkeeping))
            self._claim.stop(State.FAILED, repeated(self._job, fault)[0])
            return
        delay = self._claim.back_off(retry_after)
        # A success without a Location: the devices have probably been taken, and more tries will hardly say where.
        if fault.http_status and fault.http_status < HTTPStatus.MULTIPLE_CHOICES:
            delay = max(delay, services.delays.first_retry * 2 ** min(self._job.internal.setbacks, 16))
        at = services.pacing.place(Call.UPLOAD, str(self._job.customer_id), now + delay)
        self._wait(fault, whole_second(min(at, deadline)), **bookkeeping)

    def _wait(self, fault: Fault, at: datetime, **bookkeeping: object) -> None:
        now, places = self._services.clock(), {"places": self._job.internal.places + 1}
        self._claim.save(lifecycle.postponed(self._job, fault, at, now, **(places | bookkeeping)))
        self._claim.enqueue(at)
        job = self._job
        event_log.log("upload_postponed", manifest=job.manifest, attempt=job.attempts, until=at, fault=fault)

    def restart_soon(self) -> None:
        """Let the run of the new content begin soon."""
        now = self._services.clock()
        at = whole_second(now + SOON)
        self._claim.save(lifecycle.postponed(self._job, MANIFEST_CHANGED, at, now))
        self._claim.enqueue(at)
