"""What a sender writes next to a manifest, or does to it, starts nothing that nobody asked for."""

import json
import logging
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from local.stand_ins.partner_center import faults
from local.stand_ins.web import Proceed, Response, no_fault
from shared.job.blob_names import results_of, status_of
from shared.job.status_document import State
from shared.workflow.advance import Workflow
from shared.workflow.queue_messages import WakeUp
from tests.manifests import array, serials
from tests.workflow.forgeries import forge, touch
from tests.workflow.life.views import TWO, uploads
from tests.world import CUSTOMER, NAME, World

OTHER = "11111111-2222-3333-4444-555555555555"
VICTIM = f"{OTHER}/Prod/victim.json"
HOUR = timedelta(hours=1)
DUE = "2026-11-22T16:00:00Z"


def ended_world() -> World:
    """A victim's manifest and the forger's own, both completed."""
    world = World(customers={CUSTOMER: ["Test"], OTHER: ["Prod"]}, attended=False)
    world.drop(array(serials(2, start=50)), VICTIM)
    world.drop(TWO)
    world.settle()
    return world


def rest(world: World, hours: int = 24) -> None:
    """Sweep as the timer does."""
    for _ in range(hours):
        world.sweep.run()
        world.settle(HOUR, most=100)
        world.clock.advance(HOUR)


FORGERIES: dict[str, dict[str, object]] = {
    "another's name": {"manifest": VICTIM},
    "another's name, waiting": {"manifest": VICTIM, "state": "waiting", "final": False, "uploads": []},
    "another's name, accepted": {"manifest": VICTIM, "state": "accepted", "final": False},
    "another's customer": {"customerId": OTHER, "state": "accepted", "final": False},
    "a way up": {"customerId": "..", "state": "accepted", "final": False},
    "more sent than there is": {"deviceCount": 1, "state": "accepted", "final": False},
    "more than any manifest has": {"deviceCount": 10**9 - 1, "state": "accepted", "final": False},
    "more in a request than there is memory for": {"internal_partSize": 10**9, "state": "accepted", "final": False},
    "a text for each row": {"error": {"description": "x" * 10**6}, "state": "accepted", "final": False},
    "no end": {"final": False},
    "nothing accepted": {"uploads": [], "state": "accepted", "final": False},
    "from the future": {"createdAt": "9999-12-31T23:59:59Z", "state": "accepted", "final": False},
    "a header of its own": {"etag": "0x1\r\nx: y"},
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_status_is_reported_and_costs_nobody_anything(
    caplog: pytest.LogCaptureFixture, forgery: dict[str, object]
) -> None:
    world = ended_world()
    victim = (world.storage.blobs[status_of(VICTIM)], world.storage.blobs[results_of(VICTIM)])
    calls = len(world.partner_center.calls)
    forge(world, {"nextAttemptAt": None if forgery.get("final", True) else DUE, **forgery})
    forged = world.storage.blobs[status_of(NAME)]
    with caplog.at_level(logging.ERROR):
        rest(world)
    assert (world.storage.blobs[status_of(VICTIM)], world.storage.blobs[results_of(VICTIM)]) == victim
    assert len(world.partner_center.calls) == calls
    assert world.queue.messages == []
    assert world.storage.blobs[status_of(NAME)] is forged
    assert {record.message.split()[0] for record in caplog.records} == {"status_unreadable"}
    assert "9999" not in caplog.text


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
@pytest.mark.parametrize("event", [True, False], ids=["event", "sweep"])
def test_a_drop_replaces_a_forged_status(forgery: dict[str, object], *, event: bool) -> None:
    world = ended_world()
    forge(world, {"nextAttemptAt": None if forgery.get("final", True) else DUE, **forgery})
    world.clock.advance(HOUR)
    world.drop(array(serials(2, start=20)))
    if not event:
        world.events.clear()
        world.clock.advance(HOUR)
    rest(world)
    assert world.job().state is State.COMPLETED
    assert world.job().etag == world.storage.blobs[NAME].etag
    assert world.accepted()["S000020"] == 1


def test_a_forged_status_outlives_metadata_that_are_set_and_a_drop_that_was_before_it() -> None:
    world = World(attended=False)
    world.storage.put(NAME, TWO)
    world.clock.advance(HOUR)
    world.storage.put(status_of(NAME), b"{}")
    touch(world)
    rest(world)
    world.workflow.advance(WakeUp(NAME))
    assert world.partner_center.calls == []
    assert world.storage.blobs[status_of(NAME)].data == b"{}"


def test_a_forged_status_whose_manifest_is_gone_is_left_alone() -> None:
    world = World(attended=False)
    world.storage.put(status_of(NAME), b"{}")
    world.workflow.advance(WakeUp(NAME, landed=True))
    world.workflow.advance(WakeUp(NAME))
    assert list(world.storage.blobs) == [status_of(NAME)]
    assert world.queue.messages == []


def test_a_status_of_a_later_version_is_left_alone_for_the_content_that_it_speaks_of() -> None:
    world = World()
    etag = world.storage.put(NAME, TWO)
    world.storage.put(status_of(NAME), b'{"schemaVersion": 2}', {"etag": etag})
    world.workflow.advance(WakeUp(NAME, landed=True))
    assert world.partner_center.calls == []


LEADING = [f"{CUSTOMER}/Test/../../{VICTIM}", f"./{VICTIM}", f"{CUSTOMER}\\..\\{VICTIM}"]
LEADING += ["", VICTIM.replace("/", "\\"), f"{VICTIM}.", VICTIM.replace("/Prod/", "/Prod./")]


@pytest.mark.parametrize("name", LEADING)
@pytest.mark.parametrize("landed", [True, False])
def test_a_message_whose_name_leads_to_anothers_blobs_reads_and_writes_nothing(
    caplog: pytest.LogCaptureFixture, name: str, *, landed: bool
) -> None:
    world = World(customers={CUSTOMER: ["Test"], OTHER: ["Prod"]})
    world.storage.put(VICTIM, TWO)
    world.workflow.advance(WakeUp(name, landed=landed))
    assert world.fuse.operations == []
    assert list(world.storage.blobs) == [VICTIM]
    assert [record.message.split()[0] for record in caplog.records] == ["manifest_name_dotted"]


@pytest.mark.parametrize("event", [True, False], ids=["event", "sweep"])
def test_a_name_that_a_storage_could_fold_is_a_manifests_where_it_is_listed(*, event: bool) -> None:
    name = f"{CUSTOMER}/Test/Contoso Inc./laptops."
    world = World()
    world.drop(TWO, name)
    if not event:
        world.events.clear()
        world.clock.advance(HOUR)
        world.sweep.run()
    world.step()
    del world.storage.blobs[name]
    world.settle()
    assert world.job(name).state is State.COMPLETED


@pytest.mark.parametrize("allowed", [frozenset({OTHER}), frozenset({CUSTOMER, OTHER})])
def test_nothing_is_polled_for_a_customer_that_is_no_longer_allowed(allowed: frozenset[str]) -> None:
    world = World(attended=False)
    world.drop(TWO)
    world.step()
    calls = len(world.partner_center.calls)
    world.allowed = allowed
    world.start_process()
    rest(world)
    assert (len(world.partner_center.calls) > calls) is (CUSTOMER in allowed)


@pytest.mark.parametrize("state", ["processing", "waiting", "accepted"])
def test_nothing_waits_until_2099(state: str) -> None:
    world = World(part_size=1)
    far = "2099-01-01T00:00:00Z"
    world.partner_center.script.next_upload(*[faults.throttled(1)] * (state == "waiting"))
    if state == "processing":
        world.partner_center.script.next_upload(lambda proceed: [proceed(), world.fuse.die()][0])
    world.drop(TWO)
    world.step()
    world.events.clear()
    world.queue.messages.clear()
    assert world.job().state.value == state
    if state == "processing":
        forge(world, {"internal_lease": {"owner": "x", "until": far}})
    else:
        forge(world, {"nextAttemptAt": far})
    rest(world, hours=12)
    assert world.job().state is State.COMPLETED


def proceed_and(world: World, act: Callable[[World], None]) -> Callable[[Proceed], Response]:
    def fault(proceed: Proceed) -> Response:
        answer = proceed()
        act(world)
        return answer

    return fault


def ended(world: World) -> tuple[object, ...]:
    job = world.job()
    return job.state, job.internal.run, job.attempts, job.previous, world.accepted(), world.results()


@pytest.mark.parametrize("by_events", [True, False])
@pytest.mark.parametrize("moment", ["between parts", "waiting", "accepted", "final"])
@pytest.mark.parametrize(
    ("first", "then"),
    [(True, True), (True, False), (False, False)],
    ids=["metadata", "headers, which take Content-MD5 away", "metadata of what was written in blocks"],
)
def test_metadata_and_headers_start_nothing(moment: str, *, first: bool, then: bool, by_events: bool) -> None:
    def set_them(world: World) -> None:
        touch(world)
        world.storage.blobs[NAME].has_md5 = then

    world = World(part_size=1)
    world.services = replace(world.services, by_events=by_events)
    world.workflow = Workflow(world.services)
    if moment == "between parts":
        world.partner_center.script.next_upload(proceed_and(world, set_them))
    if moment == "waiting":
        world.partner_center.script.next_upload(lambda proceed: proceed(), faults.throttled(60))
    world.drop(TWO)
    world.storage.blobs[NAME].has_md5 = first
    world.settle(timedelta(days=1) if moment == "final" else timedelta(0))
    run = world.job().internal.run
    if moment != "between parts":
        set_them(world)
    # Who polls takes each new ETag for an arrival, and of events one may be late.
    world.events.append((NAME, 0))
    rest(world)
    assert world.job().state is State.COMPLETED
    assert world.job().internal.run == run
    assert world.accepted() == dict.fromkeys(serials(2), 1)
    assert world.job().etag == world.storage.blobs[NAME].etag, "or the sweep would wake it for ever"


@pytest.mark.parametrize(
    ("by_events", "created_again", "runs"), [(True, True, 2), (True, False, 1), (False, True, 2), (False, False, 1)]
)
def test_the_same_content_dropped_again_on_purpose_starts_again(
    *, by_events: bool, created_again: bool, runs: int
) -> None:
    world = World()
    world.services = replace(world.services, by_events=by_events)
    world.workflow = Workflow(world.services)
    world.drop(TWO)
    world.settle()
    world.clock.advance(HOUR)
    if created_again:
        world.drop(TWO)
    else:
        touch(world)
        world.events.append((NAME, 0))
    world.settle()
    assert len({job.internal.run for job in world.storage.written}) == runs
    assert len(uploads(world)) == runs


def test_the_same_content_dropped_again_starts_again_though_its_event_is_late_or_lost() -> None:
    world = World()
    world.partner_center.script.next_upload(faults.error(404, "60003", "The batch is missing."))
    world.drop(TWO)
    world.step()
    assert world.job().state is State.REJECTED
    world.clock.advance(timedelta(seconds=25))
    world.storage.put(NAME, TWO)
    # The wake-up for the end of the first attempt's lease is still in the queue.
    rest(world)
    assert world.job().state is State.COMPLETED
    world.events.append((NAME, 0))
    rest(world)
    assert len(uploads(world)) == 1 + 1


def test_the_same_content_dropped_again_while_a_refusal_is_on_its_way_starts_again() -> None:
    world, dropped = World(), list[str]()

    def dropped_again(proceed: Proceed) -> Response:
        world.clock.advance(timedelta(seconds=2))
        dropped.append(world.storage.put(NAME, TWO))
        world.workflow.advance(WakeUp(NAME, landed=True, etag=dropped[0]))
        return faults.error(404, "60003", "The batch is missing.")(proceed)

    world.partner_center.script.next_upload(dropped_again)
    world.drop(TWO)
    rest(world)
    assert world.job().state is State.COMPLETED
    assert world.job().etag == dropped[0]


@pytest.mark.parametrize("by_events", [True, False])
def test_where_no_creation_time_is_known_an_event_counts_as_a_drop(*, by_events: bool) -> None:
    world = World()
    world.services = replace(world.services, by_events=by_events)
    world.workflow = Workflow(world.services)
    world.storage.put(NAME, TWO)
    world.storage.blobs[NAME].created = None
    world.events.append((NAME, 0))
    world.settle()
    touch(world)
    world.events.append((NAME, 0))
    world.settle()
    assert len({job.internal.run for job in world.storage.written}) == 1 + by_events


def test_other_content_starts_again_whoever_reports_it() -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    world.storage.put(NAME, array(serials(1, start=7)))
    rest(world)
    assert world.accepted()["S000007"] == 1


def test_a_run_that_somebody_forges_names_no_request_of_another_manifest() -> None:
    world = ended_world()
    victims = json.loads(world.storage.blobs[status_of(VICTIM)].data)["internal"]["run"]
    begun = {"state": "waiting", "final": False, "uploads": [], "nextAttemptAt": DUE}
    forge(world, {**begun, "internal_run": victims, "internal_judged": []})
    rest(world)
    assert len(uploads(world)) == len(set(uploads(world))) == 3


@pytest.mark.parametrize(("named", "attempts"), [("current", 2), ("earlier", 1)])
def test_the_same_bytes_written_again_are_a_drop_where_an_event_names_their_etag(named: str, attempts: int) -> None:
    world = World()
    first = world.storage.put(NAME, TWO)
    world.workflow.advance(WakeUp(NAME, landed=True))
    world.settle()
    created = world.storage.blobs[NAME].created
    current = world.storage.put(NAME, TWO)
    world.storage.blobs[NAME].created = created  # as if writing it again left that as it was
    world.workflow.advance(WakeUp(NAME, landed=True, etag=current if named == "current" else first))
    world.settle()
    posts = [call for call in world.partner_center.calls if call.request.method == "POST"]
    assert len(posts) == attempts


@pytest.mark.parametrize("is_too_large", [False, True])
def test_other_content_of_which_the_storage_knows_no_fingerprint_starts_again(*, is_too_large: bool) -> None:
    world = World()
    world.drop(TWO)
    world.settle()
    limits = replace(world.services.limits, manifest_bytes=len(TWO) - 1) if is_too_large else world.services.limits
    world.services = replace(world.services, limits=limits)
    world.workflow = Workflow(world.services)
    world.storage.put(NAME, TWO if is_too_large else array(serials(3)))
    world.storage.blobs[NAME].has_md5 = False
    rest(world)
    assert len({job.internal.run for job in world.storage.written}) == 2
    assert world.job().state is (State.REJECTED if is_too_large else State.COMPLETED)


def test_messages_under_a_lease_read_nothing_to_compare_it() -> None:
    done = list[str]()

    def flood(world: World) -> None:
        touch(world)
        world.fuse.operations.clear()
        for _ in range(9):
            world.workflow.advance(WakeUp(NAME))
        done.extend(world.fuse.operations)

    world = World(part_size=1)
    # With the first acceptance the record has a fingerprint.
    world.partner_center.script.next_upload(no_fault, proceed_and(world, flood))
    world.drop(TWO)
    world.storage.blobs[NAME].has_md5 = False
    world.settle()
    assert done.count("load") == 9
    assert "open" not in done
    assert world.job().state is State.COMPLETED
    assert world.accepted() == dict.fromkeys(serials(2), 1)
