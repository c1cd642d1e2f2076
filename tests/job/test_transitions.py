from copy import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest

from shared.job import lifecycle
from shared.job.lease import Lease
from shared.job.status_document import FINAL, Job, State, decode, encode
from shared.job.transitions import MOVES, IllegalTransitionError, Start, Step, begin, begin_at, move, next_step, noted

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
EARLIER = NOW - timedelta(seconds=1)
START = Start("a/b/c.json", "0x1", UUID(int=1), 1000, None, NOW)


def job(state: State, **members: object) -> Job:
    claimed = begin(START, Lease(owner="me", until=LATER))
    claimed = noted(claimed, lease=members.pop("lease", None))
    return msgspec.structs.replace(claimed, state=state, final=state in FINAL, **members)


@pytest.mark.parametrize(
    ("found", "etag", "step"),
    [
        (None, None, Step.REST),
        (None, "0x1", Step.START),
        (job(State.PROCESSING, lease=Lease(owner="me", until=LATER)), "0x1", Step.WAIT),
        (job(State.PROCESSING, lease=Lease(owner="me", until=LATER)), "0x2", Step.WAIT),
        (job(State.PROCESSING, lease=Lease(owner="me", until=LATER)), None, Step.WAIT),
        (job(State.PROCESSING, lease=Lease(owner="me", until=NOW)), "0x1", Step.ATTEMPT),
        (job(State.PROCESSING, lease=Lease(owner="me", until=NOW)), "0x2", Step.START),
        (job(State.PROCESSING, lease=Lease(owner="me", until=NOW)), None, Step.CANCEL),
        (job(State.WAITING, next_attempt_at=LATER), "0x1", Step.WAIT),
        (job(State.WAITING, next_attempt_at=LATER), "0x2", Step.START),
        (job(State.WAITING, next_attempt_at=LATER), None, Step.CANCEL),
        (job(State.WAITING, next_attempt_at=EARLIER), "0x1", Step.ATTEMPT),
        (job(State.ACCEPTED, next_attempt_at=LATER), "0x1", Step.WAIT),
        (job(State.ACCEPTED, next_attempt_at=NOW), "0x1", Step.POLL),
        (job(State.ACCEPTED, next_attempt_at=NOW), None, Step.POLL),
        (job(State.ACCEPTED, next_attempt_at=LATER), "0x2", Step.START),
        *[(job(state), "0x1", Step.REST) for state in sorted(FINAL)],
        *[(job(state), None, Step.REST) for state in sorted(FINAL)],
        *[(job(state), "0x2", Step.START) for state in sorted(FINAL)],
    ],
)
def test_a_wake_up_finds_the_one_thing_to_do(found: Job | None, etag: str | None, step: Step) -> None:
    assert next_step(found, etag, NOW) is step


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_only_the_ways_of_the_table_can_be_gone(before: State, after: State) -> None:
    if after in MOVES[before]:
        moved = move(job(before), after, NOW, "x")
        assert (moved.state, moved.final) == (after, after in FINAL)
    else:
        with pytest.raises(IllegalTransitionError, match=f"{before} cannot become {after}"):
            move(job(before), after, NOW, "x")


def test_every_state_is_in_the_table_and_final_ones_lead_nowhere() -> None:
    assert set(MOVES) == set(State)
    assert all(not MOVES[state] for state in FINAL)


def test_a_lease_is_held_only_while_processing() -> None:
    claimed = begin(START, Lease(owner="me", until=LATER))
    for state in MOVES[State.PROCESSING] - {State.PROCESSING}:
        assert move(claimed, state, NOW, "x").lease is None


def test_a_run_that_is_asked_for_waits_for_its_wake_up() -> None:
    asked = begin_at(START, NOW)
    assert (asked.state, asked.next_attempt_at, asked.attempts) == (State.WAITING, NOW, 0)
    taken = lifecycle.take_over(asked, Lease(owner="me", until=LATER), NOW)
    assert (taken.attempts, taken.internal.deaths) == (1, 0)


def test_a_request_id_changes_with_run_part_and_refusals_only() -> None:
    claimed = begin(START, Lease(owner="me", until=LATER))
    same = claimed.request_id(1, 1000)
    again = lifecycle.take_over(claimed, Lease(owner="other", until=LATER), LATER)
    assert again.request_id(1, 1000) == same
    refused = noted(claimed, refusals=1)
    other_run = begin(replace(START, run=UUID(int=2)), Lease(owner="me", until=LATER))
    others = {claimed.request_id(2, 1000), claimed.request_id(1, 999)}
    others |= {refused.request_id(1, 1000), other_run.request_id(1, 1000)}
    assert len(others | {same}) == 5
    assert str(UUID(same)) == same


def test_a_stored_job_comes_back_as_it_went() -> None:
    claimed = begin(START, Lease(owner="me", until=LATER))
    assert decode(encode(claimed)) == claimed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"processing"', b'"lost"'),
        (b"0x1", b"\\ud800"),
        (b'"attempts": 1', b'"attempts": "1"'),
        (b"Z", b""),
    ],
)
def test_an_unknown_stored_value_fails_loudly(old: bytes, new: bytes) -> None:
    document = encode(begin(START, Lease(owner="me", until=LATER)))
    assert old in document
    with pytest.raises(msgspec.DecodeError):
        decode(document.replace(old, new))
