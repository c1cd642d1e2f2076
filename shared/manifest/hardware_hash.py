"""The hardware hash: what is cleaned before it is sent, and what is not a hash."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from string import ascii_letters, digits

import msgspec

from shared.manifest.field_names import FIELD_OF
from shared.manifest.line_words import LAST_WORDS, OF_TOTALS
from shared.manifest.value_words import NO_IDENTIFIERS, STATES, TYPES

_SHORTEST, _LONGEST = 2_000, 8_000  # characters that a hash has; about 4,000 are most usual
LONGEST_HASH = 65_536
"""Characters that a hash may have: sixteen times a real one."""

_TRANSLATED = str.maketrans("-_", "+/")
# Blanks are read from the first of them alone: a sender can write 65,000 of them that no line break follows.
_WRAPPED = re.compile(r"(?:(?<![ \t\u00a0])[ \t\u00a0]++)?[\r\n\u0085\u2028\u2029\v\f]+[ \t\u00a0]*")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]+")
_SIGNS = frozenset(f"{ascii_letters}{digits}+/=")
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_GROUPS = re.compile(r"\w+(-\w+){2,}")  # a GUID, a product key, a date: no base64 is so short and has so many hyphens
_LONGEST_GROUPS = 100
# Words of letters alone are base64, too, and so is xxxx in place of one.
_WORDS = STATES | NO_IDENTIFIERS | LAST_WORDS | OF_TOTALS | TYPES | FIELD_OF.keys() | {"unknown", "notavailable"}
_WORDS |= {"x" * count for count in range(3, 100)}
_BEGIN = "T0"  # of every real hash, which is of bytes that begin with "OA"
# Only what begins as a real one does: a hash that was made up for a test may be anything.
_HEXADECIMAL = re.compile(r"(?:0x)?4f[-+: ]?41[-+: ]?(?:[0-9a-f]{2}[-+: ]?){30,}+", re.IGNORECASE)
_LEAST_LETTERS = 20  # different ones; what has fewer was made up
_SEPARATORS = re.compile(r"[\s,;|]+")
_PAIR, _LEAST_OF_PAIR = 2, 8  # hashes, different letters
_LEAST_PART, _MOST_OF_ONE = 500, 6_000  # characters


class Cleaned(msgspec.Struct, frozen=True, gc=False):
    """A hash as it is sent, its warnings, and where its first character that is not base64 is, from 1."""

    value: str
    warnings: list[str]
    odd: int | None


def are_flawless(values: Sequence[str]) -> bool:
    """Return whether hashes are certainly base64 of the usual length, so that they need no other check."""
    for value in values:
        if not _SHORTEST <= len(value) <= _MOST_OF_ONE or value.isupper():
            return False
    try:
        are_ascii = [msgspec.convert(value, bytes).isascii() for value in values]  # no regular expression is as quick
    except msgspec.ValidationError:
        return False
    # The forms that a whole hash is turned into begin otherwise, but for one in capital letters.
    return all(map(begins_like_one, values)) or not (
        any(are_ascii) or any(map(str.islower, values)) or any(value.startswith("0x") for value in values)
    )


def has_unusual_length(value: str) -> bool:
    """Return whether a hash is unusually long or short, or its length is not a multiple of four."""
    return len(value) % 4 > 0 or not _SHORTEST <= len(value) <= _LONGEST


def are_bare(values: Iterable[str]) -> bool:
    """Return whether ``clean`` certainly leaves valid hashes as they are."""
    return all(map(_is_bare, values))


def _is_bare(value: str) -> bool:
    # Each of these searches is a fiftieth of what decoding takes.
    is_wrapped = "\n" in value or "\r" in value or "\v" in value or "\f" in value
    is_url_safe = "-" in value or "_" in value
    has_ends = value[0] in _SIGNS and value[-1] in _SIGNS
    return len(value) >= _SHORTEST and value.isascii() and has_ends and not is_wrapped and not is_url_safe


def clean(value: str) -> Cleaned:
    """Remove line breaks, outer blanks and invisible characters, and translate URL-safe base64."""
    warnings = []
    # Line breaks and invisible characters are not printable, which a few others share.
    printable = value if value.isprintable() else _INVISIBLE.sub("", _WRAPPED.sub("", value))
    text = printable.strip().strip("\0")
    if text != value:
        warnings.append("cleaned_hash")
    # A hash of both alphabets is neither: only one of them is translated.
    is_url_safe = ("-" in text or "_" in text) and "+" not in text and "/" not in text
    if is_url_safe and not (len(text) < _LONGEST_GROUPS and _GROUPS.fullmatch(text)):
        text = text.translate(_TRANSLATED)
        warnings.append("url_safe_hash")
    found = _BASE64.match(text)
    end = found.end() if found else 0
    if end < len(text):
        return Cleaned(value, [], min(end, len(text) - 1) + 1)
    if has_unusual_length(text):
        warnings.append("unusual_hash_length")
    return Cleaned(text, warnings, None)


def is_word(value: str) -> bool:
    """Return whether a value is base64 by chance alone: a word in place of a hash."""
    return value.lower() in _WORDS


def other_form(value: str) -> str | None:
    """Return in words which other form a whole hash has been turned into; ``None`` if it is in none that is known."""
    if _HEXADECIMAL.fullmatch(value):
        return "in hexadecimal digits"
    if len(value) < _LEAST_PART or len(set(value.lower())) < _LEAST_LETTERS:
        return None
    if begins_like_one(value.upper()) and (value.islower() or value.isupper()):
        return "in letters of one case"
    with suppress(msgspec.ValidationError):
        # PowerShell's strings have a zero beside each letter.
        text = msgspec.convert(value, bytes).replace(b"\0", b"")
        return "in base64 twice" if text.isascii() and looks_like_one(text.decode()) else None
    return None


def several(value: str) -> str | None:
    """Return in words that a value is several hashes, with a separator between them, or the same one twice."""
    half, parts = len(value) // 2, _SEPARATORS.split(value.strip())
    # What was made up for a test may be the same in each line.
    is_pair = len(parts) == _PAIR and parts[0] == parts[1] and len({*parts[0]}) >= _LEAST_OF_PAIR
    if is_pair or (half >= _SHORTEST and begins_like_one(value) and value == 2 * value[:half]):
        return "the same hash twice"
    is_list = len(parts) > 1 and all(len(part) >= _SHORTEST and begins_like_one(part) for part in parts)
    return "several values" if is_list else None


def begins_like_one(value: str) -> bool:
    """Return whether a value begins as every real hash does."""
    return value.startswith(_BEGIN)


def is_rest(value: str, before: str) -> bool:
    """Return whether a hash is the other part of the one before it: only together they are as long as one."""
    together = len(value) + len(before)
    are_parts = min(len(value), len(before)) >= _LEAST_PART and together <= _MOST_OF_ONE
    # The rest may begin like a hash by chance, but no base64 has one character more than a multiple of four.
    is_cut = together % 4 == 0 and 1 in (len(value) % 4, len(before) % 4)
    return are_parts and begins_like_one(before) and (is_cut or not begins_like_one(value))


def looks_like_one(value: str, least: int = 500) -> bool:
    """Return whether a value under another name is probably a hash: long, and base64 once it is cleaned."""
    # Quick comparisons first: few other values are as long, and few have both cases.
    return least <= len(value) <= LONGEST_HASH and value.lower() != value != value.upper() and clean(value).odd is None
