"""What processes tell each other, as bytes and as values."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.workflow.notices import (
    AHEAD,
    CALM,
    GONE,
    Belief,
    Calls,
    Notice,
    Notices,
    ProcessReport,
    Scope,
    decode,
    encode,
)

NOW = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MOST_AHEAD = NOW + AHEAD


def notice(cut_at: datetime = NOW, tail: datetime = NOW) -> Notice:
    belief = Belief(cut_at, peak=1.0, window=60.0, sample=60, is_first=True)
    return Notice(belief, doors=(NOW, NOW), tails=(tail, tail))


def board(**changes: object) -> Notices:
    report = ProcessReport(NOW, NOW, {"a": Calls([2.0], [1.0])})
    return msgspec.structs.replace(Notices(quotas={"a": notice()}, reports={"one": report}), **changes)


def test_what_is_written_is_read() -> None:
    said = board(scope=Scope(NOW, is_partners=True, proof=8))
    assert decode(encode(said)) == said


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"[]",
        b'{"quotas": {"a": [1]}}',
        encode(board()).replace(b"1.0,60.0", b"0.0,60.0"),
        encode(board()).replace(b"1.0,60.0", b"-1.0,60.0"),
        encode(board()).replace(b"1.0,60.0", b"1e300,60.0"),
        encode(board()).replace(b"1.0,60.0", b"1.0,0.0"),
        encode(board()).replace(b"[2.0]", b"[-2.0]"),
        encode(board()).replace(b"Z", b""),
        encode(board()).replace(b'"a":', b'"\xff":'),
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
)
def test_what_no_process_of_the_app_has_written_says_nothing(data: bytes) -> None:
    assert decode(data) == decode(None) == Notices()


def test_a_process_does_not_hear_itself() -> None:
    assert board().read_by("one", NOW).reports == {}
    assert board().read_by("another", NOW).calls("a") == ([NOW - 2 * SECOND], [NOW - SECOND], 1)
    assert board().read_by("another", NOW).calls("b") == ([], [], 0)


@pytest.mark.parametrize(("told", "heard"), [(NOW, 1), (NOW - GONE, 0), (MOST_AHEAD, 0), (MOST_AHEAD - SECOND, 1)])
def test_who_has_told_nothing_for_long_or_tells_of_the_future_is_not_heard(told: datetime, heard: int) -> None:
    assert len(board(reports={"one": ProcessReport(told, NOW, {})}).read_by("another", NOW).reports) == heard


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        (notice(), 1),
        (notice(NOW - CALM), 0),
        (notice(NOW - CALM, tail=NOW + SECOND), 1),
        (notice(MOST_AHEAD, tail=NOW + SECOND), 0),
        (notice(datetime.min.replace(tzinfo=UTC), tail=datetime.max.replace(tzinfo=UTC)), 0),
        (notice(datetime.max.replace(tzinfo=UTC)), 0),
    ],
)
def test_a_quota_without_a_line_is_forgotten_after_a_calm(told: Notice, heard: int) -> None:
    assert len(board(quotas={"a": told}).read_by("another", NOW).quotas) == heard


def test_a_scope_of_the_future_is_not_believed() -> None:
    scope = Scope(MOST_AHEAD, is_partners=True, proof=8)
    assert board(scope=scope).read_by("another", NOW).scope is None
    assert board(scope=msgspec.structs.replace(scope, changed=NOW)).read_by("another", NOW).scope
