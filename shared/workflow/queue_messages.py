"""Messages that name a manifest: the app's own wake-ups, Event Grid's events, and what the host gave up.

A message carries nothing that could be out of date, and none is trusted further than the blob's name. Each may be plain
JSON or base64 of it: what Event Grid writes into a queue is not documented, and the host's poison messages are base64.
"""

from base64 import b64decode
from codecs import BOM_UTF8
from contextlib import suppress
from datetime import datetime
from typing import Annotated, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

BLOB_CREATED = "Microsoft.Storage.BlobCreated"

_LOCAL_HOSTS = ("127.0.0.1", "localhost")


class Unreadable(NamedTuple):
    """A message, or one of its events, that names no blob."""

    reason: str


class ForeignBlob(NamedTuple):
    """A blob of another container: its message came to the wrong app."""

    container: str
    name: str


class WakeUp(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of the wake-up queue.

    ``due`` only labels a message with the moment it was enqueued for, so that of several for one job all but the one
    for the job's present moment are dropped. ``tries`` counts how often in a row a wake-up could not do anything.
    """

    manifest: str
    due: datetime | None = None
    tries: Annotated[int, msgspec.Meta(ge=0, le=99)] = 0
    landed: bool = False
    etag: str | None = None
    """The ETag that an event says was written; setting metadata raises no event."""

    def encode(self) -> str:
        """Write the message's text."""
        return msgspec.json.encode(self).decode()


class _EventData(msgspec.Struct):
    url: str
    etag: str | None = msgspec.field(default=None, name="eTag")


class _Event(msgspec.Struct, rename="camel"):
    """An event about a blob, in Event Grid's own schema or, with ``type``, as a CloudEvent (version 1.0)."""

    data: _EventData
    event_type: str | None = None
    type: str | None = None


class _PoisonedBlob(msgspec.Struct, rename="pascal"):
    """What the host puts into ``webjobs-blobtrigger-poison`` when it gives a blob up (read in the host's source)."""

    container_name: str
    blob_name: str


type Found = WakeUp | ForeignBlob | Unreadable


def read_messages(body: bytes, container: str) -> list[Found]:
    """Read a message of the wake-up queue or of its poison queue, each different part of it once.

    Args:
        body: A wake-up, an event of Event Grid or an array of events.
        container: That of the manifests.
    """
    document = _json(body)
    # An empty array is no message either: none may vanish without a word.
    parts = document if document and isinstance(document, list) else [document]
    return list(dict.fromkeys(_wake_up_or_event(part, container) for part in parts))


def _wake_up_or_event(part: object, container: str) -> Found:
    try:
        if isinstance(part, dict) and not {"eventType", "type"}.isdisjoint(part):
            return _of_event(msgspec.convert(part, _Event), container)
        return msgspec.convert(part, WakeUp)
    except ValueError:
        return Unreadable("neither a wake-up nor an event with a blob's address")


def read_poisoned_blob(body: bytes, container: str) -> list[Found]:
    """Read a message of ``webjobs-blobtrigger-poison``, whose queue all apps share that use the data account."""
    try:
        blob = msgspec.convert(_json(body), _PoisonedBlob)
    except ValueError:
        return [Unreadable("not a poisoned blob")]
    if blob.container_name != container:
        return [ForeignBlob(blob.container_name, blob.blob_name)]
    return [WakeUp(blob.blob_name, landed=True)]


def _json(body: bytes) -> object:
    """Decode JSON, plain or in base64, with or without a byte-order mark; return ``None`` for anything else."""
    with suppress(ValueError, RecursionError):
        return msgspec.json.decode(body.removeprefix(BOM_UTF8))
    # Lenient on line breaks and padding, which some writers of base64 add or leave out.
    with suppress(ValueError, RecursionError):
        return msgspec.json.decode(b64decode(body + b"==").removeprefix(BOM_UTF8))
    return None


def _of_event(event: _Event, container: str) -> WakeUp | ForeignBlob:
    # An encoded address has no fragment; in one that is not, # is part of the name.
    address = urlsplit(event.data.url, allow_fragments=False)
    path = address.path.removeprefix("/")
    if address.hostname in _LOCAL_HOSTS:  # the emulator's addresses begin with the account
        path = path.partition("/")[2]
    found, _, name = path.partition("/")
    if unquote(found) != container:
        return ForeignBlob(unquote(found), unquote(name))
    written = BLOB_CREATED in (event.event_type, event.type)
    etag = (event.data.etag or "").strip('"') if written else ""
    return WakeUp(unquote(name), landed=written, etag=etag or None)
