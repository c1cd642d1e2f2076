"""Whatever workers do to each other, results and status speak of one run, and each device is accepted once."""

import csv
import random
from collections import Counter
from datetime import timedelta
from io import StringIO
from typing import override

import pytest

from local.stand_ins.partner_center import PartnerCenter, SignIn
from local.stand_ins.partner_center.checks import error_response
from local.stand_ins.web import Request, Response
from shared.job.blob_names import results_of, status_of
from shared.job.device_results import Outcome
from shared.job.status_document import FINAL, decode
from tests.manifests import array, serials
from tests.workflow.forgeries import touch
from tests.workflow.simulator import Chaos, Simulator
from tests.world import CUSTOMER, World

pytestmark = pytest.mark.untraced
"""Other tests go through every branch, and in fewer steps."""

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


class Undecided(PartnerCenter):
    """Refuses half of all uploads, unless it has taken one of the same id."""

    chance = random.Random(0)

    @override
    def answer(self, request: Request) -> Response:
        taken = {call.headers["MS-RequestId"] for call in self.calls if call.response and call.response.status < 300}
        if request.headers["MS-RequestId"] not in taken and request.method == "POST" and self.chance.random() < 0.5:
            return error_response(500, "3000", "No.")
        return super().answer(request)


def refused_now_and_then(seed: int) -> Simulator:
    """A schedule in which workers freeze, and Partner Center says no to an upload and later yes to the same devices."""
    simulator = Simulator(seed, Chaos(0.04, 0, 0, 0.2, 0, timedelta(0)))
    world, chance = simulator.world, simulator.random
    world.partner_center = center = Undecided(
        customers={CUSTOMER: ["Test"]}, sign_in=lambda _: SignIn.APP_ONLY, clock=world.clock
    )
    center.chance.seed(seed)
    world.start_process()
    for drop, name in enumerate(NAMES):
        simulator.drop(array(serials(4, start=100 * drop)), name)
        simulator.run(chance.randint(1, 150))
    simulator.settle()
    return simulator


def test_only_who_freezes_just_before_a_post_has_a_part_accepted_twice() -> None:
    # Partner Center has nothing by which it could refuse a POST that is late: this is the bound.
    for seed in range(60):
        simulator = refused_now_and_then(seed)
        for name in NAMES:
            is_well(simulator.world, name)
        assert max(simulator.world.accepted().values()) <= 1 + simulator.frozen_posts


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("kind", KINDS)
def test_five_thousand_orders_of_events_end_well(kind: str) -> None:
    for seed in range(1000, 6000):
        check(seed, KINDS[kind])
