import io
from collections.abc import Mapping

import pytest

from shared.commands.terminal import Terminal, counted, wrapped
from tests.commands.screens import Screen

ROWS = [("age", "state", "manifest"), ("2 h", "failed", "c7f3c849-129f-4b85-a96d-4f8e88b315a3/Test/laptops of May.csv")]


def test_a_word_has_its_colour_where_somebody_looks_on() -> None:
    screen = Screen(is_terminal=True)
    screen.terminal.say("a.csv: ", "INVALID", "; ok")
    assert screen.getvalue() == "a.csv: \033[31mINVALID\033[0m; ok\n"


def test_colour_is_to_be_had_for_a_picture() -> None:
    screen = Screen(environment={"FORCE_COLOR": "1"})
    screen.terminal.say("INVALID")
    assert screen.getvalue() == "\033[31mINVALID\033[0m\n"


@pytest.mark.parametrize(
    ("is_terminal", "environment"),
    [(False, {}), (True, {"NO_COLOR": "1"}), (True, {"TERM": "dumb"})],
    ids=["pipe", "NO_COLOR", "dumb"],
)
def test_there_is_no_colour_where_it_is_not_wanted(*, is_terminal: bool, environment: Mapping[str, str]) -> None:
    screen = Screen(is_terminal=is_terminal, environment=environment)
    screen.terminal.say("INVALID")
    screen.terminal.table([("failed",)])
    assert screen.getvalue() == "INVALID\nfailed\n"


def test_a_table_in_a_pipe_has_one_line_a_row() -> None:
    screen = Screen()
    screen.terminal.table(ROWS)
    assert screen.lines() == ["age  state   manifest", f"2 h  failed  {ROWS[1][2]}"]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_a_table_is_no_wider_than_the_terminal_and_loses_nothing(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    screen = Screen(is_terminal=True, environment={"NO_COLOR": "1"})
    screen.terminal.table(ROWS)
    assert max(map(len, screen.lines())) <= width
    shown = "".join(line[13:].strip() for line in screen.lines()[1:])
    assert shown.replace(" ", "") == ROWS[1][2].replace(" ", "")


def test_a_table_that_cannot_fit_keeps_columns_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "5")
    screen = Screen(is_terminal=True, environment={"NO_COLOR": "1"})
    screen.terminal.table([("0123456789", "0123456789")])
    assert screen.lines() == ["01234567  01234567", "89        89"]


def test_columns_are_narrowed_to_whole_words_before_a_word_is_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen(is_terminal=True, environment={"NO_COLOR": "1"})
    screen.terminal.table([("completed_with_errors", "2 registered, 1 failed, 5 not uploaded")])
    assert screen.lines() == [
        "completed_with_errors  2 registered, 1",
        "                       failed, 5 not",
        "                       uploaded",
    ]


def test_a_word_that_is_too_long_is_divided_at_its_joints() -> None:
    assert wrapped("ZtdDeviceAssignedToOtherTenant: see it", 17) == ["ZtdDeviceAssigned", "ToOtherTenant:", "see it"]
    assert wrapped("completed_with_errors", 15) == ["completed_with_", "errors"]
    assert wrapped("customers/Test/laptops.csv.results.csv", 24) == ["customers/Test/", "laptops.csv.results.csv"]
    assert wrapped("0123456789", 8) == ["01234567", "89"]
    assert wrapped("a/0123456789/b", 8) == ["a/", "01234567", "89/b"]


def test_what_would_steer_a_terminal_is_shown_instead() -> None:
    screen = Screen(is_terminal=True, environment={"NO_COLOR": "1"})
    screen.terminal.say("a\033[2Jb\rc\u202ed")
    screen.terminal.table([("\033]0;x\a",), ("two\nlines",)])
    assert screen.lines() == ["a\\x1b[2Jb\\rc\\u202ed", "\\x1b]0;x\\x07", "two lines"]


def test_a_name_of_any_characters_is_written_in_any_encoding() -> None:
    out = io.BytesIO()
    stream = io.TextIOWrapper(out, encoding="ascii", write_through=True)
    Terminal(stream).say("Geräte \udcff.json")
    assert out.getvalue() == b"Ger\\xe4te \\udcff.json\n"


def test_a_number_has_its_noun() -> None:
    assert [counted(number, "device") for number in (0, 1, 2500)] == ["0 devices", "1 device", "2,500 devices"]
