"""Whatever fails for good, a job has a handful of messages, and goes on when the fault is over."""

from datetime import timedelta
from itertools import product

import pytest

from local.stand_ins.partner_center import faults
from tests.manifests import array, serials
from tests.workflow.life.views import TWO
from tests.workflow.simulator import CALM, Simulator
from tests.world import NAME

pytestmark = pytest.mark.untraced
"""Other tests go through every branch, and in fewer steps."""

OPERATIONS = [
    "load",
    "save processing",
    "save waiting",
    "save accepted",
    "save completed",
    "save rejected",
    "save",
    "open",
    "properties",
    "results",
    "write results",
    "delete results",
    "send",
    "move",
    "POST",
    "GET",
]

HANDFUL = 16
"""One message that hops six times, where three deliveries in ten are doubled: five on average, 13 in 24 such days."""
A_DAY = 24 * 4 * 8
"""Deliveries: eight for each sweep, where one message fails five times, is rescued, and some come twice."""


def broken(operation: str, double: float) -> Simulator:
    """A manifest that is dropped again, through all its states, while an operation fails for good."""
    simulator = Simulator(seed=len(operation), chaos=CALM)
    world = simulator.world
    simulator.drop(array(serials(1)), NAME)
    simulator.live(timedelta(hours=1))
    assert world.job().final
    world.partner_center.script.next_upload(faults.throttled(60))
    world.partner_center.script.processing_for = timedelta(minutes=3)
    simulator.most_messages = simulator.deliveries = 0
    simulator.chaos, simulator.broken = CALM._replace(double=double), operation
    is_invalid = operation in ("delete results", "save rejected")
    simulator.drop(b"no manifest" if is_invalid else TWO, NAME)
    return simulator


@pytest.mark.parametrize(("operation", "double"), [*product(OPERATIONS, [0.3]), ("save", 0), ("load", 0)])
def test_a_week_of_failure_leaves_a_handful_of_messages(operation: str, double: float) -> None:
    simulator = broken(operation, double)
    simulator.live(timedelta(days=7))
    assert simulator.most_messages <= HANDFUL
    assert simulator.deliveries <= 7 * A_DAY
    assert simulator.failures
    simulator.settle()
    assert simulator.world.job().final
    assert simulator.world.queue.messages == []
