"""The bench checks what it claims: that all implementations do the same work, and check the same."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest
import requests

from bench import manifests
from bench.apps.by_hand import Finding
from bench.cases import backlog, cold_start, large_file, reading
from bench.cases.grid import Cell, Grid, Plan
from bench.cases.large_file import WRITERS
from bench.cases.reading import Reader, Readings, by_hand_finds, compare, this_app_finds
from bench.cast import (
    FLOOR,
    FOLDERS,
    NAMES,
    SAME,
    SMALL,
    THIS_APP,
    TUTORIAL,
    Actor,
    UnequalError,
    app,
    cast,
    record,
)
from bench.faulty import faulty
from bench.floor import run_floor
from bench.processes import Process, ProcessError
from bench.recording import Exchange, Life, UnknownExchangeError, kind_of
from bench.stand_ins.center import TOKEN, devices_of
from bench.stand_ins.messages import Request
from bench.work import Measure
from bench.world import World, world
from shared.job.blob_names import status_of

SLOW = 20.0
"""Seconds before an answer: far more than anything here takes."""


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with world() as around:
        yield around


@pytest.fixture
def around(running: World) -> World:
    running.clear()
    return running


@pytest.fixture(scope="module")
def all_actors(running: World) -> Iterator[dict[str, Actor]]:
    with cast(running) as actors:
        yield actors


@pytest.fixture
def actors(all_actors: dict[str, Actor], around: World) -> dict[str, Actor]:
    del around  # which is empty now
    for actor in all_actors.values():
        actor.forget()
    return all_actors


class Tampering(Process):
    """Stands before an implementation and does something else than it was asked for."""

    def __init__(self, inner: Process, tamper: Callable[[Sequence[str]], Sequence[str]]) -> None:
        self._inner = inner
        self._tamper = tamper

    def begin(self, verb: str, *arguments: object) -> None:
        names, threads = arguments
        assert isinstance(names, list)
        self._inner.begin(verb, self._tamper(names), threads)

    def end(self) -> object:
        return self._inner.end()


class Lazy(Process):
    """Stands before an implementation and keeps wake-ups from it."""

    def __init__(self, inner: Process) -> None:
        self._inner = inner

    def ask(self, verb: str, *arguments: object) -> object:
        return Measure(1.0, 1.0) if verb == "follow" else self._inner.ask(verb, *arguments)


class Silent(Process):
    """Sends the devices of small manifests and writes no status."""

    def __init__(self, around: World) -> None:
        self._url = f"{around.settings['PARTNER_CENTER_URL']}/v1"

    def ask(self, verb: str, *arguments: object) -> object:
        names, _ = arguments
        assert isinstance(names, list)
        for name in names if verb == "land" else ():
            customer, batch, _ = name.split("/")
            url = f"{self._url}/customers/{customer}/deviceBatches/{batch}/devices"
            devices = manifests.array(1, first=int(kind_of(name)[-1]))
            requests.post(url, devices, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10).raise_for_status()
        return Measure(1.0, 1.0)


# --- equal devices, equal ends ---------------------------------------------------------------------------------------


def test_all_implementations_send_the_same_devices_and_follow_them_to_the_end(
    around: World, actors: dict[str, Actor]
) -> None:
    cell = Cell(SMALL, 2, 0.0)
    grid = Grid(around, actors, [cell])
    list(grid.run(Plan(slot=0, budget=0, rounds=1)))
    assert grid.landings[cell].samples.keys() == grid.lives[cell].samples.keys() == set(NAMES)
    assert all(taken.cpu > 0 for samples in grid.lives[cell].samples.values() for taken in samples)
    for name in set(NAMES) - {TUTORIAL}:
        assert grid.lives[cell].samples[name][0].wall > grid.landings[cell].samples[name][0].wall


def test_the_api_is_as_slow_as_a_case_says(around: World, actors: dict[str, Actor]) -> None:
    cell = Cell(SMALL, 2, 0.05)
    grid = Grid(around, actors, [cell])
    list(grid.run(Plan(slot=0, budget=0, rounds=1)))
    assert {name: samples[0].wall > cell.latency for name, samples in grid.landings[cell].samples.items()} == (
        dict.fromkeys(NAMES, True)
    )


def test_a_run_ends_where_somebody_sends_other_devices(around: World, actors: dict[str, Actor]) -> None:
    honest = actors[TUTORIAL]
    wrong = Actor(TUTORIAL, Tampering(honest.process, lambda names: names[1:]), around, honest.expected)
    with pytest.raises(UnequalError, match="uploads missing"):
        list(Grid(around, actors | {TUTORIAL: wrong}, [Cell(SMALL, 2, 0.0)]).run(Plan(slot=0, budget=0, rounds=1)))


def test_a_run_ends_where_somebody_writes_no_status(around: World, actors: dict[str, Actor]) -> None:
    wrong = Actor(TUTORIAL, Silent(around), around, actors[TUTORIAL].expected)
    with pytest.raises(UnequalError, match="should have been completed"):
        list(Grid(around, actors | {TUTORIAL: wrong}, [Cell(SMALL, 2, 0.0)]).run(Plan(slot=0, budget=0, rounds=1)))


@pytest.mark.usefixtures("actors")
def test_a_run_ends_where_a_cold_start_comes_to_something_else(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold_start, "devices_of", lambda body: str(len(body)))
    with pytest.raises(UnequalError, match="the devices of a manifest did not come"):
        cold_start.run(running, rounds=1)


@pytest.mark.usefixtures("actors")
def test_a_run_ends_where_a_large_file_comes_to_something_else(running: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_file, "_parts", lambda devices: Counter(str(devices)))
    with pytest.raises(UnequalError, match="this-app has not sent the devices of JSON200"):
        next(large_file.run(running, until=0, most=2000))


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (lambda names: names[1:], "1 uploads missing, 0 not asked for"),
        (lambda names: [*names, names[0]], "0 uploads missing, 1 not asked for"),
        (lambda names: [names[0], *names[:-1]], "1 uploads missing, 1 not asked for"),
    ],
    ids=["one left out", "one sent twice", "one in the other's place"],
)
def test_other_devices_are_found_out(
    around: World, actors: dict[str, Actor], tamper: Callable[[Sequence[str]], Sequence[str]], told: str
) -> None:
    honest = actors[TUTORIAL]
    wrong = Actor(TUTORIAL, Tampering(honest.process, tamper), around, honest.expected)
    wrong.land(SMALL, 3, 1)
    with pytest.raises(UnequalError, match=told):
        wrong.check()


def test_the_same_exchanges_are_made_as_this_app_makes(around: World, actors: dict[str, Actor]) -> None:
    lives = [record(around, actors[name]) for name in (THIS_APP, SAME)]
    steps = [{kind: [sorted(map(str, turn)) for turn in life.steps()] for kind, life in each.items()} for each in lives]
    assert steps[0] == steps[1]
    assert len(steps[0]["small0"]) == 2


@pytest.mark.usefixtures("actors")
def test_the_same_exchanges_are_made_for_a_manifest_that_is_read_and_sent_in_parts(around: World) -> None:
    large_file.keep(around, WRITERS["JSON"], "JSON", 2000)
    large_file.learn(around, ["JSON2000"])
    ours = around.lives["JSON2000"]
    with app(around, FOLDERS[SAME]) as process:
        theirs = large_file.life(around, process, "JSON2000")
    assert theirs.steps() == ours.steps()
    assert [step["do"] for step in ours.steps()[0]].count("upload devices") == 2


def test_a_large_file_is_held_against_what_came_of_it(around: World, actors: dict[str, Actor]) -> None:
    large_file.keep(around, WRITERS["CSV"], "CSV", 2000)
    around.clear()
    large_file.land(around, actors[THIS_APP].process, "CSV2000")
    large_file.check(around, THIS_APP, "CSV2000", 2000)
    around.lives["CSV2000"] = around.lives["small0"]
    with pytest.raises(UnequalError, match="floor: exchanges missing"):
        large_file.check(around, FLOOR, "CSV2000", 2000)
    with pytest.raises(UnequalError, match="has not sent the devices of CSV2000"):
        large_file.check(around, THIS_APP, "CSV2000", 3000)
    around.store.ask("clear")
    with pytest.raises(UnequalError, match="should have been accepted"):
        large_file.check(around, THIS_APP, "CSV2000", 2000)


def test_a_backlog_is_done_by_everybody_or_found_out(around: World, actors: dict[str, Actor]) -> None:
    case = backlog.run(around, actors, manifests=8)
    done = {name: sum(taken.jobs for taken in samples) for name, samples in case.samples.items()}
    assert done == dict.fromkeys((*NAMES, backlog.TWO), 8) | {TUTORIAL: 4, SAME: 4, backlog.ONE: 24}
    assert min(taken.wall for samples in case.samples.values() for taken in samples) > backlog.CELL.latency
    honest = actors[TUTORIAL]
    wrong = Actor(TUTORIAL, Tampering(honest.process, lambda names: names[1:]), around, honest.expected)
    with pytest.raises(UnequalError, match="uploads missing"):
        backlog.run(around, actors | {TUTORIAL: wrong}, manifests=8)


@pytest.mark.usefixtures("actors")
def test_what_comes_after_a_slow_api_is_measured_with_a_quick_one(running: World) -> None:
    running.center.ask("set_latency", SLOW)
    large = list(large_file.run(running, until=0, most=10_000))
    running.center.ask("set_latency", SLOW)
    large += large_file.run_all(running, most=2000, rounds=1)
    handled = Counter((run.implementation, run.devices) for run in large)
    assert [handled[name, 2000] for name in NAMES] == [2] * len(NAMES)
    assert [handled[name, 1000] for name in NAMES] == [6, 2, 2, 2]
    assert max(run.wall for run in large) < SLOW
    running.center.ask("set_latency", SLOW)
    for case in cold_start.run(running, rounds=1):
        assert case.samples.keys() == {*NAMES, cold_start.IMPORTS, cold_start.RUNTIME}
        assert all(each.wall < SLOW for samples in case.samples.values() for each in samples)


def test_who_does_not_follow_to_the_end_is_found_out(around: World, actors: dict[str, Actor]) -> None:
    ours = actors[THIS_APP]
    lazy = {THIS_APP: Actor(THIS_APP, Lazy(ours.process), around, ours.expected)}
    with pytest.raises(UnequalError, match="should have been completed"):
        list(Grid(around, lazy, [Cell(SMALL, 1, 0.0)]).run(Plan(slot=0, budget=0, rounds=1)))


def test_who_leaves_out_an_exchange_is_found_out(around: World, actors: dict[str, Actor]) -> None:
    thin = {
        kind: life._replace(turns=[[each for each in turn if each.request.method != "DELETE"] for turn in life.turns])
        for kind, life in around.lives.items()
    }
    floor = actors[FLOOR]
    with Process(run_floor, thin, around.settings) as process, pytest.raises(UnequalError, match="DELETE results"):
        Actor(FLOOR, process, around, floor.expected).land(SMALL, 2, 1)
    around.clear()
    same = Actor(SAME, Lazy(actors[SAME].process), around, floor.expected)
    landing = same.land(SMALL, 2, 1)
    with pytest.raises(UnequalError, match=r"tutorial-same: exchanges missing .*'PUT results': 2"):
        same.follow(landing.messages, 1)


def test_a_missing_device_changes_the_name_of_an_upload_and_spelling_does_not() -> None:
    two = b'[{"serialNumber": "A", "productKey": "K"}, {"productKey": "L"}]'
    assert devices_of(two) == devices_of(b'[{"productKey":"K","serialNumber":"A"},{"productKey":"L"}]')
    others = [b'[{"productKey":"L"}]', b'[{"serialNumber":"A","productKey":"K"},{"productKey":"M"}]']
    assert devices_of(two) not in [devices_of(other) for other in others]


def test_the_floor_refuses_an_answer_that_the_app_did_not_get(around: World) -> None:
    asked = Request("GET", "/blobs/manifests/c/floor/small0-1.json", {}, b"")
    lives = {"small0": Life("c/floor/small0-1.json", [[Exchange(0.0, "storage", asked, 206)]])}
    with Process(run_floor, lives, around.settings) as floor, pytest.raises(ProcessError, match="404 and not 206"):
        floor.ask("land", ["c/floor/small0-2.json"], 1)


def test_an_exchange_that_others_were_not_taught_is_told() -> None:
    request = Request("DELETE", f"/blobs/manifests/{status_of('c/b/x.json')}", {}, b"")
    with pytest.raises(UnknownExchangeError, match="DELETE of a status"):
        Life("c/b/x.json", [[Exchange(0.0, "storage", request, 202)]]).steps()


# --- equal checks ----------------------------------------------------------------------------------------------------


def test_both_sides_find_the_same_in_faulty_manifests() -> None:
    compare(this_app_finds, by_hand_finds, faulty())


def without(code: str) -> Reader:
    def reader(content: bytes) -> tuple[list[Finding], list[Finding]]:
        issues, warnings = by_hand_finds(content)
        return [each for each in issues if each[2] != code], [each for each in warnings if each[2] != code]

    return reader


def only_first_issue(content: bytes) -> tuple[list[Finding], list[Finding]]:
    issues, warnings = by_hand_finds(content)
    return issues[:1], warnings


def test_parsing_is_measured_only_where_both_sides_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = Readings().measure(rounds=2, repeats=1)
    assert [case.samples.keys() for case in cases] == [{THIS_APP, TUTORIAL}] * 2
    monkeypatch.setattr(reading, "by_hand_finds", without("not_base64"))
    with pytest.raises(UnequalError, match="not_base64"):
        Readings().measure(rounds=1, repeats=1)


def found_codes() -> list[str]:
    return sorted({each[2] for content in faulty() for found in by_hand_finds(content) for each in found})


@pytest.mark.parametrize("reader", [only_first_issue, *map(without, found_codes())], ids=["first only", *found_codes()])
def test_a_check_left_out_is_found_out(reader: Reader) -> None:
    with pytest.raises(UnequalError):
        compare(this_app_finds, reader, faulty())


def test_the_faulty_manifests_have_what_is_costly_to_check() -> None:
    assert {"not_base64", "missing_identity", "duplicate_device", "repeated_hash"} <= set(found_codes())


# --- measures --------------------------------------------------------------------------------------------------------


def test_the_memory_of_a_process_is_not_that_of_who_started_it(around: World) -> None:
    ballast = b"x" * 300_000_000
    with Process(run_floor, {}, around.settings) as floor:
        assert 5_000_000 < floor.ask("peak_memory") < len(ballast)
