"""An outage that many manifests have met: who meets it late waits as if it had met its beginning."""

from datetime import UTC, datetime, timedelta

from shared.workflow.outage import MANY, Outage

NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
MINUTE, NOTHING = timedelta(minutes=1), timedelta(0)


def begun(manifests: int = MANY) -> Outage:
    """So many manifests have failed."""
    outage = Outage(NOW)
    for manifest in range(manifests):
        outage.met(str(manifest), NOW)
    return outage


def test_who_meets_an_outage_waits_twice_as_long_as_it_has_lasted() -> None:
    outage = begun()
    outage.met("another", NOW + 5 * MINUTE)
    assert outage.wait(NOW + 5 * MINUTE) == 10 * MINUTE
    outage.met("0", NOW + 7 * MINUTE)
    assert outage.wait(NOW + 7 * MINUTE) == 14 * MINUTE


def test_faults_of_few_manifests_are_their_own() -> None:
    outage = begun(MANY - 1)
    for minute in range(60):
        outage.met("0", NOW + minute * MINUTE)
    assert outage.wait(NOW + 60 * MINUTE) == NOTHING


def test_an_outage_does_not_begin_with_what_had_failed_by_itself_for_days() -> None:
    outage = begun(MANY - 1)
    outage.met("another", NOW + timedelta(days=2))
    assert outage.wait(NOW + timedelta(days=2)) == NOTHING
    assert outage.wait(NOW + timedelta(days=2) + MINUTE) == 2 * MINUTE


def test_a_call_that_is_served_ends_an_outage() -> None:
    outage = begun()
    outage.end()
    for manifest in range(MANY - 1):
        outage.met(str(manifest), NOW + MINUTE)
    assert outage.wait(NOW + 60 * MINUTE) == NOTHING
