"""What an implementation asked of the world, so that others can be made to ask the same."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from bench.stand_ins.messages import Request, Response
from shared.job.blob_names import RESULTS_SUFFIX, STATUS_SUFFIX


class UnknownExchangeError(RuntimeError):
    """The app makes an exchange that the implementations beside it were never taught."""


class Exchange(NamedTuple):
    """One request as a stand-in got it, and the status it answered; ``at`` is the system's monotonic clock."""

    at: float
    service: str
    request: Request
    status: int


@dataclass
class Recorder:
    """Counts the exchanges of one stand-in by their kinds, and keeps them while it is on."""

    service: str
    on: bool = False
    exchanges: list[Exchange] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)

    def note(self, at: float, request: Request, response: Response) -> None:
        """Count an exchange, and perhaps keep it."""
        exchange = Exchange(at, self.service, request, response.status)
        self.asked.update(kinds([exchange]))
        if self.on:
            self.exchanges.append(exchange)

    def take_asked(self) -> Counter[str]:
        """Give how many exchanges of each kind there were since the last time."""
        taken, self.asked = self.asked, Counter()
        return taken

    def turn(self, *, on: bool) -> list[Exchange]:
        """Record from now on, or no longer; gives what has been recorded."""
        taken, self.exchanges, self.on = self.exchanges, [], on
        return taken


class Life(NamedTuple):
    """A manifest's exchanges: those of its landing, then those of each wake-up in the order of their times."""

    manifest: str
    turns: list[list[Exchange]]

    def steps(self) -> list[list[dict[str, object]]]:
        """Say in words what is done in each turn; a manifest read in ranges is read once."""
        return [[_step(exchange) for exchange in turn if not _reads_on(exchange)] for turn in self.turns]


def kind_of(name: str) -> str:
    """Tell of which kind a manifest is: its name begins with it."""
    return name.rpartition("/")[2].partition("-")[0]


def kinds(exchanges: Iterable[Exchange]) -> Counter[str]:
    """Count exchanges by method and subject; a blob that is read in ranges is read once."""
    read = (exchange for exchange in exchanges if not _reads_on(exchange))
    return Counter(f"{exchange.request.method} {_subject(exchange)}" for exchange in read)


_STEPS = {
    ("GET", "status"): "read status",
    ("GET", "manifest"): "read manifest",
    ("HEAD", "manifest"): "look at manifest",
    ("PUT", "status"): "write status",
    ("PUT", "results"): "write results",
    ("HEAD", "results"): "look at results",
    ("POST", "message"): "send message",
    ("PUT", "message"): "move message",
    ("POST", "devices"): "upload devices",
    ("GET", "progress"): "ask for progress",
}


def _step(exchange: Exchange) -> dict[str, object]:
    method, what = exchange.request.method, _subject(exchange)
    if (method, what) not in _STEPS:
        raise UnknownExchangeError(f"teach the bench what the app does by {method} of a {what}")
    step: dict[str, object] = {"do": _STEPS[method, what]}
    delay = _delay(exchange)
    return step if delay is None else {**step, "delay": delay}


def _reads_on(exchange: Exchange) -> bool:
    """Tell whether a later range of a blob is read."""
    asked = exchange.request.headers.get("x-ms-range", "bytes=0-")
    return exchange.request.method == "GET" and not asked.startswith("bytes=0-")


def _subject(exchange: Exchange) -> str:
    path = urlsplit(exchange.request.target).path
    if exchange.service == "api":
        return "devices" if path.endswith("/devices") else "progress"
    if path.startswith("/queues/"):
        return "message"
    names = {STATUS_SUFFIX: "status", RESULTS_SUFFIX: "results"}
    return next((what for suffix, what in names.items() if path.endswith(suffix)), "manifest")


def _delay(exchange: Exchange) -> int | None:
    """Tell after how many seconds a message that was sent shows itself; ``None`` for other exchanges."""
    if _subject(exchange) != "message":
        return None
    return int(parse_qs(urlsplit(exchange.request.target).query).get("visibilitytimeout", ["0"])[0])
