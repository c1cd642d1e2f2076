"""Following what was accepted, until Partner Center has told every device's fate."""

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from itertools import islice, repeat

from shared import event_log
from shared.job import transitions
from shared.job.record import Fault, Job, Upload
from shared.manifest import Row, Source, UnreadableError, reread
from shared.manifest.device import Device
from shared.partner_center.matching import judge
from shared.partner_center.responses import AnswerError, UnavailableError, tracking_id
from shared.partner_center.tokens import SignInError
from shared.partner_center.upload_details import Poll, UploadDetails
from shared.workflow.backoff import poll_delay, retry_delay, whole_second
from shared.workflow.ports import UNREADABLE, ConflictError, Services, Storage, StorageUnavailableError, Stored
from shared.workflow.results import unknown_rows, write_results

_SILENT = Fault(code="not_reported", description="Partner Center did not finish in time.")


class Tracking:
    """One round of asking after a job's uploads."""

    def __init__(self, services: Services, stored: Stored) -> None:
        """Follow a job that has been accepted."""
        self._services = services
        self._job = stored.job
        self._version = stored.version
        self._sent = SentDevices(services.storage, stored.job)
        self._fault: Fault | None = None
        self._told: timedelta | None = None

    def poll(self) -> None:
        """Ask after every upload that is not judged yet, and save what was learnt.

        Raises:
            ConflictError: Somebody else polls this job; theirs counts.
            ManifestChangedError: The manifest has been overwritten meanwhile.
        """
        try:
            if self._worth_asking():
                self._ask()
            self._give_up_if_overdue()
            if not self._unjudged:
                self._finish()
                return
        except (StorageUnavailableError, UnreadableError):  # the latter of a version that reads less than the last one
            self._fault = UNREADABLE
            if self._overdue():
                self._finish_without_manifest()
                return
        self._come_again()

    def _overdue(self) -> bool:
        return self._services.clock() >= self._deadline

    def _worth_asking(self) -> bool:
        """Ask once more when the time is over only if the last round went well: a fault may have told to wait.

        Ask once in any case: where sending was given up, the time may be over before the following has begun.
        """
        last_look = self._deadline + self._services.delays.longest_poll
        asked = self._job.progress.polls > 0
        return not self._overdue() or not asked or (self._job.error is None and self._services.clock() < last_look)

    @property
    def _unjudged(self) -> list[int]:
        return [index for index, upload in enumerate(self._job.uploads) if upload.verdicts is None]

    @property
    def _deadline(self) -> datetime:
        return max(upload.accepted_at for upload in self._job.uploads) + self._services.delays.give_up

    def _ask(self) -> None:
        """Ask after one upload after another; a throttle or an outage puts the rest of the round off.

        Every request counts against the quota, refused ones too ("API throttling guidance").
        """
        for index in self._unjudged:
            try:
                report = self._report(self._job.uploads[index])
            except SignInError as error:
                self._fault = error.fault
                return
            except AnswerError as error:
                self._fault, self._told = error.fault, max(filter(None, (self._told, error.retry_after)), default=None)
                # A refusal is about one upload alone, unless it says how long to be left alone.
                if isinstance(error, UnavailableError) or error.retry_after:
                    return
            else:
                self._told = max(filter(None, (self._told, report.retry_after)), default=None)
                self._note(index, report.details)

    def _report(self, upload: Upload) -> Poll:
        customer, tracking = str(self._job.customer_id), str(tracking_id(upload.location))
        try:
            return self._services.api.poll(customer, tracking)
        except UnavailableError as error:
            if error.fault.http_status != HTTPStatus.UNAUTHORIZED or error.retry_after:
                raise
            self._services.api.renew_token()
            return self._services.api.poll(customer, tracking)

    def _note(self, index: int, details: UploadDetails) -> None:
        now = self._services.clock()
        if not details.finished:
            self._job = transitions.reported(self._job, index, details.status, None, now)
            return
        verdicts = judge(self._sent.devices_of(self._job.uploads[index]), details.devices)
        self._job = transitions.reported(self._job, index, details.status, verdicts, now)
        if self._unjudged:  # the last judgement is saved with the end of the job
            self._save(self._job)

    def _give_up_if_overdue(self) -> None:
        if self._unjudged and self._overdue():
            fault = self._fault or self._job.error or _SILENT
            self._job = transitions.abandoned(self._job, fault, self._services.clock())

    def _finish_without_manifest(self) -> None:
        """End in time, though the manifest cannot be read: its rows are told without their values."""
        self._give_up_if_overdue()
        self._finish(unknown_rows(self._job.device_count or 0))

    def _finish(self, rows: Iterable[Row] | None = None) -> None:
        storage = self._services.storage
        results = storage.write_results(self._job.manifest, write_results(self._job, rows or self._sent.rows()))
        try:
            self._save(transitions.finished(self._job, results, self._services.clock()))
        except ConflictError:  # a new run may have begun, which must not find these results beside it
            if not self._belong(results, storage.load(self._job.manifest)):
                storage.delete_results(self._job.manifest)
            raise
        job = self._job
        seconds = (job.updated_at - job.created_at).total_seconds()
        event_log.log(
            "manifest_finished",
            manifest=job.manifest,
            state=job.state,
            seconds=seconds,
            registered=job.devices.registered,
            already_registered=job.devices.already_registered,
            failed=job.devices.failed,
            not_reported=job.devices.not_reported,
            not_uploaded=job.devices.not_uploaded,
        )

    def _belong(self, results: str, present: Stored | None) -> bool:
        """Tell whether results may stay: another poll of this run, if it has not told of them yet, is about to."""
        if present is None:
            return False
        return present.job.progress.run == self._job.progress.run or present.job.results == results

    def _come_again(self) -> None:
        services, now, progress = self._services, self._services.clock(), self._job.progress
        if self._fault:
            event_log.log("poll_failed", manifest=self._job.manifest, fault=self._fault)
            delay = retry_delay(services.delays, progress.setbacks, self._told, services.draw())
        else:
            delay = poll_delay(services.delays, progress.polls + 1, self._told)
        at = whole_second(now + delay if self._overdue() else min(now + delay, self._deadline))
        services.wake(self._job.manifest, at)
        self._save(transitions.polled(self._job, self._fault, at, now))

    def _save(self, job: Job) -> None:
        self._job, self._version = self._services.storage.save(job, self._version)


class SentDevices:
    """The devices that a job has sent, read again from its manifest when they are needed."""

    def __init__(self, storage: Storage, job: Job) -> None:
        """Read nothing yet."""
        self._storage = storage
        self._job = job
        self._next = 1

    def devices_of(self, upload: Upload) -> list[Device]:
        """Give an upload's devices; blank ones if the manifest is gone. Uploads are to be asked for in their order."""
        skipped = upload.first_device - self._next
        self._next = upload.first_device + upload.device_count
        return list(islice(self._devices, skipped, skipped + upload.device_count))

    def rows(self) -> Iterable[Row]:
        """Give every row of the manifest; blank ones, without duplicates, if it is gone."""
        return self._manifest.rows() if self._manifest else unknown_rows(self._job.device_count or 0)

    @cached_property
    def _manifest(self) -> Source | None:
        content = self._storage.open(self._job.manifest, self._job.etag)
        if content is None:
            return None
        # It was within bounds when it was accepted; a setting that has changed since must not end the following.
        return reread(content, max_bytes=sys.maxsize, has_duplicates=self._job.progress.has_duplicates)

    @cached_property
    def _devices(self) -> Iterator[Device]:
        return self._manifest.devices(1) if self._manifest else repeat(Device())
