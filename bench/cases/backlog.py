"""A backlog of small manifests before a quota, in simulated time: with the clock, queue and quota of the tests."""

import os
from collections import Counter
from datetime import timedelta
from heapq import heappop, heappush
from unittest.mock import patch

import requests

from bench.implementations import TUTORIAL, UnequalError
from bench.tutorial import by_hand, function_app
from local.stand_ins.web import Adapter
from shared.job.status_document import State
from tests.workflow.backlog import AT_ONCE, EXCHANGE, Backlog
from tests.workflow.quota import MINUTE, Quota
from tests.world import URL

MANIFESTS, LIMIT, RETRIES = 600, 60, 2
RETRYING = f"{TUTORIAL}, retrying {RETRIES} times by Retry-After"
_HOST_TRIES, _HOST_PAUSE = 5, timedelta(seconds=0.1)
"""Of a blob trigger that fails; then its message is moved to the poison queue."""

HEAD = ("", "devices registered", "refused requests", "share refused", "all done after", "least possible")


def run(manifests: int = MANIFESTS) -> list[tuple[str, ...]]:
    """Have each drain the same backlog, and return rows; raises UnequalError where one reports what is not so."""
    rows = list[tuple[str, ...]]()
    for name, retries in (("this app", None), (TUTORIAL, 0), (RETRYING, RETRIES)):
        backlog = Backlog(manifests, Quota(LIMIT))
        done = backlog.run().states[State.COMPLETED] if retries is None else _by_tutorial(backlog, retries)
        registered = sum(len(backlog.center.registered(customer)) for customer in backlog.crowd)
        if registered != done:
            raise UnequalError(f"{name}: {registered} devices are registered, not {done}")
        refused = backlog.gate.refused.total()
        share = refused / (refused + backlog.gate.served.total())
        minutes = f"{(backlog.clock.now - backlog.begun) / MINUTE:.0f} min" if done == manifests else "never"
        # The tutorial polls nothing: it needs one request for each manifest, not two.
        least = f"{backlog.quota.least(manifests if retries is None else manifests // 2, 1) / MINUTE:.0f} min"
        rows.append((name, f"{done} of {manifests}", f"{refused:,}", f"{share:.0%}", minutes, least))
    return rows


def _by_tutorial(backlog: Backlog, retries: int) -> int:
    """Post each manifest at once, and again as the host tries it again; return for how many that succeeded."""
    session, posted, tries = requests.Session(), 0, Counter[str]()
    session.mount(URL, Adapter(backlog.gate))
    # The machine's proxies and its .netrc are no part of this.
    session.trust_env = False
    due = [(backlog.begun, name) for name in sorted(backlog.landing)]
    with patch.dict(os.environ, PARTNER_CENTER_URL=URL), patch.object(requests, "post", session.post):
        while due:
            moment, name = heappop(due)
            backlog.clock.now = max(moment, backlog.clock.now) + EXCHANGE / AT_ONCE
            tries[name] += 1
            try:
                function_app.upload(name, by_hand.read(backlog.storage.blobs[name].data).devices, "token 1")
                posted += 1
            except requests.HTTPError as error:
                wait = timedelta(seconds=int(error.response.headers["Retry-After"]))
                if tries[name] < _HOST_TRIES * (1 + retries):
                    again = wait if tries[name] % (1 + retries) else _HOST_PAUSE
                    heappush(due, (backlog.clock.now + again, name))
    return posted
