"""The app's own faults of a job, each with its one text. What Partner Center or a sign-in says is theirs."""

from shared.job.status_document import Fault

STORAGE_UNAVAILABLE = Fault(code="storage_unavailable", description="The manifest could not be read.")
MANIFEST_GONE = Fault(code="manifest_gone", description="The manifest was deleted.")
MANIFEST_CHANGED = Fault(
    code="manifest_changed", description="The manifest was overwritten while it was being uploaded."
)
READ_OTHERWISE = Fault(
    code="manifest_read_otherwise",
    description="This version of the app reads the manifest otherwise than the one that sent its first devices.",
)
TOO_MANY_PARTS = Fault(
    code="too_many_parts",
    description="It takes more parts than a status can list: put the devices that were not sent into another manifest.",
)
RATE_LIMITED = Fault(code="rate_limited", description="Partner Center limits the rate of requests.")
THROTTLED = Fault(code="throttled", description="Partner Center has limited the rate of requests for 14 days.")
NOT_REPORTED = Fault(code="not_reported", description="Partner Center did not finish in time.")
CRASHED = Fault(code="crashed", description="Five attempts in a row died without saving any progress.")
