import logging

import pytest

from shared import event_log
from shared.job.status_document import Fault


def test_an_event_is_a_constant_name_and_fields(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "manifests"):
        event_log.log("part_accepted", manifest="a/b/c.json", devices=2, code=None)
    (record,) = caplog.records
    assert record.getMessage() == 'part_accepted {"manifest": "a/b/c.json", "devices": 2}'
    assert record.__dict__["event"] == "part_accepted"
    assert record.__dict__["devices"] == 2


def test_nothing_is_made_of_an_event_that_nobody_wants(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "manifests"):
        event_log.log("part_accepted", manifest="a/b/c.json")
    assert caplog.records == []


def test_a_faults_evidence_is_told_but_not_its_words(caplog: pytest.LogCaptureFixture) -> None:
    fault = Fault(http_status=400, code="3000", description="Bad hash T0FA…", request_id="r", correlation_id="c")
    with caplog.at_level(logging.INFO, "manifests"):
        event_log.log("sending_stopped", manifest="m", fault=fault)
    told = caplog.records[0].getMessage()
    assert '"status": 400, "code": "3000", "request": "r", "correlation": "c"' in told
    assert "T0FA" not in told
