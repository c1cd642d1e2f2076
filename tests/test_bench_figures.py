"""A figure of the bench says what it can, and no more."""

import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from bench import chart, tables
from bench.cases.large_file import MANY, TIMES_FEWER, LargeRun
from bench.cast import LARGE, NAMES, SMALL, THIS_APP, TUTORIAL
from bench.figures import Case, Sample, Spread, Target, compared
from bench.results import Results, key


@pytest.mark.parametrize(("low", "high", "verdict"), [(2.0, 3.0, "met"), (1.0, 1.9, "missed"), (1.9, 2.1, "open")])
def test_a_target_is_judged_only_if_its_whole_range_is_on_one_side(low: float, high: float, verdict: str) -> None:
    assert Target("", Spread((low + high) / 2, low, high), least=2).verdict == verdict
    turned = Spread(1 / ((low + high) / 2), 1 / high, 1 / low)
    assert Target("", turned, most=0.5).verdict == verdict


@pytest.mark.parametrize(("low", "high", "judged"), [(0.9, 1.1, False), (1.1, 1.3, True), (0.5, 0.9, True)])
def test_no_verdict_where_a_ratio_crosses_one(low: float, high: float, judged: bool) -> None:  # noqa: FBT001 - a column
    assert ("no verdict" not in compared(Spread((low + high) / 2, low, high))) == judged


def test_what_was_measured_once_says_so() -> None:
    assert compared(Spread(2.0, 2.0, 2.0)) == "2.00, once"
    assert compared(Spread(2.0, 1.9, 2.1)) == "2.00 (1.90-2.10)"


def test_ratios_are_taken_round_by_round() -> None:
    case = Case("", {"a": [Sample(2, 4.0, 1.0), Sample(1, 10.0, 1.0)], "b": [Sample(1, 1.0, 1.0), Sample(1, 5.0, 1.0)]})
    assert case.ratio("a", "b", lambda taken: taken.wall_each) == Spread(2.0, 2.0, 2.0)


def results() -> Results:
    cells = [key(SMALL, 1), key(SMALL, 8), key(LARGE, 1), key(LARGE, 8), key(SMALL, 1, 0.05), key(SMALL, 32, 0.05)]
    samples = {name: [Sample(10, 1.0, 0.5), Sample(10, 1.5, 0.5)] for name in NAMES}
    cases = {title: Case(title, samples) for title in cells}
    large = [
        LargeRun(name, kind, devices, 6.0, 5.0, 120.0)
        for name in (THIS_APP, TUTORIAL)
        for kind in ("JSON", "CSV")
        for devices in (MANY // TIMES_FEWER, MANY)
    ]
    made = Results(quick=False, machine="made up", landings=cases, lives={key(SMALL, 1): cases[key(SMALL, 1)]})
    made.large = large
    made.compare()
    return made


def test_the_chart_is_an_image_with_everybody_in_it() -> None:
    texts = Counter(element.text for element in ET.fromstring(chart.chart(results())).iter())  # noqa: S314 - our own
    assert texts["this app"] == texts["tutorial"] == texts["floor"] == 2
    assert texts["this app, CSV"] == texts["tutorial, JSON"] == 1


def test_growth_is_held_against_the_mean_of_what_was_around_it() -> None:
    made = results()
    ours = [run for run in made.large if (run.implementation, run.format) == (THIS_APP, "JSON")]
    few, many = (next(run for run in ours if run.devices == devices) for devices in (MANY // TIMES_FEWER, MANY))
    rounds = [few._replace(wall=1.0), few._replace(wall=3.0), many._replace(wall=20.0)]
    made.large = [run for run in made.large if run not in ours] + [*rounds, *(run._replace(wall=6.0) for run in rounds)]
    made.compare()
    found = next(
        target.found for target in made.targets if target.what == "100,000 devices, JSON: times the time of 10,000"
    )
    assert (found.low, found.high) == (1.0, 10.0)


def test_every_target_of_a_full_run_is_in_the_table() -> None:
    made = results()
    assert {target.verdict for target in made.targets} <= {"met", "missed", "open"}
    assert sum("0,000 devices" in target.what for target in made.targets) == 6
    assert tables.everything(made)
