"""Following what was accepted, until the outcome of every device is known."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from http import HTTPStatus

from shared import event_log
from shared.job import lifecycle
from shared.job.crashes import died, has_crashed_too_often
from shared.job.faults import CRASHED, NOT_REPORTED, READ_OTHERWISE, STORAGE_UNAVAILABLE, THROTTLED
from shared.job.status_document import Fault, Job, Upload
from shared.manifest import Row, UnreadableError
from shared.partner_center.matching import judge
from shared.partner_center.responses import AnswerError, ThrottledError, UnavailableError, tracking_id
from shared.partner_center.token_protocol import SignInError
from shared.partner_center.upload_details import Poll, UploadDetails
from shared.workflow.backoff import poll_delay, retry_delay, whole_second
from shared.workflow.claim import Claim
from shared.workflow.ports import (
    ConflictError,
    ResultsBlob,
    Services,
    StorageUnavailableError,
)
from shared.workflow.results_csv import results_csv
from shared.workflow.sent_devices import ReadOtherwiseError, SentDevices
from shared.workflow.waiting_line import Call


class PollRound:
    """One poll of each of a job's uploads that is not judged yet, and the end of the job once all are."""

    def __init__(self, services: Services, claim: Claim, *, again: bool = False) -> None:
        """Follow a job that has been accepted; ``again``: an earlier round may have died."""
        self._services = services
        self._claim = claim
        self._sent = SentDevices(services.storage, claim.job, services.limits)
        self._died = again or claim.job.lease is not None
        self._fault: Fault | None = None
        self._retry_after: timedelta | None = None
        self._turn: datetime | None = None
        self._until: datetime | None = None

    @property
    def _job(self) -> Job:
        return self._claim.job

    def run(self) -> None:
        """Poll every upload that is not judged yet, and save what was learnt.

        Raises:
            ConflictError: Another process polls this job; its results count.
            ManifestChangedError: The manifest has been overwritten meanwhile.
        """
        if self._died and self._has_crashed():
            return
        try:
            if self._is_worth_polling():
                self._poll()
            if self._turn and not lifecycle.is_throttled_for_good(self._job):
                self._claim.line_up(self._turn)
                return
            self._give_up_if_overdue()
            if not self._job.unjudged:
                self._finish(self._sent.rows)
                return
        except ReadOtherwiseError:
            self._claim.note(lifecycle.misread(self._job, READ_OTHERWISE, self._services.clock()))
            self._finish(self._sent.unknown_rows)
            return
        # The latter where this version reads less than the one that sent it.
        except (StorageUnavailableError, UnreadableError):
            self._fault = STORAGE_UNAVAILABLE
            if self._is_overdue():
                self._finish_without_manifest()
                return
        self._schedule()

    def _has_crashed(self) -> bool:
        """Count a round that crashed; after too many, end the job without reading what they may have crashed of.

        It is counted under a lease: messages that are delivered meanwhile, as doubled events are, count no deaths of
        their own.
        """
        now = self._services.clock()
        self._claim.save(lifecycle.renewed(died(self._job, now), self._claim.lease(), now))
        if not has_crashed_too_often(self._job):
            return False
        self._claim.note(lifecycle.abandoned(self._job, CRASHED, self._services.clock()))
        self._finish(self._sent.unknown_rows)
        return True

    def _is_overdue(self) -> bool:
        return self._services.clock() >= self._deadline or lifecycle.is_throttled_for_good(self._job)

    def _is_worth_polling(self) -> bool:
        """Return whether to poll, though the time to give up may be over."""
        # Once in any case: where sending was given up, the time may be over before the following has begun.
        if self._job.internal.polls == 0 or not self._is_overdue():
            return True
        # Once more where the last round went well: after a fault, Partner Center may have asked to wait.
        return self._job.error is None and self._services.clock() < self._last_look

    @property
    def _last_look(self) -> datetime:
        return self._deadline + self._services.delays.longest_poll

    @property
    def _deadline(self) -> datetime:
        accepted = max(upload.accepted_at for upload in self._job.uploads)
        return self._job.deadline(accepted, self._services.delays.give_up)

    def _poll(self) -> None:
        """Poll one upload after another; a throttle or an outage ends the round."""
        # Every request counts against the quota, refused ones too ("API throttling guidance").
        for index in self._job.unjudged:
            self._turn = self._claim.turn(Call.PROGRESS)
            if self._turn:
                return
            try:
                poll = self._progress(self._job.uploads[index])
            except SignInError as error:
                self._fault = error.fault
                self._claim.failed()
                return
            except AnswerError as error:
                self._fault = error.fault
                self._obey(error.retry_after)
                self._learn_from(error)
                # A refusal is about one upload alone, unless it says how long to be left alone.
                if isinstance(error, UnavailableError) or error.retry_after:
                    return
            else:
                self._claim.served(Call.PROGRESS)
                self._obey(poll.retry_after)
                self._record(index, poll.details)

    def _learn_from(self, error: AnswerError) -> None:
        if isinstance(error, ThrottledError):
            self._until = self._claim.throttled(Call.PROGRESS, error.retry_after)
        elif isinstance(error, UnavailableError):
            self._claim.failed()
        else:
            self._claim.served(Call.PROGRESS)

    def _obey(self, retry_after: timedelta | None) -> None:
        self._retry_after = max(filter(None, (self._retry_after, retry_after)), default=None)

    def _progress(self, upload: Upload) -> Poll:
        customer, tracking = str(self._job.customer_id), str(tracking_id(upload.location))
        try:
            return self._services.api.poll(customer, tracking)
        except UnavailableError as error:
            if error.fault.http_status != HTTPStatus.UNAUTHORIZED or error.retry_after:
                raise
            self._services.api.renew_token()
            if self._claim.turn(Call.PROGRESS):
                raise
            return self._services.api.poll(customer, tracking)

    def _record(self, index: int, details: UploadDetails) -> None:
        now = self._services.clock()
        if not details.finished:
            self._claim.note(lifecycle.reported(self._job, index, details.status, None, now))
            return
        device_results = judge(self._sent.devices_of(self._job.uploads[index]), details.devices)
        self._claim.note(lifecycle.reported(self._job, index, details.status, device_results, now))
        # The results of the last one are saved with the lease under which they are written.
        if self._job.unjudged:
            self._claim.save(self._job)

    def _give_up_if_overdue(self) -> None:
        if self._job.unjudged and self._is_overdue():
            throttled = THROTTLED if lifecycle.is_throttled_for_good(self._job) else None
            fault = throttled or self._fault or self._job.error or NOT_REPORTED
            self._claim.note(lifecycle.abandoned(self._job, fault, self._services.clock()))

    def _finish_without_manifest(self) -> None:
        """End in time, though the manifest cannot be read: the rows lack its values."""
        self._give_up_if_overdue()
        self._finish(self._sent.unknown_rows)

    def _finish(self, rows: Callable[[], Iterable[Row]]) -> None:
        """Write the results over any that are there, then the final state."""
        # A first run hardly ever finds any.
        seen = self._services.storage.results(self._job.manifest) if self._job.previous else None
        try:
            results = self._write_results(rows(), seen)
        except ConflictError:
            results = self._write_results(rows(), self._services.storage.results(self._job.manifest))
        self._claim.save(lifecycle.finished(self._job, results, self._services.clock()))
        self._log_end()

    def _write_results(self, rows: Iterable[Row], seen: ResultsBlob | None) -> str:
        """Write the results over those that were ``seen``, and return the blob's name.

        The judged record is saved first, under a lease, so that whoever finishes the job writes the same results, and
        nobody writes over those of a later run.
        """
        self._claim.save(lifecycle.renewed(self._job, self._claim.lease(), self._services.clock()))
        pieces = self._claim.alive(results_csv(self._job, rows))
        return self._services.storage.write_results(self._job, pieces, seen)

    def _log_end(self) -> None:
        job = self._job
        event_log.log(
            "manifest_finished",
            manifest=job.manifest,
            state=job.state,
            seconds=(job.updated_at - job.created_at).total_seconds(),
            registered=job.devices.registered,
            already_registered=job.devices.already_registered,
            failed=job.devices.failed,
            not_reported=job.devices.not_reported,
            not_uploaded=job.devices.not_uploaded,
        )

    def _schedule(self) -> None:
        """Save the round, and enqueue the next."""
        services, now, internal = self._services, self._services.clock(), self._job.internal
        if self._fault:
            event_log.log("poll_failed", manifest=self._job.manifest, fault=self._fault)
        if self._until:
            delay = retry_delay(services.delays, internal.setbacks, self._retry_after, services.draw())
        elif self._fault:
            delay = self._claim.back_off(self._retry_after)
        else:
            delay = poll_delay(services.delays, internal.polls + 1, self._retry_after)
        # Where Partner Center asks to wait beyond the deadline, the last look is not made.
        deadline = self._last_look if self._retry_after and not self._fault else self._deadline
        latest = now + services.delays.give_up if self._is_overdue() else deadline
        latest = now + lifecycle.LONGEST_IN_LINE if self._until else latest
        at = whole_second(min(now + delay, latest))
        turn = whole_second(self._turn_after(at))
        queued = lifecycle.seconds(turn - (now if self._until else at))
        self._claim.save(lifecycle.polled(self._job, self._fault, turn, now, queued=queued))
        self._claim.enqueue(turn)

    def _turn_after(self, at: datetime) -> datetime:
        if self._until:
            return max(at, self._until)
        return self._services.pacing.place(Call.PROGRESS, str(self._job.customer_id), at)
