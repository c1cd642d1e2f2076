"""What an implementation asked of the world, so that others can be made to ask the same."""

from dataclasses import dataclass, field
from typing import NamedTuple

from bench.stand_ins.web import Request, Response


class Exchange(NamedTuple):
    """One request as a stand-in got it, and the status it answered; ``at`` is the system's monotonic clock."""

    at: float
    service: str
    request: Request
    status: int


@dataclass
class Recorder:
    """Notes the exchanges of one stand-in while it is on."""

    service: str
    on: bool = False
    exchanges: list[Exchange] = field(default_factory=list)

    def note(self, at: float, request: Request, response: Response) -> None:
        """Keep an exchange."""
        if self.on:
            self.exchanges.append(Exchange(at, self.service, request, response.status))

    def turn(self, *, on: bool) -> list[Exchange]:
        """Record from now on, or no longer; gives what has been recorded."""
        taken, self.exchanges, self.on = self.exchanges, [], on
        return taken
