"""Put a stand-in behind loopback HTTP or HTTPS, or straight behind a session of `requests`."""

from local.stand_ins.web.adapter import Adapter
from local.stand_ins.web.faults import (
    Fault,
    NoAnswer,
    Proceed,
    Silence,
    answer_lost,
    instead,
    no_fault,
    take,
    unanswered,
)
from local.stand_ins.web.messages import Headers, Request, Response, Site
from local.stand_ins.web.server import Server

__all__ = [
    "Adapter",
    "Fault",
    "Headers",
    "NoAnswer",
    "Proceed",
    "Request",
    "Response",
    "Server",
    "Silence",
    "Site",
    "answer_lost",
    "instead",
    "no_fault",
    "take",
    "unanswered",
]
