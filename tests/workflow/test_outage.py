"""An outage that several manifests have met: who meets it late waits as if it had met its beginning."""

from datetime import UTC, datetime, timedelta

from shared.workflow.outage import Outage

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
MINUTE, NOTHING = timedelta(minutes=1), timedelta(0)


def begun() -> Outage:
    """Two manifests have failed."""
    outage = Outage()
    assert [outage.met(manifest, NOW) for manifest in "ab"] == [NOTHING] * 2
    return outage


def test_who_meets_an_outage_waits_twice_as_long_as_it_has_lasted() -> None:
    outage = begun()
    assert outage.met("c", NOW + 5 * MINUTE) == 10 * MINUTE
    assert outage.met("a", NOW + 7 * MINUTE) == 14 * MINUTE


def test_faults_of_few_manifests_are_their_own() -> None:
    outage = begun()
    assert outage.met("a", NOW + 60 * MINUTE) == NOTHING


def test_a_call_that_is_served_ends_an_outage() -> None:
    outage = begun()
    outage.met("c", NOW)
    outage.end()
    assert [outage.met(manifest, NOW + 5 * MINUTE) for manifest in "abc"] == [NOTHING] * 3
    assert outage.met("d", NOW + 6 * MINUTE) == 2 * MINUTE
