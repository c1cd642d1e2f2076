"""``python -m shared status``: what has become of the manifests."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from local.stand_ins.partner_center import Outcome, faults
from shared.commands import details, status, storage
from shared.commands.cli import main
from shared.config.settings import SettingsError
from shared.job.blob_names import status_of
from shared.workflow.ports import BlobEntry
from tests.commands.screens import Screen
from tests.manifests import array, serials
from tests.world import CUSTOMER, World

NOW = datetime(2026, 11, 22, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
ONE = "python -m shared status --manifest NAME"


def blob(name: str, metadata: dict[str, str] | None = None, age: timedelta = HOUR) -> BlobEntry:
    return BlobEntry(name, "0x1", NOW - age, metadata or {})


def shown(*blobs: BlobEntry) -> list[str]:
    screen = Screen()
    assert status.overview(blobs, NOW, screen.terminal, ONE) == 0
    return screen.lines()


def test_an_empty_container_has_no_manifests() -> None:
    assert shown() == ["0 manifests: none is there, or no name begins so"]


@pytest.mark.parametrize(
    ("metadata", "columns"),
    [
        ({"state": "processing", "due": "2026-11-22T16:04:00Z"}, ["60 min", "processing", "next attempt in 4 min"]),
        ({"state": "waiting", "due": "2026-11-22T16:00:45Z"}, ["60 min", "waiting", "retry in 45 s"]),
        ({"state": "waiting", "due": "2026-11-22T15:30:00Z"}, ["60 min", "waiting", "retry due 30 min ago"]),
        ({"state": "accepted", "due": ""}, ["60 min", "accepted", "poll"]),
        ({"state": "completed", "devices": ""}, ["60 min", "completed"]),
        (
            {"state": "accepted", "devices": "registered=1200 not_reported=1"},
            ["60 min", "accepted", "1,200 registered, 1 not reported", "poll"],
        ),
        ({"state": "completed_with_errors"}, ["60 min", "completed_with_errors", "correct rows, drop again"]),
        ({"state": "rejected"}, ["60 min", "rejected", "correct it or its name, drop again"]),
        ({"state": "failed"}, ["60 min", "failed", "remove its cause, retry"]),
        ({"state": "odd"}, ["60 min", "unknown", "drop again"]),
        ({}, ["60 min", "unknown", "drop again"]),
        ({"state": "waiting", "due": "soon"}, ["60 min", "waiting", "retry"]),
        ({"state": "waiting", "due": "0001-01-01T00:00:00+23:00"}, ["60 min", "waiting", "retry"]),
    ],
)
def test_a_manifest_has_its_age_its_state_and_its_next_step(metadata: dict[str, str], columns: list[str]) -> None:
    lines = shown(blob("a/b/c.json"), blob("a/b/c.json.status.json", metadata))
    assert lines[0].split() == ["age", "state", "devices", "next", "manifest"]
    assert [cell.strip() for cell in lines[1].split("  ") if cell] == [*columns, "a/b/c.json"]
    assert lines[2] == f"1 manifest: 1 {columns[1]}"


def test_a_manifest_without_a_status_is_new() -> None:
    assert shown(blob("a/b/c.json"))[1].endswith(" its event, or a sweep  a/b/c.json")


def test_a_deleted_manifest_is_shown_for_as_long_as_its_status_stands() -> None:
    line = shown(blob("a/b/c.json.status.json", {"state": "completed"}))[1]
    assert line.endswith("(manifest deleted)  a/b/c.json")


def test_results_and_directories_are_no_manifests() -> None:
    lines = shown(blob("a/b", {"hdi_isfolder": "true"}), blob("a/b/c.json"), blob("a/b/c.json.results.csv"))
    assert lines[-1] == "1 manifest: 1 new"


def test_the_latest_manifest_stands_last() -> None:
    ages = (timedelta(seconds=5), timedelta(days=9), timedelta(hours=30), timedelta(minutes=3))
    lines = shown(*(blob(f"a/b/{number}", age=age) for number, age in enumerate(ages)))
    assert [line[:6].strip() for line in lines[1:-1]] == ["9 d", "30 h", "3 min", "5 s"]


def test_a_person_sees_manifests_below_their_customer_and_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen(is_terminal=True, environment={"NO_COLOR": "1"})
    names = ("c/Test/one.csv", "c/Sales laptops/two/2.csv", "envelope.json", "c/Test/three.csv")
    blobs = [blob(name, age=HOUR * number) for number, name in enumerate(names, 2)]
    assert status.overview(blobs, NOW, screen.terminal, ONE) == 0
    shown = [line if line.endswith("/") else line.split()[-1] for line in screen.lines()[1:-1]]
    assert shown == ["envelope.json", "c/Sales laptops/", "two/2.csv", "c/Test/", "three.csv", "one.csv"]


@pytest.mark.parametrize(
    ("states", "told"), [(("completed", "accepted"), False), (("completed", "rejected"), True), (("failed",), True)]
)
def test_a_person_is_told_where_it_stands_what_to_correct(states: tuple[str, ...], *, told: bool) -> None:
    screen = Screen(is_terminal=True)
    blobs = [each for state in states for each in (blob(state), blob(status_of(state), {"state": state}))]
    assert status.overview(blobs, NOW, screen.terminal, ONE) == 0
    assert (f"What to correct: {ONE}\n" in screen.getvalue()) is told


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    monkeypatch.setattr(storage, "container", lambda _: world.storage)
    return world


def drop(world: World, name: str, count: int = 2, start: int = 1) -> str:
    manifest = f"{CUSTOMER}/Test/{name}"
    world.drop(array(serials(count, start=start)), manifest)
    return manifest


def test_the_table_is_made_of_the_listing_alone(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    drop(world, "a.json")
    world.settle()
    world.fuse.operations.clear()
    assert main(["status", f"{CUSTOMER}/"]) == 0
    assert re.findall("completed|2 registered", capsys.readouterr().out)[:2] == ["completed", "2 registered"]
    assert world.fuse.operations == []
    assert main(["status", "elsewhere/"]) == 0
    assert capsys.readouterr().out == "0 manifests: none is there, or no name begins so\n"


def test_one_manifest_is_shown_with_its_issues(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = f"{CUSTOMER}/Test/a.json"
    world.drop(b"[" + b",".join([b'{"serialNumber": "S"}'] * 30) + b', {"hardwareHash": "DummyHash1234"}]', manifest)
    world.settle()
    assert main(["status", "--manifest", manifest]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"rejected  {manifest}\n")
    assert "issues: 30, the first 20" in said
    assert said.count("missing_identity") == 20
    assert "warnings: 1\n" in said


def test_one_manifest_is_shown_with_the_devices_that_are_not_registered(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = drop(world, "a.json", 30)
    for name in serials(25):
        world.partner_center.script.device_ends(name, Outcome("808", "ZtdDeviceAssignedToOtherTenant"))
    world.settle()
    assert main(["status", "--manifest", manifest]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"completed_with_errors  {manifest}\n")
    assert "devices that are not registered: 25, the first 20" in said
    assert said.count("808 ZtdDeviceAssignedToOtherTenant") == 20


def test_a_fault_is_shown_with_its_request_and_the_next_attempt(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.partner_center.script.next_upload(faults.gateway_error(503))
    manifest = drop(world, "a.json")
    world.step()
    assert main(["status", "--manifest", manifest]) == 0
    said = dict(line.split("  ", 1) for line in capsys.readouterr().out.splitlines() if "  " in line)
    assert "503" in said["error"]
    assert said["request"].strip()
    assert said["next attempt"].strip().endswith(" UTC")


def test_what_the_message_says_is_not_said_again(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.partner_center.script.next_upload(faults.error(400, "3000", "No such thing."))
    manifest = drop(world, "a.json")
    world.settle()
    assert main(["status", "--manifest", manifest]) == 0
    said = capsys.readouterr().out
    assert re.search(r"error +3000\n", said)


@pytest.mark.usefixtures("world")
def test_a_manifest_without_a_status_is_said_to_have_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--manifest", "a/b/c.json"]) == 1
    assert "a/b/c.json has no status" in capsys.readouterr().out


def test_a_manifest_with_a_status_of_somebody_else_is_said_to(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.storage.put(status_of("a/b/c.json"), b"{}")
    assert main(["status", "--manifest", "a/b/c.json"]) == 1
    assert "a status that is not this app's: ValidationError" in capsys.readouterr().out


def test_results_that_are_cut_anywhere_are_read_as_they_were_written(world: World) -> None:
    manifest = drop(world, "a.json")
    world.settle()
    job = world.job(manifest)
    text = '\ufeffdevice,outcome,action\r\n1,failed,"Call\nthem."\r\n2,registered,\r\n3,failed,Größe'
    data = text.encode()
    whole = Screen()
    details.describe(job, [data], whole.terminal)
    assert "Call them." in whole.getvalue()
    assert "Größe" in whole.getvalue()
    for size in (1, 2, 7):
        screen = Screen()
        ends = [*range(0, len(data), size), len(data)]
        details.describe(job, [data[first:last] for first, last in pairwise(ends)], screen.terminal)
        assert screen.getvalue() == whole.getvalue()


@pytest.mark.parametrize("results", [[b"device\n", *[b"x" * 2**20] * 17], [b'device\n"', b"x" * 2_000_000]])
def test_results_that_a_stranger_has_written_are_read_no_further(world: World, results: list[bytes]) -> None:
    manifest = drop(world, "a.json")
    world.settle()
    screen = Screen()
    details.describe(world.job(manifest), results, screen.terminal)
    assert screen.lines()[-1] == "The results cannot be read: they are not as this app writes them."


@pytest.mark.parametrize(
    "devices", ["", "registered=", "elsewhere=7", "registered=1234567890123", "\x1b[31m", "failed=-3"]
)
def test_devices_that_the_app_has_not_counted_are_not_shown(devices: str) -> None:
    screen = Screen()
    blobs = [blob("a/b/c.json"), blob(status_of("a/b/c.json"), {"state": "completed", "devices": devices})]
    assert status.overview(blobs, NOW, screen.terminal, ONE) == 0
    assert not set("731\x1b") & set(screen.lines()[1])


def test_the_container_is_opened_without_any_setting_of_the_queue() -> None:
    uri = {"ManifestStorage__blobServiceUri": "https://x.blob.core.windows.net"}
    assert storage.container({"MANIFEST_CONTAINER": "manifests", **uri})
    with pytest.raises(SettingsError) as error:
        storage.container({})
    assert "QUEUE" not in str(error.value).upper()
