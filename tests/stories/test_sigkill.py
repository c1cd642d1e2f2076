"""The process is killed at random moments, again and again, and nothing is lost and nothing done twice."""

from datetime import UTC, datetime
from random import Random
from time import monotonic

import pytest

from local.azurite import Azurite
from local.stage import CUSTOMER
from shared.job.blob_names import status_of
from shared.job.status_document import State
from tests.manifests import array, serials
from tests.stories.surroundings import Surroundings, surroundings
from tests.stories.worker import Worker

KILLS = 20
LIFE = (0.02, 0.35)
"""Seconds from ready to killed: the shortest and the longest."""

LONGEST_END = 60.0
"""Seconds that the last life, which nobody kills, may take to bring everything to its end."""

QUICK = {
    "LEASE_DURATION": "PT1S",
    "FIRST_POLL_AFTER": "PT0.1S",
    "LONGEST_POLL_INTERVAL": "PT1S",
    "FIRST_RETRY_AFTER": "PT0.1S",
    "LONGEST_RETRY_INTERVAL": "PT1S",
    "MAX_DEVICES_PER_UPLOAD": "1",
}
NAMES = [f"{CUSTOMER}/Test/{life:02}.json" for life in range(KILLS)]


@pytest.mark.timeout(120)
def test_20_kills_change_nothing(azurite: Azurite) -> None:
    kill_again_and_again(azurite, seed=1, parts=4)


@pytest.mark.soak
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(25))
def test_500_kills_change_nothing(azurite: Azurite, seed: int) -> None:
    kill_again_and_again(azurite, seed, parts=10)


def kill_again_and_again(azurite: Azurite, seed: int, parts: int) -> None:
    """Each life meets a new manifest in parts, beside those that the lives before have left unfinished."""
    random = Random(seed)  # noqa: S311 - moments, not secrets
    with surroundings(azurite.new_account(), lambda: datetime.now(UTC)) as around:
        settings = around.settings | QUICK
        for life, name in enumerate(NAMES):
            with Worker(settings) as worker:
                around.container.upload_blob(name, array(serials(parts, start=life * parts)))
                worker.live(random.uniform(*LIFE))
        with Worker(settings) as worker:
            live_to_the_end(worker, around)
        jobs = [around.job(name) for name in NAMES]
        assert {job.state for job in jobs} == {State.COMPLETED}
        assert [job.devices.registered for job in jobs] == [parts] * KILLS
        assert around.accepted() == dict.fromkeys(serials(parts * KILLS, start=0), 1)
        assert any(job.attempts > 1 for job in jobs), "no kill has hit an upload"


def live_to_the_end(worker: Worker, around: Surroundings) -> None:
    end = monotonic() + LONGEST_END
    unfinished = set(map(status_of, NAMES))
    while unfinished and monotonic() < end:
        worker.live(0.2)
        listing = around.container.list_blobs(include=["metadata"])
        unfinished -= {blob.name for blob in listing if (blob.metadata or {}).get("state") == State.COMPLETED}
    assert not unfinished
