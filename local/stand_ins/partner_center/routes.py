"""Which path means which operation."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import unquote

from local.stand_ins.web import Request

CUSTOMER = "/v1/customers/(?P<customer>[^/?]+)"


class Operation(Enum):
    """Name the operations."""

    UPLOAD = auto()
    POLL = auto()
    LIST_BATCHES = auto()
    CREATE_BATCH = auto()


ROUTES = {
    Operation.UPLOAD: ("POST", re.compile(f"{CUSTOMER}/deviceBatches/(?P<name>[^/?]+)/devices")),
    Operation.POLL: ("GET", re.compile(f"{CUSTOMER}/batchJobStatus/(?P<name>[^/?]+)")),
    Operation.LIST_BATCHES: ("GET", re.compile(rf"{CUSTOMER}/deviceBatches(?:\?(?P<query>[^/]*))?")),
    Operation.CREATE_BATCH: ("POST", re.compile(f"{CUSTOMER}/deviceBatches")),
}


@dataclass(frozen=True, slots=True)
class Target:
    """Hold what a request is about; `name` is the decoded id of a batch or of an upload; `query` is of a list."""

    operation: Operation
    customer: str
    name: str = ""
    query: str = ""


def target_of(request: Request) -> Target | None:
    """Find the operation, comparing the target as it was sent: a slash within a segment has to be encoded."""
    for operation, (method, pattern) in ROUTES.items():
        if request.method == method and (match := pattern.fullmatch(request.target)):
            return Target(operation, **{group: unquote(text) for group, text in match.groupdict("").items()})
    return None


def is_known_path(request: Request) -> bool:
    """Say whether another method would have found the operation."""
    return any(pattern.fullmatch(request.target) for _, pattern in ROUTES.values())
