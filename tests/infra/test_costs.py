"""The estimate of costs: its sums, and what it says that a manifest uses."""

import re
from collections import Counter
from datetime import timedelta

import pytest

from shared.job.status_document import State
from shared.workflow.queue_messages import WakeUp
from tests.fakes import Fuse, Message
from tests.infra.queries import ALERTS, ON_REQUEST
from tests.infra.source import triggers
from tests.infra.tables import table
from tests.infra.templates import INFRA, ROOT, only, parsed
from tests.manifests import array, serials
from tests.world import NAME, World

COSTS = (ROOT / "docs" / "costs.md").read_text()
README = " ".join((ROOT / "README.md").read_text().split())

GROUPS = {
    "functions": ("GB-second", "execution"),
    "storage": ("blob write or listing", "blob read", "GB of blobs", "queue operation"),
    "events": ("Event Grid operation",),
    "logs": ("GB of logs",),
}


def number(cell: str) -> float:
    return float(cell.replace(",", ""))


PRICES = {meter: (number(price), number(free)) for meter, price, free, _ in table(COSTS, "## Prices")}
OF_ONE = {meter: number(count) for meter, count, _ in table(COSTS, "## What one manifest uses")}
FIXED = {
    meter: number(count) for meter, count, _ in table(COSTS, "## What every month uses, with or without manifests")
}
SUMS = table(COSTS, "## Sums")


def cost(meter: str, manifests: float, *, gifts: bool = True) -> float:
    price, free = PRICES[meter]
    used = FIXED.get(meter, 0) + manifests * OF_ONE[meter]
    return max(used - free * gifts, 0) * price


def life() -> tuple[Counter[str], int]:
    """Count the operations and the executions of a small manifest that is registered within five minutes.

    Its event comes by the webhook, and by the queue as soon as that has been handled.
    """
    world = World(fuse=Fuse())
    world.partner_center.script.processing_for = timedelta(minutes=5)
    executions = 0
    world.drop(array(serials(1)))
    world.queue.messages.append(Message(WakeUp(NAME).encode(), world.clock.now))
    while True:
        while world.step():
            executions += 1
        moment = world.queue.next_moment()
        if moment is None:
            break
        world.clock.now = moment
    assert world.job().state is State.COMPLETED
    return Counter(operation.split()[0] for operation in world.fuse.operations), executions


def test_every_meter_has_a_price_and_a_group() -> None:
    assert PRICES.keys() == OF_ONE.keys() == {meter for group in GROUPS.values() for meter in group}
    assert FIXED.keys() <= PRICES.keys()


@pytest.mark.parametrize("row", SUMS, ids=lambda row: row[0])
def test_the_sums_are_those_of_the_prices_and_numbers(row: list[str]) -> None:
    manifests = number(row[0])
    groups = {name: sum(cost(meter, manifests) for meter in meters) for name, meters in GROUPS.items()}
    bare = sum(cost(meter, manifests, gifts=False) for meter in PRICES)
    assert row[1:] == [f"{value:.2f}" for value in (*groups.values(), sum(groups.values()), bare)]


def test_the_readme_says_the_same_in_short() -> None:
    told = {row[0]: row[5] for row in SUMS}
    for manifests, together in told.items():
        assert f"{manifests} manifests a month" in README
        assert f"${together}" in README


def test_a_manifest_uses_about_what_is_told() -> None:
    operations, executions = life()
    messages = operations["send"]
    used = {
        "execution": executions,
        "blob read": operations["load"] + operations["properties"] + operations["results"] + operations["open"],
        "blob write or listing": 1 + operations["save"] + operations["write"] + pages_of_sweeps(),
        "queue operation": 3 * (messages + 1) + 3,
        "Event Grid operation": 3 * (1 + operations["save"] + operations["write"]) + 2,
    }
    for meter, count in used.items():
        assert count <= OF_ONE[meter] <= 1.5 * count, meter


def pages_of_sweeps() -> float:
    """Give the pages that a month's sweeps list for a month's one manifest: its three blobs are kept for three."""
    return FIXED["execution"] * 9 / 5000


def test_the_sweeps_are_those_of_the_schedule_and_the_queues_those_of_the_app() -> None:
    schedule = parsed(INFRA / "main.bicep")["parameters"]["sweepSchedule"]["default"]
    [every] = re.findall(r"^0 \*/(\d+) \* \* \* \*$", schedule)
    assert FIXED["execution"] == FIXED["blob write or listing"] == 30 * 24 * 60 / int(every)
    queues = sum(bool(queue) for _, queue in triggers().values()) + 1  # and the host's own of the blob trigger
    assert FIXED["queue operation"] == queues * 30 * 24 * 60 * 6


def test_memory_and_free_manifests_follow_from_the_templates() -> None:
    app = only(INFRA / "modules" / "function-app.bicep", "Microsoft.Web/sites")["properties"]["functionAppConfig"]
    gigabytes = app["scaleAndConcurrency"]["instanceMemoryMB"] / 1024
    assert OF_ONE["GB-second"] == OF_ONE["execution"] * gigabytes
    assert FIXED["GB-second"] == FIXED["execution"] * gigabytes
    free = int((PRICES["GB-second"][1] - FIXED["GB-second"]) / OF_ONE["GB-second"])
    assert f"Up to {free:,} manifests a month" in COSTS


def test_the_alerts_and_the_cap_are_reckoned_as_deployed() -> None:
    always = ALERTS.keys() - {ON_REQUEST}
    assert len(always) == 12
    assert f"make {0.50 * len(always) + 0.10:.2f} a month" in " ".join(COSTS.split())
    cap = parsed(INFRA / "main.bicep")["parameters"]["logDailyCapGb"]["default"]
    assert f"at worst {30 * cap} GB a month" in COSTS
