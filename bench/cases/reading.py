"""Parsing, checking and encoding alone, and the proof that both sides check the same."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from time import perf_counter

from bench import manifests
from bench.apps import by_hand
from bench.apps.by_hand import Finding
from bench.cast import THIS_APP, TUTORIAL, UnequalError
from bench.faulty import faulty
from bench.figures import Case, rotated, sample
from bench.processes import Process, obey
from bench.stand_ins.center import devices_of
from bench.work import Measure, cpu_time
from shared.manifest import InMemory, device, inspect

DEVICES = 1000
_LARGEST = 2**30

type Reader = Callable[[bytes], tuple[list[Finding], list[Finding]]]
"""Gives all issues and all warnings of a manifest."""


def this_app_finds(content: bytes) -> tuple[list[Finding], list[Finding]]:
    """Find with this app's own reading."""
    manifest = inspect(InMemory(content), max_bytes=_LARGEST, keep=None)
    issues, warnings = (
        [(finding.where, finding.field, finding.code) for finding in found.kept]
        for found in (manifest.issues, manifest.warnings)
    )
    return issues, warnings


def by_hand_finds(content: bytes) -> tuple[list[Finding], list[Finding]]:
    """Find with the checks that are written by hand."""
    checked = by_hand.read(content)
    return checked.issues, checked.warnings


def compare(ours: Reader, theirs: Reader, contents: Iterable[bytes]) -> None:
    """Make sure that two readers find the same in each manifest, in whatever order; raises UnequalError."""
    for number, content in enumerate(contents):
        for kind, our, their in zip(("issues", "warnings"), ours(content), theirs(content), strict=True):
            if Counter(our) != Counter(their):
                surplus, missing = Counter(our) - Counter(their), Counter(their) - Counter(our)
                raise UnequalError(f"{kind} of manifest {number}: only ours {surplus}, only theirs {missing}")


def run(rounds: int, repeats: int) -> list[Case]:
    """Measure both ways with both formats, in a process that does nothing else."""
    with Process(_run) as process:
        cases: list[Case] = process.ask("measure", rounds, repeats)
    return cases


def _run(pipe: Connection) -> None:
    obey(pipe, Readings())


class Readings:
    """Reads in both ways."""

    def measure(self, rounds: int, repeats: int) -> list[Case]:
        """Measure in turn, after making sure that both ways find and send the same; raises UnequalError."""
        compare(this_app_finds, by_hand_finds, faulty())
        contents = {"JSON": manifests.array(DEVICES), "CSV": manifests.table(DEVICES)}
        ways = {THIS_APP: _this_app, TUTORIAL: _by_hand}
        cases = {name: Case(f"parse, check and encode 1,000 devices, {name}") for name in contents}
        for name, content in contents.items():
            if devices_of(_this_app(content)) != devices_of(_by_hand(content)):
                raise UnequalError(f"{name}: not the same devices")
        for number in range(rounds):
            for name, content in contents.items():
                for way, work in rotated(list(ways.items()), number):
                    cases[name].add(way, sample(repeats, _timed(work, content, repeats)))
        return list(cases.values())


def _this_app(content: bytes) -> bytes:
    return device.encode(inspect(InMemory(content), max_bytes=_LARGEST).devices())


def _by_hand(content: bytes) -> bytes:
    return json.dumps(by_hand.read(content).devices).encode()


def _timed(work: Callable[[bytes], bytes], content: bytes, repeats: int) -> Measure:
    start, cpu = perf_counter(), cpu_time()
    for _ in range(repeats):
        work(content)
    return Measure(perf_counter() - start, cpu_time() - cpu)
