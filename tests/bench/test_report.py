"""A figure of the bench says what it can, and no more."""

import pytest

from bench.figures import Figures, Spread, in_turn, ratio
from bench.implementations import FLOOR, THIS_APP, TUTORIAL
from bench.report import judged, report
from bench.work import Measure


def test_ratios_are_taken_round_by_round() -> None:
    assert ratio([2.0, 10.0, 7.0], [1.0, 5.0]) == Spread(2.0, 2.0, 2.0)


@pytest.mark.parametrize(("low", "high", "has_verdict"), [(0.9, 1.1, False), (1.1, 1.3, True), (0.5, 0.9, True)])
def test_no_verdict_where_a_ratio_crosses_one(low: float, high: float, *, has_verdict: bool) -> None:
    assert ("no result" not in judged(Spread((low + high) / 2, low, high))) == has_verdict


def test_what_was_measured_once_says_so() -> None:
    assert Spread(2.0, 2.0, 2.0).text(2) == "2.00, once"
    assert Spread(2.0, 1.9, 2.1).text(2) == "2.00 (1.90-2.10)"


def test_everybody_is_first_in_turn() -> None:
    assert [in_turn("abc", number)[0] for number in range(4)] == ["a", "b", "c", "a"]


def figures(title: str, *names: str, seconds: float = 2.0) -> Figures:
    made = Figures(title)
    for name, factor in zip(names, (1, 4, 0.5), strict=False):
        for _ in range(2):
            made.add(name, 10, Measure(seconds * factor, seconds * factor / 2), memory=100_000_000)
    return made


def test_the_report_has_every_figure_and_divides_the_right_way() -> None:
    every = [
        figures("5 KB, 1 at a time", THIS_APP, TUTORIAL, FLOOR),
        figures("5 KB, 1 at a time, API 50 ms", THIS_APP, seconds=8.0),
        figures("5 KB, 32 at a time, API 50 ms", THIS_APP, seconds=1.0),
        figures("10,000 devices, CSV", THIS_APP),
        figures("100,000 devices, CSV", THIS_APP, TUTORIAL, seconds=20.0),
    ]
    text = report(every, [("this app", "600 of 600", "12", "1%", "23 min", "19 min")], 90)
    assert "| 5 KB, 1 at a time | 200.0, once | 800.0, once | 100.0, once |" in text
    assert "| 5 KB, 1 at a time: speed | 4.00, once |" in text
    assert "| 5 KB, 1 at a time: less CPU | 4.00, once |" in text
    assert "| API 50 ms: 32 threads, times as fast as 1 | 8.00, once |" in text
    assert "| CSV: time of 100,000, times 10,000 | 10.00, once |" in text
    assert "| 100,000 devices, CSV | 100, once | 100, once |" in text
    assert "This is simulated time" in text
    assert "Peak memory" in text
    assert text.endswith("| this app | 600 of 600 | 12 | 1% | 23 min | 19 min |")


def test_a_table_without_figures_is_left_out() -> None:
    quick = Figures("5 KB, 1 at a time")
    quick.add(THIS_APP, 10, Measure(2.0, 1.0))
    text = report([quick], [], 30)
    assert "Milliseconds of CPU" in text
    assert "Peak memory" not in text
