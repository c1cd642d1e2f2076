"""A storage queue as a sender meets it: Put and Update Message of the Queue service REST reference."""

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import parse_qs
from uuid import uuid4

from bench.stand_ins.blobs import error
from bench.stand_ins.messages import Request, Response

_POP_RECEIPT = "AgAAAAMAAAAAAAAA"
_TEXT = re.compile(rb"<MessageText>([^<]*)</MessageText>")


class Message(NamedTuple):
    """A message, and after how many seconds it shows itself."""

    text: str
    delay: int


@dataclass
class Queue:
    """Takes messages; they are given to whoever asks over the bench's own pipe, whatever the time."""

    messages: dict[str, Message] = field(default_factory=dict)

    def answer(self, request: Request) -> Response:
        """Take a message, or another text and time for one."""
        path, _, query = request.target.partition("?")
        found, place = _TEXT.search(request.body), path.rpartition("/")[2]
        if found is None:
            return error(400, "InvalidXmlDocument")
        delay = int(parse_qs(query).get("visibilitytimeout", ["0"])[0])
        message = Message(base64.b64decode(found[1]).decode(), delay)
        if (request.method, place) == ("POST", "messages"):
            number = str(uuid4())
            self.messages[number] = message
            return Response(201, {"Content-Type": "application/xml"}, _receipt(number, delay))
        if request.method != "PUT" or place not in self.messages:
            return error(404, "MessageNotFound")
        if parse_qs(query).get("popreceipt") != [_POP_RECEIPT]:
            return error(400, "PopReceiptMismatch")
        self.messages[place] = message
        return Response(204, {"x-ms-popreceipt": _POP_RECEIPT, "x-ms-time-next-visible": _after(delay)})

    def take_all(self) -> list[Message]:
        """Take all messages out, also those whose time has not come, in the order of their times."""
        messages, self.messages = self.messages, {}
        return sorted(messages.values(), key=lambda message: message.delay)


def _receipt(number: str, delay: int) -> bytes:
    told = {
        "MessageId": number,
        "InsertionTime": _after(0),
        "ExpirationTime": _after(7 * 86_400),
        "PopReceipt": _POP_RECEIPT,
        "TimeNextVisible": _after(delay),
    }
    members = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
    message = f"<QueueMessagesList><QueueMessage>{members}</QueueMessage></QueueMessagesList>"
    return f'<?xml version="1.0" encoding="utf-8"?>{message}'.encode()


def _after(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
