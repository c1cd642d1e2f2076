"""A figure of the bench says what it can, and no more."""

import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from bench import chart, tables
from bench.cases.cold_start import IMPORTS
from bench.cases.large_file import MANY, TIMES_FEWER, LargeRun
from bench.cast import FLOOR, LARGE, SAME, SMALL, THIS_APP, TUTORIAL
from bench.figures import Case, Sample, Spread, Target, compared
from bench.results import Results, key, largest


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


FEW = MANY // TIMES_FEWER
SECONDS = {THIS_APP: 2.0, TUTORIAL: 8.0, SAME: 6.0, FLOOR: 1.0}
"""For ten manifests, half of them CPU."""


def results() -> Results:
    cells = [key(SMALL, 1), key(SMALL, 8), key(LARGE, 1), key(LARGE, 8), key(SMALL, 1, 0.05), key(SMALL, 32, 0.05)]
    samples = {name: [Sample(10, wall, wall / 2), Sample(10, wall * 2, wall)] for name, wall in SECONDS.items()}
    cases = {title: Case(title, samples) for title in cells}
    large = [
        LargeRun(name, kind, devices, 1, SECONDS[name], 5.0, 120.0)
        for name in (THIS_APP, TUTORIAL)
        for kind in ("JSON", "CSV")
        for devices in (FEW, MANY, FEW)
    ]
    made = Results(quick=False, machine="made up", landings=cases, lives={key(SMALL, 1): cases[key(SMALL, 1)]})
    cold = {THIS_APP: 6.0, IMPORTS: 4.0}
    made.cold_start = [Case("cold start", {name: [Sample(1, wall, 0.0)] for name, wall in cold.items()})]
    made.large = large
    made.compare()
    return made


def found(made: Results, what: str) -> Spread:
    return next(target.found for target in made.targets if target.what == what)


def test_the_chart_is_an_image_with_everybody_in_it() -> None:
    texts = Counter(element.text for element in ET.fromstring(chart.chart(results())).iter())  # noqa: S314 - our own
    assert texts["this app"] == texts["tutorial"] == texts["floor"] == 2
    assert texts["this app, CSV"] == texts["tutorial, JSON"] == 1


def test_growth_is_held_against_what_the_same_process_did_after_its_first_few() -> None:
    made = results()
    ours = [run for run in made.large if (run.implementation, run.format) == (THIS_APP, "JSON")]
    few, many = (next(run for run in ours if run.devices == devices) for devices in (FEW, MANY))
    walls = [(few, 9.0), (many, 20.0), (few, 1.0), (few, 3.0)]
    rounds = [run._replace(wall=wall, round=number) for number in (1, 2) for run, wall in walls]
    made.large = [run for run in made.large if run not in ours] + [*rounds[:-2], rounds[-2]._replace(wall=4.0)]
    made.compare()
    growth = found(made, "100,000 devices, JSON: times the time of 10,000")
    assert (growth.low, growth.high) == (5.0, 10.0)


def test_large_runs_of_the_same_round_are_compared() -> None:
    made = results()
    walls = {(THIS_APP, 1): 1.0, (THIS_APP, 2): 2.0, (TUTORIAL, 2): 6.0}
    run = made.large[0]._replace(format="CSV", devices=FEW)
    csv = [run._replace(implementation=name, round=number, wall=wall) for (name, number), wall in walls.items()]
    others = [run for run in made.large if (run.format, run.devices) != ("CSV", FEW)]
    ours = [each for each in csv if each.implementation == THIS_APP for _ in range(2)]
    made.large = [run for run in others if (run.implementation, run.format) != (TUTORIAL, "CSV")] + ours + csv[2:]
    made.compare()
    assert found(made, "10,000 devices, CSV: times as fast as the tutorial") == Spread(3.0, 3.0, 3.0)


@pytest.mark.parametrize(
    ("what", "times"),
    [
        ("4.3 MB, to accepted: times as fast as the tutorial", 4.0),
        ("4.3 MB, to accepted: CPU, times the floor", 2.0),
        ("5 KB, to accepted: times as fast as the tutorial", 4.0),
        ("5 KB, to accepted: times as fast as the same exchanges", 3.0),
        ("5 KB, whole life: times as fast as the same exchanges", 3.0),
        ("5 KB, whole life: CPU, times the floor", 2.0),
        ("cold start: times the imports alone", 1.5),
        ("100,000 devices, JSON: times as fast as the tutorial", 4.0),
    ],
)
def test_a_target_divides_the_right_way(what: str, times: float) -> None:
    assert found(results(), what) == pytest.approx(Spread(times, times, times))


def test_a_quick_machine_measures_one_thread_in_more_rounds_than_many() -> None:
    made = results()
    one, many = made.landings[key(SMALL, 1, 0.05)], made.landings[key(SMALL, 32, 0.05)]
    made.landings[one.title] = Case(one.title, {THIS_APP: one.samples[THIS_APP] * 2})
    made.landings[many.title] = Case(many.title, {THIS_APP: many.samples[THIS_APP][:1]})
    made.compare()
    assert found(made, "5 KB, API 50 ms: 32 threads, times as fast as 1") == Spread(1.0, 1.0, 1.0)


def test_the_largest_manifests_are_held_against_the_targets() -> None:
    told = {target.what: target.told for target in largest(results())}
    assert told["100,000 devices, CSV: times as fast as the tutorial"] == "4.00, once"
    assert told["100,000 devices, CSV: peak memory, MB"] == "120, once"


def test_every_target_of_a_full_run_is_in_the_table() -> None:
    made = results()
    assert {target.verdict for target in made.targets} <= {"met", "missed", "open"}
    assert sum("0,000 devices" in target.what for target in made.targets) == 6
    assert tables.everything(made)
