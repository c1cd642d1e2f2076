"""The main job, end to end."""

import json

from local.stage import CUSTOMER
from shared.job import State
from tests.manifests import array, serials
from tests.stories.conftest import Starter
from tests.stories.stage import NAME, Stage


def test_a(stage: Stage) -> None:
    stage.drop(array(serials(2)))
    stage.settle()
    assert stage.job().state is State.COMPLETED
    print([ (r.function, r.what) for r in stage.runs])


def test_b(start: Starter) -> None:
    stage = start({"FIRST_POLL_AFTER": "PT1S"}, real_time=True)
    stage.drop(array(serials(2)))
    stage.settle(lambda: stage.job().final)
    assert stage.job().state is State.COMPLETED
    print([ (r.function, r.what) for r in stage.runs])
