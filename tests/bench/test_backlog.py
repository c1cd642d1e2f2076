"""The bench's backlog counts what the stand-in of Partner Center has seen, each way."""

import pytest

from bench.cases import backlog
from bench.implementations import TUTORIAL, UnequalError
from bench.tutorial import function_app

HOST_TRIES, RETRIES = 5, backlog.RETRIES


def test_each_way_is_counted_to_its_end() -> None:
    app, tutorial, retrying = backlog.run(200)
    assert app[:2] == ("this app", "200 of 200")
    assert int(app[2]) <= 30
    assert 6 <= int(app[4].removesuffix(" min")) <= 9
    assert app[5] == "7 min"
    assert tutorial == (TUTORIAL, "60 of 200", f"{140 * HOST_TRIES:,}", "92%", "never", "3 min")
    refused = 140 * HOST_TRIES * (1 + RETRIES)
    assert retrying == (backlog.RETRYING, "60 of 200", f"{refused:,}", "97%", "never", "3 min")


def test_who_obeys_retry_after_is_served_where_nobody_else_comes() -> None:
    _, tutorial, retrying = backlog.run(61)
    assert tutorial[1:5] == ("60 of 61", str(HOST_TRIES), "8%", "never")
    assert retrying[1:5] == ("61 of 61", "1", "2%", "1 min")


def test_a_quota_that_suffices_is_no_trouble_for_anybody() -> None:
    app, *others = backlog.run(30)
    assert app[1:4] == ("30 of 30", "0", "0%")
    assert [row[1:5] for row in others] == [("30 of 30", "0", "0%", "0 min")] * 2


def test_who_claims_devices_that_never_arrived_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function_app, "upload", lambda *_: "https://partner.example/location")
    with pytest.raises(UnequalError, match="tutorial: 0 devices are registered, not 5"):
        backlog.run(5)
