"""Whatever somebody writes next to honest manifests and into their lives, these end as they would without him."""

import logging
import re
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from msgspec.structs import replace

from local.stand_ins.partner_center import Outcome, SignIn
from shared.job.blob_names import STATUS_SUFFIX, results_of, status_of
from shared.job.status_document import decode
from tests.manifests import array, serials
from tests.workflow.neighbour import OTHER, Center, Neighbour
from tests.world import CUSTOMER, DELAYS, World

pytestmark = pytest.mark.untraced
"""Other tests go through every branch, and in fewer steps."""

HONEST = {
    f"{CUSTOMER}/Test/good.json": array(serials(2, start=100)),
    f"{CUSTOMER}/Test/parts.json": array(serials(5, start=200)),
    f"{CUSTOMER}/Test/one fails.json": array(["S000301", "808-1"]),
    f"{CUSTOMER}/Test/twice.json": array(["S000401", "S000401", "S000402"]),
    f"{CUSTOMER}/Test/rows.csv": b"Windows Product ID\nAAAAA-BBBBB\n",
    f"{CUSTOMER}/Test/invalid.json": b'[{"serialNumber": "S1"}]',
    f"{CUSTOMER}/Nope/no batch.json": array(serials(1, start=500)),
    "anywhere/envelope.json": b'{"customerId": "%b", "batchId": "Test", "devices": %b}'
    % (CUSTOMER.encode(), array(serials(1, start=600))),
}

ACTS = 25
MOST_MESSAGES = 4 * (ACTS + len(HONEST))
MOST_CALLS = 40
"""For each thing that the neighbour does, in the two hours after which a job is given up."""

MOST_MEMORY = 20 * 2**20
MOST_SECONDS = 5.0
"""Of CPU, for all lives beside one neighbour: usual are 0.03."""

TRACED = 5
"""One of so many neighbours is watched for memory, as that takes three times as long."""


def street(seed: int) -> World:
    world = World(part_size=2, attended=False, delays=replace(DELAYS, give_up=timedelta(hours=2)))
    center = Center(
        customers={CUSTOMER: ["Test"], OTHER: ["Prod"]}, sign_in=lambda _: SignIn.APP_ONLY, clock=world.clock
    )
    center.chance.seed(seed)
    center.script.device_ends("808-1", Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    world.partner_center = center
    world.start_process()
    return world


def rest(world: World, times: int) -> None:
    for _ in range(times):
        world.sweep.run()
        world.settle(timedelta(minutes=15), most=500)
        world.clock.advance(timedelta(minutes=15))


def end(world: World, name: str) -> tuple[object, ...]:
    """What a person sees of a manifest, but for times and ids."""
    job = decode(world.storage.blobs[status_of(name)].data)
    results = world.storage.blobs.get(results_of(name))
    parts = [(upload.first_device, upload.device_count) for upload in job.uploads]
    fault = (job.error.http_status, job.error.code) if job.error else None
    message = re.sub(r"\d{4}-\S+Z", "(time)", job.message)
    return job.state, message, parts, job.devices, job.issues, job.warnings, fault, results and results.data


def alone() -> dict[str, tuple[object, ...]]:
    world = street(0)
    for name, data in HONEST.items():
        world.drop(data, name)
    rest(world, 2)
    return {name: end(world, name) for name in HONEST}


def beside(seed: int) -> World:
    """Let honest manifests arrive one after another, with the neighbour in between."""
    world = street(seed)
    neighbour = Neighbour(world, seed, list(HONEST))
    names = list(HONEST)
    neighbour.random.shuffle(names)
    for act in range(ACTS):
        neighbour.act()
        if names and act % 3 == 2:
            name = names.pop()
            world.drop(HONEST[name], name)
        for _ in range(neighbour.random.randint(0, 6)):
            world.step()
        world.clock.advance(timedelta(seconds=neighbour.random.choice([0, 5, 60, 600])))
        assert len(world.queue.messages) <= MOST_MESSAGES
    rest(world, 2)
    return world


@contextmanager
def bounded(*, traced: bool) -> Iterator[None]:
    """Hold what is done meanwhile against the bounds of time and memory."""
    began = time.thread_time()
    if traced:
        tracemalloc.start()
    yield
    assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    tracemalloc.stop()
    assert time.thread_time() - began < MOST_SECONDS


def check(seed: int, expected: dict[str, tuple[object, ...]]) -> None:
    with bounded(traced=seed % TRACED == 0):
        hold(beside(seed), expected)


def hold(world: World, expected: dict[str, tuple[object, ...]]) -> None:
    for name in HONEST:
        assert end(world, name) == expected[name], name
    assert set(world.accepted().values()) == {1}
    rest(world, 12)
    assert len(world.queue.messages) <= len(HONEST)
    assert len(world.partner_center.calls) <= MOST_CALLS * ACTS
    # Results have a row for each device that a status speaks of, forged ones of the neighbour's own manifests included.
    assert all(len(blob.data) < 100_000 for name, blob in world.storage.blobs.items() if name.endswith(STATUS_SUFFIX))


LIVES = 2000


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "manifests")


@pytest.mark.parametrize("tenth", range(10))
def test_two_thousand_lives_end_as_without_a_neighbour(tenth: int) -> None:
    expected = alone()
    worlds = LIVES // len(HONEST) // 10
    for seed in range(tenth * worlds, (tenth + 1) * worlds):
        check(seed, expected)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_fifty_thousand_lives_end_as_without_a_neighbour() -> None:
    expected = alone()
    for seed in range(10_000, 10_000 + 50_000 // len(HONEST)):
        check(seed, expected)
