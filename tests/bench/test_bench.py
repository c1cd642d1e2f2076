"""The bench notices who does less than the others, and reads manifests by hand as strictly as this app."""

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest
import requests

from bench.cases import cold_start, large_files, reading, throughput
from bench.cases.throughput import LIFE, Case
from bench.floor import Floor
from bench.implementations import FLOOR, SMALL, THIS_APP, TUTORIAL, Implementation, UnequalError, check_alone, start_all
from bench.manifests import array, encoded, hardware_hash
from bench.processes import Process, ProcessError, answer_one, serve
from bench.stand_ins.partner_center import TOKEN, fingerprint
from bench.tutorial import by_hand
from bench.work import Measure
from bench.world import World, start_world
from shared.manifest import InMemory, inspect

TWO_JOBS = Case("two", SMALL, 2, 1, 0)


@pytest.fixture(scope="module")
def running() -> Iterator[World]:
    with start_world() as world:
        yield world


@pytest.fixture(scope="module")
def all_of_them(running: World) -> Iterator[dict[str, Implementation]]:
    with start_all(running) as who:
        yield who


@pytest.fixture
def world(running: World) -> World:
    running.clear()
    return running


@pytest.fixture
def who(all_of_them: dict[str, Implementation], world: World) -> dict[str, Implementation]:
    del world  # which is empty now
    for each in all_of_them.values():
        each.forget()
    return all_of_them


class Tampering(Process):
    """Stands before an implementation and does something else than it was asked for."""

    def __init__(self, inner: Process, tamper: Callable[[Sequence[str]], Sequence[str]], method: str = "land") -> None:
        self._inner = inner
        self._tamper = tamper
        self._method = method

    def call(self, method: str, *arguments: object) -> object:
        items, threads = arguments
        assert isinstance(items, list)
        return self._inner.call(method, self._tamper(items) if method == self._method else items, threads)


class Silent(Process):
    """Sends the devices of small manifests and writes no status."""

    def __init__(self, world: World) -> None:
        self._url = f"{world.settings['PARTNER_CENTER_URL']}/v1"

    def call(self, method: str, *arguments: object) -> object:
        names, _ = arguments
        assert isinstance(names, list)
        for name in names if method == "land" else ():
            customer, batch, last = name.split("/")
            url = f"{self._url}/customers/{customer}/deviceBatches/{batch}/devices"
            devices = encoded(array(1, first=int(last.removesuffix(".json")) % 3))
            requests.post(url, devices, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10).raise_for_status()
        return Measure(1.0, 1.0)


def instead(honest: Implementation, process: Process) -> dict[str, Implementation]:
    return {honest.name: Implementation(honest.name, process, honest.world, honest.devices)}


def test_all_handle_the_same_manifests_as_slowly_as_the_api_and_the_app_follows_them_to_the_end(
    world: World, who: dict[str, Implementation]
) -> None:
    slow = Case("slow", SMALL, 2, 1, 0.05)
    figures = {each.title: each for each in throughput.run(world, who, 1, 0, [TWO_JOBS, slow])}
    assert figures["two"].wall.keys() == {THIS_APP, TUTORIAL, FLOOR}
    assert all(value > 0 for values in figures["two"].cpu.values() for value in values)
    assert min(value for values in figures["slow"].wall.values() for value in values) > slow.latency
    assert figures[LIFE].wall[THIS_APP][0] > figures["two"].wall[THIS_APP][0]


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (lambda names: names[1:], "1 uploads missing, 0 not asked for"),
        (lambda names: [*names, names[0]], "0 uploads missing, 1 not asked for"),
        (lambda names: [names[0], *names[:-1]], "1 uploads missing, 1 not asked for"),
    ],
    ids=["one left out", "one sent twice", "one in the other's place"],
)
def test_other_devices_are_noticed(
    who: dict[str, Implementation], tamper: Callable[[Sequence[str]], Sequence[str]], message: str
) -> None:
    wrong = instead(who[TUTORIAL], Tampering(who[TUTORIAL].process, tamper))[TUTORIAL]
    wrong.land(SMALL, 3, 1)
    with pytest.raises(UnequalError, match=message):
        wrong.check()


def test_a_run_ends_where_somebody_writes_no_status(world: World, who: dict[str, Implementation]) -> None:
    with pytest.raises(UnequalError, match=r"tutorial: the states are \{\}"):
        throughput.run(world, who | instead(who[TUTORIAL], Silent(world)), 1, 0, [TWO_JOBS])


def test_a_run_ends_where_the_app_does_not_follow_to_the_end(world: World, who: dict[str, Implementation]) -> None:
    lazy = Tampering(who[THIS_APP].process, lambda messages: messages[1:], "follow")
    with pytest.raises(UnequalError, match="this-app: the states are"):
        throughput.run(world, instead(who[THIS_APP], lazy), 1, 0, [TWO_JOBS])


def test_the_floor_fails_where_an_exchange_does(world: World) -> None:
    with Process(serve, Floor, world.settings) as floor, pytest.raises(ProcessError, match=r"GET .*missing\.json: 404"):
        floor.call("land", ["c/b/missing.json"], 1)


def test_a_manifest_in_parts_is_checked_device_by_device(world: World) -> None:
    few = large_files.run(world, until=0, many=2000, few=1000)
    assert [each.memory.keys() for each in few] == [{THIS_APP}] * 4
    check_alone(world, THIS_APP, {"large": large_files.uploads(2000)})
    with pytest.raises(UnequalError, match="other devices"):
        check_alone(world, THIS_APP, {"large": large_files.uploads(3000)})
    world.storage.call("clear")
    with pytest.raises(UnequalError, match="has not accepted"):
        check_alone(world, THIS_APP, {"large": large_files.uploads(2000)})


def test_a_cold_start_is_checked(world: World, who: dict[str, Implementation]) -> None:
    devices = who[THIS_APP].devices
    assert cold_start.run(world, devices, 1).wall.keys() == {THIS_APP, TUTORIAL, cold_start.RUNTIME}
    with pytest.raises(UnequalError, match="other devices"):
        cold_start.run(world, {"small0": devices["small1"]}, 1)


def test_a_missing_device_changes_a_fingerprint_and_spelling_does_not() -> None:
    two = b'[{"serialNumber": "A", "productKey": "K"}, {"productKey": "L"}]'
    assert fingerprint(two) == fingerprint(b'[{"productKey":"K","serialNumber":"A"},{"productKey":"L"}]')
    others = [b'[{"productKey":"L"}]', b'[{"serialNumber":"A","productKey":"K"},{"productKey":"M"}]']
    assert fingerprint(two) not in [fingerprint(other) for other in others]


def test_parsing_is_measured_only_where_both_sides_send_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [each.wall.keys() for each in reading.run(1)] == [{THIS_APP, TUTORIAL}] * 2
    monkeypatch.setitem(reading.WAYS, TUTORIAL, lambda content: json.dumps(by_hand.read(content).devices[1:]).encode())
    with pytest.raises(UnequalError, match="JSON: the devices differ"):
        reading.run(1)


FAULTY = [
    7,
    {},
    {"serialNumber": 7, "productKey": "K1"},
    {"serialNumber": "A1", "modelName": "M"},
    {"productKey": "K2"},
    {"serialNumber": "A2", "hardwareHash": "no base64!"},
    {"modelName": " "},
    {"serialNumber": "A3", "hardwareHash": hardware_hash(1)},
]


def test_both_sides_find_faults_in_the_same_places() -> None:
    content = json.dumps(FAULTY).encode()
    manifest = inspect(InMemory(content), max_bytes=len(content))
    found = {finding.where for kind in (manifest.issues, manifest.warnings) for finding in kind.kept}
    assert found == {where for where, _ in by_hand.read(content).issues}
    assert len(found) == 6


def test_both_sides_send_a_duplicate_once() -> None:
    twice = encoded(array(2)).replace(b"]", b", " + encoded(array(1))[1:])
    assert {fingerprint(encode(twice)) for encode in reading.WAYS.values()} == {fingerprint(encoded(array(2)))}
    assert Counter(by_hand.read(twice).issues) == Counter()


def test_the_memory_of_a_process_is_not_that_of_who_started_it(who: dict[str, Implementation]) -> None:
    ballast = b"x" * 600_000_000
    assert 5_000_000 < who[THIS_APP].process.call("peak_memory") < len(ballast)


class Served:
    """What a process serves whose caller may go."""

    def __init__(self, caller: Connection | None = None) -> None:
        self._caller = caller

    def hears_ctrl_c(self) -> bool:
        return signal.getsignal(signal.SIGINT) is not signal.SIG_IGN

    def lose_the_caller(self) -> None:
        assert self._caller
        self._caller.close()


def test_ctrl_c_reaches_the_bench_and_none_of_its_processes() -> None:
    # A shell has its background jobs, these tests maybe, ignore it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Process(serve, Served) as process:
            assert process.call("hears_ctrl_c") is False
        assert Served().hears_ctrl_c()
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("unread", [0, 1])
def test_a_caller_who_has_gone_is_no_fault(unread: int) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        for _ in range(1 + unread):
            ours.send(("lose_the_caller", ()))
        assert not answer_one(theirs, Served(ours))


def test_a_caller_who_has_gone_before_the_answer_was_read_is_no_fault() -> None:
    ours, theirs = Pipe()
    with theirs:
        theirs.send("never read")
        ours.close()
        assert not answer_one(theirs, Served())
