"""A backlog drains at the rate that Partner Center allows, whatever the quota, the processes and the luck."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

import pytest

from shared.job.status_document import State
from tests.workflow.backlog import REDELIVERY, Backlog, Report
from tests.workflow.quota import Quota
from tests.world import DELAYS

pytestmark = pytest.mark.untraced
"""Other tests go through every branch, and in fewer steps."""

MINUTE = timedelta(minutes=1)
ALONE = (timedelta(seconds=1), MINUTE, 5 * MINUTE)

LONG = 1000
"""Manifests."""

MEAN_EXECUTIONS, MOST_EXECUTIONS, MOST_WITH_DEATHS = 8, 20, 24
"""Of all manifests, and of any one."""


def worlds(manifests: int, numbers: tuple[int, ...] = (1, 2, 6)) -> Iterator[Any]:
    """Everything that the quota and the processes can be, for a backlog that takes about ``manifests / 30`` minutes.

    Each is made where it is run: thousands of manifests are long in the making, and every collection would wait for it.
    """
    third = manifests / 90 * MINUTE
    quotas: dict[str, dict[str, Any]] = {
        "sliding, refused ones count": {},
        "sliding, refused ones are free": {"counts_refused": False},
        "fixed, refused ones count": {"fixed": True},
        "fixed, refused ones are free": {"fixed": True, "counts_refused": False},
        "halved on the way": {"later": (third, 30)},
        "doubled on the way": {"later": (third, 120)},
        "without Retry-After": {"tells_when": False},
    }
    for processes in numbers:
        for title, members in quotas.items():
            backlog = partial(Backlog, manifests, Quota(**members), processes=processes)
            yield pytest.param(backlog, id=f"{title}, {processes}")
        for customers in (20, min(1000, manifests // 2)):
            backlog = partial(Backlog, manifests, Quota(), customers, processes)
            yield pytest.param(backlog, id=f"{customers} customers of one quota, {processes}")
        backlog = partial(Backlog, manifests, Quota(), processes=processes, lives_for=20 * MINUTE)
        yield pytest.param(backlog, id=f"processes that die, {processes}")
        backlog = partial(Backlog, manifests, Quota(by_customer=True), processes=processes, alone=ALONE)
        yield pytest.param(backlog, id=f"a quota for each customer, {processes}")
        customers = 2
        quota = Quota(60 // customers, by_customer=True)
        backlog = partial(Backlog, manifests, quota, customers, processes, alone=ALONE)
        yield pytest.param(backlog, id=f"a quota for each of {customers} customers, {processes}")


def check(backlog: Backlog, report: Report) -> None:
    assert report.states == {State.COMPLETED: len(backlog.names)}
    assert report.doubles == 0
    assert report.share_refused <= (0.1 if backlog.processes < 6 else 0.2)
    assert report.took <= longest(backlog, report.least), str(report)
    check_executions(backlog, report.executions)
    assert all(after <= 2 * MINUTE for after in report.accepted_after)
    assert report.refused.total() >= backlog.processes, "each process has met the quota"


def longest(backlog: Backlog, least: timedelta) -> timedelta:
    """Return how long a backlog may take: 1.25 times the least, by six processes 1.5 times.

    A message whose process died comes again after minutes, which are nothing to a long backlog.
    """
    died = REDELIVERY if backlog.lives_for and len(backlog.names) < LONG else timedelta(0)
    return least * (1.25 if backlog.processes < 6 else 1.5) + died


def check_executions(backlog: Backlog, executions: list[int], mean: int = MEAN_EXECUTIONS) -> None:
    assert sum(executions) / len(executions) <= mean
    assert max(executions) <= (MOST_WITH_DEATHS if backlog.lives_for else MOST_EXECUTIONS)


@pytest.mark.parametrize("make", [*worlds(240, (1,)), *islice(worlds(240, (2, 6)), 1), *islice(worlds(240, (6,)), 4)])
def test_a_backlog_drains_at_the_rate_that_is_served(make: Callable[[], Backlog]) -> None:
    backlog = make()
    check(backlog, backlog.run())


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("make", list(worlds(4000)))
def test_thousands_of_manifests_drain_at_the_rate_that_is_served(make: Callable[[], Backlog]) -> None:
    backlog = make()
    check(backlog, backlog.run())


@pytest.mark.parametrize("processes", [1, 6])
@pytest.mark.parametrize("manifests", [200, pytest.param(4000, marks=[pytest.mark.soak, pytest.mark.timeout(600)])])
def test_an_outage_of_an_hour_amid_a_backlog_is_survived(manifests: int, processes: int) -> None:
    begins = manifests / 50 * MINUTE
    backlog = Backlog(manifests, Quota(outage=(begins, begins + 60 * MINUTE)), processes=processes)
    report = backlog.run()
    assert report.states == {State.COMPLETED: manifests}
    assert report.doubles == 0
    assert report.share_refused <= 0.2
    # A job may have met the outage just before its end.
    assert report.took <= longest(backlog, report.least) + 2 * DELAYS.longest_retry
    # Of a short backlog every manifest meets it.
    check_executions(backlog, report.executions, mean=MEAN_EXECUTIONS + (manifests < 1000))


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("processes", "seed"), [(1, 1), (2, 1), (6, 1), (6, 2)])
def test_quotas_of_20_customers_that_are_used_up_at_once_are_drained_at_the_rate_of_all(
    processes: int, seed: int
) -> None:
    backlog = Backlog(4000, Quota(by_customer=True), customers=20, processes=processes, seed=seed)
    check(backlog, backlog.run())


@pytest.mark.parametrize("processes", [1, 6])
def test_tiny_quotas_of_many_customers_are_found_though_slowly(processes: int) -> None:
    backlog = Backlog(400, Quota(6, by_customer=True), customers=20, processes=processes)
    report = backlog.run()
    assert report.states == {State.COMPLETED: 400}
    assert report.doubles == 0
    # A minute's sample is of six requests.
    assert report.share_refused <= (0.1 if processes == 1 else 0.2)
    assert report.took <= report.least * (2 if processes == 1 else 2.5)
    assert sum(report.executions) / 400 <= MEAN_EXECUTIONS
    assert max(report.executions) <= MOST_EXECUTIONS


@pytest.mark.parametrize("reports", [timedelta(0), MINUTE])
@pytest.mark.parametrize("processes", [2, 6])
def test_processes_that_cannot_report_to_each_other_take_longer_at_most(processes: int, reports: timedelta) -> None:
    backlog = Backlog(240, Quota(), processes=processes, reports_until=reports)
    report = backlog.run()
    assert report.states == {State.COMPLETED: 240}
    assert report.doubles == 0
    assert report.share_refused <= 0.2
    assert report.took <= report.least * processes**0.5
    check_executions(backlog, report.executions)


def test_a_known_quota_is_not_exceeded() -> None:
    backlog = Backlog(200, Quota(), requests_per_minute=60)
    report = backlog.run()
    assert report.states == {State.COMPLETED: 200}
    assert report.refused.total() == 0
    assert report.took <= report.least * 1.25
