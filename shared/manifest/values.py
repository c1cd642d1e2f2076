"""What stands in a cell or a member without being its value: words for nothing, and what spreadsheets make."""

import re

from shared.manifest.names import FIELD_OF, key

_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\0"
_NOTHING = frozenset(
    {"", "-", "--", "---", "\u2013", "\u2014", "null", "nil", "none", "nan", "n/a", "na", "n.a.", "n.a", "n/v", "k.a.",
     "(null)", "(none)", "(nil)", "(empty)", "(blank)", "<null>", "<none>", "<nil>", "[null]", "dbnull", "undefined",
     "\\n", "#null", "$null", "not set", "(not set)", "?", "."}
)  # fmt: skip
_UNWRAPPED = re.compile(r'="([^"]*)"')
_ERRORS = frozenset(
    {
        "#n/a",
        "#nv",
        "#value!",
        "#wert!",
        "#ref!",
        "#bezug!",
        "#name?",
        "#null!",
        "#div/0!",
        "#num!",
        "#zahl!",
        "#spill!",
    }
)
# 1.23E+11, 3,3E+12. A serial number may look like 1E5 or 1.2E-05, which no spreadsheet writes for a long number.
_NUMBER = re.compile(r"[+-]?\d+([.,]\d*)?e\+\d+", re.IGNORECASE)
_TEMPLATE = re.compile(r"<[^<>]*>|&lt;.*&gt;|\uff1c.*\uff1e", re.DOTALL)
_BRACKETED = re.compile(r"[\[{(%$\u00ab\u2039]+([^\[\]]*)[\]})%\u00bb\u203a]+")
# What generated examples of JSON have in the place of every text.
_TYPES = frozenset({"string"})
_GUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
LONGEST = 64
"""Characters of the words and forms; what is longer is none of them."""

# What firmware says where nobody has filled it in.
_PLACEHOLDERS = frozenset(
    {"to be filled by o.e.m.", "to be filled by o.e.m", "to be filled by oem", "default string", "system serial number",
     "chassis serial number", "base board serial number", "serial number", "system manufacturer", "system product name",
     "system name", "product name", "not applicable", "not available", "not specified", "unspecified",
     "unknown", "invalid", "empty", "oem", "o.e.m.", "default", "defaultstring", "0", "123456789", "0123456789",
     "ssn12345678901234567", "xxxxxxxxxxx"}
)  # fmt: skip


ODD_WORDS = frozenset(
    text
    for text in (word.replace("-", "") for word in (*_NOTHING, *_PLACEHOLDERS, *_TYPES, *FIELD_OF))
    if text.isalnum()
)
"""Words of letters and digits alone, in lower case and without hyphens, that are to be looked at more closely."""


def bare(value: str) -> str:
    """Return a value without the invisible characters at its ends: byte-order marks, zero-width ones, U+0000."""
    # The search from the end takes long; few values have any of these at all.
    if value.isprintable() and value.isascii():
        return value
    return value.strip(_INVISIBLE)


def is_nothing(value: str) -> bool:
    """Return whether a value is blank, or a word that stands for nothing."""
    return value.isspace() or (len(value) <= LONGEST and value.strip().lower() in _NOTHING)


def unwrapped(value: str) -> str | None:
    """Return what is in ``="..."``, by which tools save digits from Excel; ``None`` where it is no such formula."""
    found = _UNWRAPPED.fullmatch(value.strip())
    return found.group(1) if found else None


def is_formula(value: str) -> bool:
    """Return whether a value is a formula of a spreadsheet, or what one shows where a formula has failed."""
    text = value.strip()
    return text.startswith("=") or (text.startswith("#") and text.lower() in _ERRORS)


def is_number(value: str) -> bool:
    """Return whether a spreadsheet has written a value as a number that has lost digits: ``1.23E+11``, ``3,3E+12``."""
    return len(value) <= LONGEST and _NUMBER.fullmatch(value.strip()) is not None


def is_template(value: str) -> bool:
    """Return whether a value is what a template has in its place: ``<serialNumber>``, ``[Serial Number]``, a name."""
    text = value.strip()
    if text.lower() in _TYPES:
        return True
    # Most values begin with a letter or a digit, and are none.
    if text[0].isalnum() or len(text) > LONGEST:
        return False
    if _TEMPLATE.fullmatch(text) is not None:
        return True
    inner = _BRACKETED.fullmatch(text)
    return inner is not None and key(inner.group(1)) in FIELD_OF


def is_name(value: str) -> bool:
    """Return whether a value is the name of a field: ``Windows Product ID``."""
    return len(value) <= LONGEST and key(value) in FIELD_OF


def is_guid(value: str) -> bool:
    """Return whether a value is a GUID."""
    return _GUID.fullmatch(value.strip()) is not None


def is_placeholder(value: str) -> bool:
    """Return whether a value is one of those that firmware shows where nobody has filled it in."""
    text = value.strip().lower()
    return text in _PLACEHOLDERS or (len(text) > 4 and not text.strip(text[0]))  # noqa: PLR2004 - 00000, xxxxx
