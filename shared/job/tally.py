"""Counts of the devices of a job by what became of them."""

from collections import Counter

from shared.job.record import FINAL, DeviceCounts, Job, Outcome


def tally(job: Job) -> DeviceCounts:
    """Count a job's devices; what has been neither judged nor given up is pending."""
    if job.device_count is None:
        return DeviceCounts()
    judged = Counter[Outcome]()
    for upload in job.uploads:
        for run in upload.verdicts or ():
            judged[run.verdict.outcome] += run.count
    not_uploaded = job.unsent if job.progress.stopped or job.state in FINAL else 0
    return DeviceCounts(
        registered=judged[Outcome.REGISTERED],
        already_registered=judged[Outcome.ALREADY_REGISTERED],
        failed=judged[Outcome.FAILED],
        not_reported=judged[Outcome.NOT_REPORTED],
        not_uploaded=not_uploaded,
        pending=job.device_count - judged.total() - not_uploaded,
    )
