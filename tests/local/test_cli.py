"""What ``make run`` and the others write before they begin."""

import io
import sys

import pytest

from local import cli
from local.sign_in import WAYS


def test_a_way_that_there_is_not_is_refused_in_the_words_of_make(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["local", "run", "--auth", "foo"])
    assert cli.main() == 2
    assert capsys.readouterr().out == f"AUTH=foo is no way to sign in: take {', '.join(WAYS)}\n"


def test_nothing_is_wrapped_where_no_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    page = io.StringIO()
    monkeypatch.setattr(sys, "stdout", page)
    name = "x " * 100 + ".csv"
    monkeypatch.setattr(sys, "argv", ["local", "run", "--manifest", name])
    assert cli.main() == 2
    assert page.getvalue() == f"{name}: No such file or directory\n"
