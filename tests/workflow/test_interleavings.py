"""Whatever workers do to each other, results and status speak of one run, and each device is accepted once."""

import csv
from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest

from shared.job.blob_names import results_of, status_of
from shared.job.record import FINAL, Outcome, decode
from tests.manifests import array, serials
from tests.workflow.forgeries import touch
from tests.workflow.simulator import Chaos, Simulator
from tests.world import CUSTOMER, World

NAMES = (f"{CUSTOMER}/Test/one.json", f"{CUSTOMER}/Test/two.json")

KINDS = {
    "calm": Chaos(0, 0, 0, 0.5, 0, timedelta(0)),
    "skew": Chaos(0, 0, 0, 0.2, 0, timedelta(minutes=5)),
    "freezes": Chaos(0.04, 0, 0, 0.2, 0),
    "deaths": Chaos(0, 0.03, 0, 0.1, 0.02),
    "lost answers": Chaos(0.01, 0, 0.03, 0.1, 0.02),
    "everything": Chaos(0.02, 0.01, 0.01, 0.2, 0.02),
}

MOST_MESSAGES = 40
"""For two manifests that are dropped up to nine times, deleted, touched and swept."""


def lived(seed: int, chaos: Chaos) -> Simulator:
    """A schedule in which two manifests are dropped, overwritten and deleted at random moments, and scanned."""
    simulator = Simulator(seed, chaos)
    world, chance = simulator.world, simulator.random
    world.partner_center.script.processing_for = timedelta(seconds=chance.choice([0, 40, 4000]))
    for drop in range(chance.randint(1, 4)):
        name = chance.choice(NAMES)
        content = array(serials(chance.randint(1, 5), start=100 * drop))
        simulator.drop(content if chance.random() < 0.9 else b"no manifest", name)
        if chance.random() < 0.1:
            world.storage.blobs.pop(name, None)
        simulator.run(chance.randint(1, 150))
        if name in world.storage.blobs and chance.random() < 0.3:
            touch(world, name)
    simulator.settle()
    return simulator


def is_well(world: World, name: str) -> None:
    """Hold a manifest's status against its content and its results."""
    manifest, status = world.storage.blobs.get(name), world.storage.blobs.get(status_of(name))
    results = world.storage.blobs.get(results_of(name))
    if status is None:
        assert manifest is None, "a manifest without a status"
        return
    job = decode(status.data)
    assert job.state in FINAL, f"stuck: {job.state}, {job.due}"
    assert manifest is None or job.etag == manifest.etag
    assert (results is not None) == (job.results is not None), "results are missing, or left over"
    if results:
        assert results.metadata["run"] == str(job.internal.run), "results of another run"
        found = Counter(row["outcome"] for row in csv.DictReader(StringIO(results.data.decode("utf-8-sig"))))
        counted = job.devices
        assert found[Outcome.REGISTERED] == counted.registered
        assert found[Outcome.NOT_UPLOADED] == counted.not_uploaded
        assert found[Outcome.NOT_REPORTED] == counted.not_reported


def check(seed: int, chaos: Chaos) -> None:
    simulator = lived(seed, chaos)
    world = simulator.world
    assert world.queue.messages == []
    assert simulator.most_messages <= MOST_MESSAGES
    for name in NAMES:
        is_well(world, name)
    assert set(world.accepted().values()) <= {1}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", range(0, 40, 10))
def test_any_order_of_events_ends_well(kind: str, start: int) -> None:
    for seed in range(start, start + 10):
        check(seed, KINDS[kind])


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", KINDS)
def test_five_thousand_orders_of_events_end_well(kind: str) -> None:
    for seed in range(1000, 6000):
        check(seed, KINDS[kind])
