import logging

import pytest

from shared import events


def test_an_event_is_a_constant_name_and_fields(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "manifests"):
        events.log("part_accepted", manifest="a/b/c.json", devices=2, code=None)
    (record,) = caplog.records
    assert record.getMessage() == 'part_accepted {"manifest": "a/b/c.json", "devices": 2}'
    assert record.__dict__["event"] == "part_accepted"
    assert record.__dict__["devices"] == 2


def test_nothing_is_made_of_an_event_that_nobody_wants(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "manifests"):
        events.log("part_accepted", manifest="a/b/c.json")
    assert caplog.records == []
