"""A storage queue as a sender meets it: Put Message of the Queue service REST reference."""

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import parse_qs
from uuid import uuid4

from bench.stand_ins.blobs import error
from bench.stand_ins.web import Request, Response

_TEXT = re.compile(rb"<MessageText>([^<]*)</MessageText>")


class Message(NamedTuple):
    """A message, and after how many seconds it shows itself."""

    text: str
    delay: int


@dataclass
class Queue:
    """Takes messages; they are given to whoever asks over the bench's own pipe, whatever the time."""

    messages: list[Message] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        """Take a message."""
        path, _, query = request.target.partition("?")
        found = _TEXT.search(request.body)
        if request.method != "POST" or not path.endswith("/messages") or found is None:
            return error(400, "UnsupportedHttpVerb")
        delay = int(parse_qs(query).get("visibilitytimeout", ["0"])[0])
        self.messages.append(Message(base64.b64decode(found[1]).decode(), delay))
        return Response(201, {"Content-Type": "application/xml"}, _receipt(delay))


def _receipt(delay: int) -> bytes:
    now = datetime.now(UTC)
    told = {
        "MessageId": str(uuid4()),
        "InsertionTime": format_datetime(now, usegmt=True),
        "ExpirationTime": format_datetime(now + timedelta(days=7), usegmt=True),
        "PopReceipt": "AgAAAAMAAAAAAAAA",
        "TimeNextVisible": format_datetime(now + timedelta(seconds=delay), usegmt=True),
    }
    members = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
    message = f"<QueueMessagesList><QueueMessage>{members}</QueueMessage></QueueMessagesList>"
    return f'<?xml version="1.0" encoding="utf-8"?>{message}'.encode()
