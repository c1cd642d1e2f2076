"""Parsing, checking and encoding alone."""

import json
from collections.abc import Callable
from time import perf_counter, process_time

from bench import manifests
from bench.figures import Figures, in_turn
from bench.implementations import THIS_APP, TUTORIAL, UnequalError
from bench.stand_ins.partner_center import fingerprint
from bench.tutorial import by_hand
from bench.work import Measure
from shared.manifest import InMemory, device, inspect

DEVICES = 1000
_MOST_BYTES = 2**30


def encode_here(content: bytes) -> bytes:
    """Return the body of an upload, made by this app."""
    return device.encode(inspect(InMemory(content), max_bytes=_MOST_BYTES).devices())


def encode_by_hand(content: bytes) -> bytes:
    """Return the same, made by hand."""
    return json.dumps(by_hand.read(content).devices).encode()


WAYS: dict[str, Callable[[bytes], bytes]] = {THIS_APP: encode_here, TUTORIAL: encode_by_hand}


def run(rounds: int) -> list[Figures]:
    """Measure JSON and CSV both ways in turn, after making sure that both ways send the same; raises UnequalError."""
    return [_measure(kind, manifests.encoded(write(DEVICES, 0)), rounds) for kind, write in manifests.WRITERS.items()]


def _measure(kind: str, content: bytes, rounds: int) -> Figures:
    if len({fingerprint(encode(content)) for encode in WAYS.values()}) > 1:
        raise UnequalError(f"{kind}: the devices differ")
    figures = Figures(f"parse, check and encode 1,000 devices, {kind}")
    for number in range(rounds):
        for name in in_turn(list(WAYS), number):
            start, cpu = perf_counter(), process_time()
            WAYS[name](content)
            figures.add(name, 1, Measure(perf_counter() - start, process_time() - cpu))
    return figures
