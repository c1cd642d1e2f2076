"""The process is killed at random moments, again and again: every manifest ends, and nothing is done twice."""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from time import monotonic

import pytest

from local.azurite import Azurite
from local.stage import CUSTOMER
from shared.job.blob_names import status_of
from shared.job.faults import CRASHED
from shared.job.status_document import FINAL, Job, State
from shared.storage.blobs import Storage
from shared.storage.wake_up_queue import WakeUpQueue
from shared.workflow.sweep import GRACE, YOUNGEST, Sweep
from tests.manifests import array, serials
from tests.stories.surroundings import QUEUE, Surroundings, surroundings
from tests.stories.worker import Worker

KILLS = 20
SHORTEST = 0.02
"""Seconds from ready to killed, at least. At most it is what a life takes to upload all parts of a manifest."""

LONGEST_END = 30.0
"""Seconds that the last life, which nobody kills, may take to bring everything to its end, with the sweep or without.

It takes 5 on an idle machine, and 10 on one where every step takes twice as long."""

MOST_CRASHED = 2
"""Manifests that may end as crashed, as five kills in a row can hit one before it is any further."""

QUICK = {
    "LEASE_DURATION": "PT1S",
    "FIRST_POLL_AFTER": "PT0.1S",
    "LONGEST_POLL_INTERVAL": "PT1S",
    "FIRST_RETRY_AFTER": "PT0.1S",
    "LONGEST_RETRY_INTERVAL": "PT1S",
    "MAX_DEVICES_PER_UPLOAD": "1",
}
NAMES = [f"{CUSTOMER}/Test/{life:02}.json" for life in range(KILLS)]


@pytest.mark.timeout(180)
def test_20_kills_lose_no_manifest_and_do_nothing_twice(azurite: Azurite) -> None:
    kill_again_and_again(azurite, seed=1, parts=4)


@pytest.mark.soak
@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", range(25))
def test_500_kills_lose_no_manifest_and_do_nothing_twice(azurite: Azurite, seed: int) -> None:
    kill_again_and_again(azurite, seed, parts=10)


def kill_again_and_again(azurite: Azurite, seed: int, parts: int) -> None:
    """Each life meets a new manifest in parts, beside those that the lives before have left unfinished."""
    random = Random(seed)
    with surroundings(azurite.new_account(), lambda: datetime.now(UTC)) as around:
        settings = around.settings | QUICK
        longest = SHORTEST
        for life, name in enumerate(NAMES):
            with Worker(settings) as worker:
                around.container.upload_blob(name, array(serials(parts, start=life * parts)))
                if life == 0:
                    longest = seconds_for(parts, worker, around)
                worker.live(random.uniform(SHORTEST, longest))
        with Worker(settings) as worker:
            live_to_the_end(worker, around)
        jobs = [around.job(name) for name in NAMES]
        completed = [job for job in jobs if job.state is State.COMPLETED]
        crashed = [job for job in jobs if job.error == CRASHED]
        assert len(completed) == KILLS - len(crashed) >= KILLS - MOST_CRASHED, shown(jobs)
        assert {job.devices.registered for job in completed} == {parts}
        accepted = around.accepted()
        assert set(accepted.values()) == {1}
        assert len(accepted) >= sum(job.sent for job in jobs)
        assert any(job.attempts > 1 for job in jobs), "no kill has hit an upload"


def seconds_for(uploads: int, worker: Worker, around: Surroundings) -> float:
    """Let the worker upload so many parts, and return how long that takes on this machine."""
    began = monotonic()
    while len(around.uploads()) < uploads and monotonic() < began + LONGEST_END:
        worker.live(0.01)
    return monotonic() - began


def live_to_the_end(worker: Worker, around: Surroundings) -> None:
    """Let the worker finish everything.

    On a slow machine each life receives every message. What ten processes have died over, half of them with it in the
    poison queue, the host does not run again; that is left to the sweep, whose time is minutes later than this story.
    """
    if live_until_final(worker, around):
        return
    given_up = "webjobs-blobtrigger-poison", f"{QUEUE}-poison"
    assert any(map(around.messages, given_up)), shown_statuses(around)
    with around.queues.get_queue_client(QUEUE) as queue:
        Sweep(Storage(around.container), WakeUpQueue(queue), lambda: datetime.now(UTC) + GRACE + YOUNGEST).run()
    assert live_until_final(worker, around), shown_statuses(around)


def live_until_final(worker: Worker, around: Surroundings) -> bool:
    end, unfinished = monotonic() + LONGEST_END, set(map(status_of, NAMES))
    while unfinished and monotonic() < end:
        worker.live(0.2)
        listing = around.container.list_blobs(include=["metadata"])
        unfinished -= {blob.name for blob in listing if (blob.metadata or {}).get("state") in FINAL}
    return not unfinished


def shown_statuses(around: Surroundings) -> str:
    found = around.names()
    lost = [name for name in NAMES if status_of(name) not in found]
    return f"without a status: {lost}; {shown([around.job(name) for name in NAMES if name not in lost])}"


def shown(jobs: Sequence[Job]) -> str:
    """Describe jobs for whoever reads why this failed."""
    return "".join(
        f"\n{job.manifest}: {job.state}, {job.sent} of {job.device_count} sent, {job.attempts} attempts,"
        f" {job.internal.polls} polls, {job.internal.deaths} deaths, next attempt {job.next_attempt_at}, lease"
        f" {job.lease}, updated {job.updated_at}, {job.error}"
        for job in jobs
    )
