import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Protocol

import pytest

from local.azurite import Account, Azurite
from local.host.event_grid import EventGrid
from tests.stories.moments import Time, TimeTravel
from tests.stories.stage import Stage, open_stage


class Starter(Protocol):
    """Starts the one stage of a story."""

    def __call__(
        self,
        settings: Mapping[str, str] | None = None,
        *,
        found: Mapping[str, bytes] | None = None,
        account: Account | None = None,
        events: EventGrid | None = None,
        real_time: bool = False,
    ) -> Stage: ...


@pytest.fixture
def start(azurite: Azurite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Starter]:
    """Gives stages; at the end, everything that was written and said in them is held against what was promised."""
    caplog.set_level(logging.DEBUG)
    stages: list[Stage] = []
    with ExitStack() as running:

        def start(
            settings: Mapping[str, str] | None = None,
            *,
            found: Mapping[str, bytes] | None = None,
            account: Account | None = None,
            events: EventGrid | None = None,
            real_time: bool = False,
        ) -> Stage:
            time = Time() if real_time else TimeTravel()
            where = account or azurite.new_account()
            stage = open_stage(where, monkeypatch, time, settings or {}, found or {}, events)
            stages.append(running.enter_context(stage))
            return stages[-1]

        yield start
    for stage in stages:
        stage.witness.check_statuses()
        stage.witness.check_words([*caplog.get_records("setup"), *caplog.get_records("call")], stage.runs)
        assert [run for run in stage.runs if not run.ok] == []


@pytest.fixture
def stage(start: Starter) -> Stage:
    return start()
