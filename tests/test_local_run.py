"""What ``make run`` prints."""

from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from local import run
from tests.manifests import array, serials
from tests.world import World


def test_what_follows_the_states_begins_on_a_line_of_its_own_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.drop(array(serials(1)))
    world.settle()
    console = Console(file=StringIO(), width=80)
    monkeypatch.setattr(run, "_status", lambda running, name: world.job())  # noqa: ARG005 - the signature
    assert run._watch(console, cast("Any", SimpleNamespace()), "x") == world.job()  # noqa: SLF001 - the rest needs the whole stage
    console.print("next")
    assert cast("StringIO", console.file).getvalue().splitlines()[-1] == "next"
