"""No status is believed that this app cannot have written."""

import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from shared.job import plausibility
from shared.job.device_results import MOST_RESULTS, DeviceResult, Outcome, ResultRun
from shared.job.lease import Lease
from shared.job.lifecycle import abandoned, finished, following, reported
from shared.job.status_document import Fault, Job, Previous, State, Upload, encode
from shared.job.transitions import Start, begin, begin_at
from shared.manifest.customer_and_batch import Target

CUSTOMER = "c7f3c849-129f-4b85-a96d-4f8e88b315a3"
OTHER = "11111111-2222-3333-4444-555555555555"
NAME = f"{CUSTOMER}/Test/laptops.json"
NOW = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
LEASE = Lease(owner="me", until=NOW + timedelta(minutes=5))
FAR = "2099-01-01T00:00:00Z"


def claimed(name: str = NAME) -> Job:
    return begin(Start(name, "0x1", UUID(int=1), 2, None, NOW), LEASE)


def upload(first: int, count: int) -> Upload:
    return Upload(
        first_device=first,
        device_count=count,
        request_id="r",
        correlation_id="c",
        location=f"/l/{first}",
        state="finished",
        accepted_at=NOW,
    )


def accepted(name: str = NAME) -> Job:
    """Three devices in two parts, the first of which has been judged."""
    target = Target(CUSTOMER, "Test")
    job = msgspec.structs.replace(
        claimed(name),
        customer_id=target.customer_id,
        batch_id=target.batch_id,
        device_count=3,
        uploads=(upload(1, 2), upload(3, 1)),
    )
    device_results = [ResultRun(1, DeviceResult(Outcome.REGISTERED)), ResultRun(1, DeviceResult(Outcome.FAILED, "808"))]
    return reported(following(job, NOW, NOW), 0, "finished", device_results, NOW)


def completed() -> Job:
    return finished(abandoned(accepted(), Fault(description="x"), NOW), "r.csv", NOW)


def waiting() -> Job:
    return begin_at(Start(NAME, "0x1", UUID(int=1), 2, None, NOW), NOW)


JOBS: dict[str, Callable[[], Job]] = {
    "processing": claimed,
    "waiting": waiting,
    "accepted": accepted,
    "final": completed,
}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_what_the_app_writes_is_believed(job: Callable[[], Job]) -> None:
    assert plausibility.read(encode(job()), NAME) == job()


def changed(job: Job, path: str, value: object) -> bytes:
    """Set one member of a job's document; ``path`` leads to it."""
    document = json.loads(encode(job))
    place: Any = document
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        place = place[step]
    place[last] = value
    return json.dumps(document).encode()


LIES: list[tuple[str, str, object]] = [
    ("accepted", "manifest", f"{OTHER}/Prod/victim.json"),
    ("accepted", "manifest", f"{NAME}.status.json"),
    ("waiting", "etag", "0x1\r\nx-ms-date: never"),
    ("waiting", "etag", "\u4e00"),
    ("waiting", "etag", 'a"b'),
    ("waiting", "etag", "x" * 101),
    ("waiting", "etag", ""),
    ("waiting", "customerId", OTHER),
    ("waiting", "customerId", ".."),
    ("accepted", "customerId", OTHER),
    ("accepted", "customerId", ".."),
    ("accepted", "customerId", None),
    ("accepted", "batchId", None),
    ("accepted", "batchId", "Else"),
    ("accepted", "deviceCount", None),
    ("accepted", "deviceCount", 2),
    ("accepted", "deviceCount", -3),
    ("accepted", "deviceCount", 10**12),
    ("accepted", "uploads", []),
    ("accepted", "nextAttemptAt", None),
    ("accepted", "final", True),
    ("accepted", "state", "completed"),
    ("accepted", "uploads.0.deviceCount", 0),
    ("accepted", "uploads.0.deviceCount", -5),
    ("accepted", "uploads.0.deviceCount", 3),
    ("accepted", "uploads.1.firstDevice", 1),
    ("accepted", "uploads.1.firstDevice", 4),
    ("accepted", "uploads.1.deviceCount", 10**10),
    ("accepted", "internal.judged", [[[1, 0], [1, 2]], None]),
    ("accepted", "internal.judged", [[[1, 0], [1, -1]], None]),
    ("accepted", "internal.judged", [[[3, 0]], None]),
    ("accepted", "internal.judged", [[[3, 0], [-1, 0]], None]),
    ("accepted", "internal.judged", [[[2, 0], [0, 0]], None]),
    ("accepted", "internal.judged", [None, None, None]),
    ("accepted", "internal.unanswered", [1, 3]),
    ("accepted", "internal.unanswered", [4, 4]),
    ("waiting", "internal.unanswered", [1, 0]),
    ("waiting", "internal.unanswered", [1, 10**30]),
    ("processing", "internal.lease", None),
    ("processing", "final", True),
    ("processing", "internal.partSize", 0),
    ("processing", "internal.partSize", 10**10),
    ("processing", "internal.deaths", -1),
    ("processing", "internal.refusals", 10**40),
    ("processing", "attempts", -1),
    ("processing", "issueCount", -1),
    ("waiting", "nextAttemptAt", None),
    ("waiting", "state", "failed"),
    ("final", "final", False),
    ("final", "nextAttemptAt", FAR),
    ("final", "internal.lease", {"owner": "x", "until": FAR}),
    ("final", "state", "processing"),
    ("final", "schemaVersion", 2),
    ("final", "state", "lost"),
    ("final", "uploads.0.acceptedAt", "yesterday"),
    ("final", "internal.run", "me"),
]


@pytest.mark.parametrize(("kind", "path", "value"), LIES, ids=lambda part: ascii(part)[:40])
def test_what_it_cannot_have_written_is_not_believed(kind: str, path: str, value: object) -> None:
    reason = plausibility.read(changed(JOBS[kind](), path, value), NAME)
    assert isinstance(reason, str)
    assert len(reason) < 80, "a reason repeats nothing that a sender wrote"


@pytest.mark.parametrize(
    "document",
    [b"", b"null", b"[]", b"{", b"[" * 10**6, b'{"a":' * 10**5, b"\xff\xfe", b"9" * 10**5, b'{"schemaVersion": 1}'],
    ids=lambda document: ascii(document[:20]),
)
def test_what_is_no_status_at_all_has_a_reason(document: bytes) -> None:
    assert isinstance(plausibility.read(document, NAME), str)


def test_the_customer_of_an_envelope_is_any_id_but_nothing_else() -> None:
    name = "anywhere/laptops.json"
    job = accepted(name)
    assert plausibility.read(encode(job), name) == job
    assert isinstance(plausibility.read(changed(job, "customerId", "../.."), name), str)


def test_a_name_is_held_against_the_customer_in_either_case() -> None:
    name = NAME.replace(CUSTOMER, CUSTOMER.upper())
    assert isinstance(plausibility.read(encode(accepted(name)), name), Job)


def test_a_rejected_manifest_may_name_another_customer_in_its_status() -> None:
    job = msgspec.structs.replace(
        waiting(), state=State.REJECTED, final=True, next_attempt_at=None, customer_id="no customer"
    )
    assert plausibility.read(encode(job), NAME) == job


@pytest.mark.parametrize(
    ("devices", "setting", "too_many"), [(3, 1, False), (10**6 + 1, 1, True), (10**7, 10**7, False)]
)
def test_devices_are_as_many_as_the_settings_allow(devices: int, setting: int, *, too_many: bool) -> None:
    assert plausibility.is_too_large(msgspec.structs.replace(accepted(), device_count=devices), setting) is too_many


@pytest.mark.parametrize("path", ["internal.partSize", "uploads.1.deviceCount"])
@pytest.mark.parametrize(("size", "too_many"), [(20_000, False), (20_001, True)])
def test_a_part_is_as_large_as_any_setting_allows(path: str, size: int, *, too_many: bool) -> None:
    job = msgspec.structs.replace(accepted(), device_count=40_000)
    read = plausibility.read(changed(job, path, size), NAME)
    assert isinstance(read, Job)
    assert plausibility.is_too_large(read, 1) is too_many


LONGEST = "x" * plausibility.LONGEST_TEXT


@pytest.mark.parametrize("member", ["code", "requestId", "correlationId", "serverCorrelation"])
@pytest.mark.parametrize("path", ["error", "internal.stopped"])
def test_what_the_log_repeats_of_a_fault_is_bounded(path: str, member: str) -> None:
    def read(text: str) -> Job | str:
        return plausibility.read(changed(completed(), path, {"description": "", member: text}), NAME)

    assert isinstance(read(LONGEST), Job)
    assert read(f"{LONGEST}x") == "its members are too large"


@pytest.mark.parametrize(
    ("kind", "path"), [("accepted", "internal.deviceResults.1.2"), ("final", "error"), ("final", "internal.stopped")]
)
def test_texts_that_each_row_of_the_results_repeats_are_bounded(kind: str, path: str) -> None:
    def read(text: str) -> Job | str:
        value = text if path.endswith("2") else {"description": text}
        return plausibility.read(changed(JOBS[kind](), path, value), NAME)

    assert isinstance(read(LONGEST[3:]), Job)
    assert read(f"{LONGEST}x") == "its members are too large"


FINDING = {"where": "manifest", "field": None, "code": "c", "message": "m"}
PREVIOUS_UPLOAD = msgspec.to_builtins(upload(1, 1))


@pytest.mark.parametrize(
    ("path", "member", "most"),
    [
        ("internal.deviceResults", ["failed"], 2 * MOST_RESULTS),
        ("issues", FINDING, plausibility.MOST_FINDINGS),
        ("warnings", FINDING, plausibility.MOST_FINDINGS),
        ("previous.uploads", PREVIOUS_UPLOAD | {"location": "x" * 2**19}, 15),
    ],
)
def test_what_each_save_writes_again_is_bounded(path: str, member: object, most: int) -> None:
    job = msgspec.structs.replace(waiting(), previous=Previous(etag="0x1", state=State.FAILED, uploads=()))
    assert isinstance(plausibility.read(changed(job, path, [member] * most), NAME), Job)
    assert plausibility.read(changed(job, path, [member] * (most + 1)), NAME) == "its members are too large"


@pytest.mark.parametrize("tiny", ["[1,0]", "{}"])
def test_a_status_of_millions_of_tiny_objects_is_not_decoded(tiny: str) -> None:
    objects = f"[{','.join([tiny] * plausibility.MOST_OBJECTS)}]"
    document = encode(waiting()).replace(b'"judged":[]', f'"judged":{objects}'.encode())
    assert len(document) < plausibility.LARGEST_STATUS
    tracemalloc.start()
    found = plausibility.read(document, NAME)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == "too large"
    assert peak < len(document) / 10


def test_what_the_next_run_repeats_can_be_read_again() -> None:
    """Even if it is written wider, and made of what takes the most room there."""
    small = msgspec.structs.replace(upload(1, 1), request_id="", correlation_id="", location="", state="")
    size = len(msgspec.json.encode(small)) + 8
    count = plausibility.LARGEST_UPLOADS // size
    uploads = tuple(msgspec.structs.replace(small, first_device=place) for place in range(1, count + 1))
    job = msgspec.structs.replace(waiting(), uploads=uploads, device_count=count, customer_id=CUSTOMER, batch_id="Test")
    found = plausibility.read(msgspec.json.encode(job), NAME)
    assert isinstance(found, Job)
    following_run = begin(Start(NAME, "0x2", UUID(int=2), 2, found, NOW), LEASE)
    assert len(encode(following_run)) < plausibility.LARGEST_STATUS / 2
    assert plausibility.read(encode(following_run), NAME) == following_run
    longer = changed(job, "uploads.0.location", "x" * 2**23)
    assert plausibility.read(longer, NAME) == "its members are too large"


MOMENTS = ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", FAR]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("path", ["createdAt", "uploads.0.acceptedAt", "uploads.1.acceptedAt"])
def test_what_began_later_than_any_clock_says_is_seen(path: str, moment: str) -> None:
    job = plausibility.read(changed(accepted(), path, moment), NAME)
    assert isinstance(job, Job)
    assert plausibility.is_from_the_future(job, NOW)
    assert not plausibility.is_from_the_future(accepted(), NOW)


def test_clocks_may_be_minutes_apart_and_what_is_over_has_any_date() -> None:
    assert not plausibility.is_from_the_future(accepted(), NOW - plausibility.SKEW)
    assert plausibility.is_from_the_future(accepted(), NOW - plausibility.SKEW - timedelta(seconds=1))
    assert not plausibility.is_from_the_future(completed(), NOW - timedelta(days=1000))


LEASES, WAITS = timedelta(minutes=5), timedelta(days=2)


@pytest.mark.parametrize(
    ("kind", "path", "longest"), [("processing", "internal.lease.until", LEASES), ("waiting", "nextAttemptAt", WAITS)]
)
def test_a_moment_further_off_than_the_settings_allow_is_now(kind: str, path: str, longest: timedelta) -> None:
    latest = NOW + longest + plausibility.SKEW
    for moment, due in [
        (latest, latest),
        (latest + timedelta(seconds=1), NOW),
        (datetime.max.replace(tzinfo=UTC), NOW),
    ]:
        job = plausibility.read(changed(JOBS[kind](), path, moment.isoformat()), NAME)
        assert isinstance(job, Job)
        assert plausibility.within(job, NOW, LEASES, WAITS).due == due


@pytest.mark.parametrize(
    ("etag", "later", "precedes"),
    [(None, 0, True), ("0x1", 0, True), ("0x2", 0, False), (None, -1, False), (None, 9, True)],
)
def test_a_foreign_status_gives_way_to_a_later_drop_of_other_content(
    etag: str | None, later: int, *, precedes: bool
) -> None:
    foreign = plausibility.Foreign("ValueError", "0x9", NOW, etag)
    assert foreign.precedes("0x2", NOW + timedelta(seconds=later)) is precedes


def test_a_thousand_wordings_are_kept_and_of_the_others_the_outcome() -> None:
    count = MOST_RESULTS + 5
    job = following(
        msgspec.structs.replace(
            accepted(), device_count=count, uploads=(upload(1, count),), internal=claimed().internal
        ),
        NOW,
        NOW,
    )
    judged = reported(
        job,
        0,
        "finished",
        [ResultRun(1, DeviceResult(Outcome.FAILED, None, f"fault {number}")) for number in range(count)],
        NOW,
    )
    runs = judged.device_results(0) or ()
    assert [run.result.description for run in runs[-7:]] == ["fault 998", "fault 999", *[None] * 5]
    assert judged.devices.failed == count
    assert len(judged.internal.device_results) == MOST_RESULTS + 1
    assert plausibility.read(encode(judged), NAME) == judged
