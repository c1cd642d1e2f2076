"""Reads the values of settings; each function takes a text and raises ``ValueError`` where it is none of its kind."""

import re
from datetime import timedelta

import msgspec

from shared.manifest.target import is_customer_id

_WEEKS = re.compile(r"P(\d{1,3})W")
_LONGEST = timedelta(days=366)


def duration(text: str) -> timedelta:
    """Read an ISO 8601 duration above nothing and of a year at most, such as ``PT30S``, ``P2D`` or ``P1W``."""
    weeks = _WEEKS.fullmatch(text)  # the one form that msgspec does not read
    found = timedelta(weeks=int(weeks[1])) if weeks else msgspec.convert(text, timedelta)
    if not timedelta(0) < found <= _LONGEST:
        raise ValueError(text)
    return found


def positive(text: str) -> int:
    """Read a whole number above 0."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def customers(text: str) -> frozenset[str]:
    """Read customer ids separated by commas; they are compared in lower case."""
    ids = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    if not all(map(is_customer_id, ids)):
        raise ValueError(text)
    return ids


def header(text: str) -> str:
    """Take what a request's header can carry; anything else would fail every call, or arrive as something else."""
    if not text.isascii() or not text.isprintable():
        raise ValueError(text)
    return text
