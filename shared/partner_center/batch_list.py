"""The list of a customer's device batches, and those of them that are most like a mistyped one.

The list comes in pages of ``{totalCount, items: [{id}], links: {next}}``.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

import msgspec

from shared.partner_center.responses import Answer, readable

MOST_PAGES = 20
"""Pages that are read of one list: each is a call that counts against the quota."""

MOST_IDS = 10_000
"""Batches of one page that are looked at."""

NEAREST = 5
"""Batches that are named at most."""

LONGEST_TOKEN = 8192
"""Characters of the query, or of a header, that requests the next page."""

_PRINTABLE = re.compile(r"[!-~]+( [!-~]+)*")


class NextPage(msgspec.Struct, frozen=True):
    """How to request the next page: the query for the list's path, and further headers."""

    query: str
    headers: dict[str, str]


class Page(msgspec.Struct, frozen=True):
    """The batch ids of one page, and how to request the next one; ``None`` where it is the last."""

    ids: list[str]
    following: NextPage | None


class _Batch(msgspec.Struct, frozen=True):
    """The one member of a ``DeviceBatch`` that matters here."""

    id: str


class _Header(msgspec.Struct, frozen=True):
    key: str
    value: str


class _Link(msgspec.Struct, frozen=True):
    uri: str
    method: str = "GET"
    headers: list[_Header] | None = None


class _Links(msgspec.Struct, frozen=True):
    next: _Link | None = None


class _Collection(msgspec.Struct, frozen=True):
    items: list[_Batch]
    links: Any = None


def page_in(answer: Answer, url: str) -> Page | None:
    """Return one page of a list that was requested from ``url``; ``None`` if the body is something else."""
    try:
        collection = msgspec.json.decode(answer.body, type=_Collection)
    except (ValueError, RecursionError):
        return None
    return Page([readable(batch.id) for batch in collection.items[:MOST_IDS]], _next_page(collection.links, url))


def _next_page(links: object, url: str) -> NextPage | None:
    """Return the link to the next page; ``None`` for an invalid one, or one to another host.

    Only the query of its URL is used, so that no answer can make the app request anything but this list.
    """
    try:
        link = msgspec.convert(links or {}, _Links).next
        address = urlsplit(link.uri) if link else None
    except ValueError:
        return None
    if link is None or address is None or link.method.upper() != "GET":
        return None
    # A link elsewhere is not what the documentation shows, and the token must not go to another host.
    if address.netloc not in ("", urlsplit(url).netloc):
        return None
    # A header that no request can carry would fail each later call as well.
    headers = {header.key: header.value for header in link.headers or () if _is_of_page(header.key.lower())}
    sent = (address.query, *headers, *headers.values())
    fits = all(_PRINTABLE.fullmatch(text) and len(text) <= LONGEST_TOKEN for text in sent if text)
    return NextPage(address.query, headers) if fits and any(sent) else None


def _is_of_page(header: str) -> bool:
    """Return whether a link may set a header: Partner Center's own, except for the ids that are new for each call."""
    return header.startswith("ms-") and header not in ("ms-requestid", "ms-correlationid")


def nearest_batches(batch: str, existing: Sequence[str]) -> str:
    """Return a sentence with the existing batches whose names are most like the one that does not exist.

    >>> nearest_batches("laptps", ["Laptops", "Desktops"])
    'Similar batch ids: Laptops. Use one of these, or create the batch first.'
    """
    if batch in existing:
        return "The batch itself exists."
    if not existing:
        return "The customer has no device batches yet: create the batch first."
    # The comparison minds case, which a person who mistypes an id does not.
    lowered = {name.lower(): name for name in existing}
    near = [lowered[name] for name in get_close_matches(batch.lower(), lowered, NEAREST, cutoff=0.5)]
    shown = near or sorted(set(existing))[:NEAREST]
    kind = "Similar" if near else "Existing"
    return f"{kind} batch ids: {', '.join(shown)}. Use one of these, or create the batch first."
