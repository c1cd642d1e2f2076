"""Words and forms that are not meant as a value: placeholders, messages, templates, labels."""

import re
from contextlib import suppress
from string import ascii_lowercase, digits

from shared.manifest import line_words
from shared.manifest.field_names import FIELD_OF, REMARK, key
from shared.manifest.words_for_nothing import NOTHING, QUOTES

# Programs show text and bytes as u'S1', N'S1' and b'S1'.
_PREFIXED = tuple(f"{letter}{quote}" for letter in "bBuUN" for quote in "'\"")
_AROUND = tuple(f"{QUOTES}\u201e\u00ab\u00bb\uff02*~")
# What programs write in place of a value: "Error: 0x80070005", System.Object[], @{Name=...}, [object Object].
_MESSAGE = re.compile(
    r"(error|exception|warning|failed|failure|unable|cannot|can't|could not|get-\w+|invoke-\w+)\s*[ :].*"
    r"|#type .*|access( is)? denied.*|(system|microsoft\.\w+)\.\w[\w.\[\]`,]*|@\{.*\}|\[object \w+\]"
    r"|(\\\\\w+\\)?root[\\/]cimv2:.*",
    re.IGNORECASE | re.DOTALL,
)
# Comments and tags of other languages, and colours of a terminal.
_MARK_UP = re.compile(
    r"^/\*|/\*[^*]*\*/|^<!--|-->$|\x1b\[[\d;]*m|</?(br|[bipu]|t[dhr]|div|span|font|strong)\b[^<>]*>", re.IGNORECASE
)
_RESULT = re.compile(r"\b0x8[0-9a-f]{7}\b", re.IGNORECASE | re.ASCII)
STATES = frozenset(
    {"true", "false", "yes", "no", "error", "failed", "failure", "unavailable", "accessdenied", "timeout", "missing",
     "notfound", "not found", "pending", "unsupported", "required", "optional", "same", "ditto", "dito", "idem",
     "see above", "same as above", "siehe oben", "\u2033", "\u3003", "loading", "loading...", "choose an item",
     "choose an item.", "select an item", "please select", "please choose", "bitte ausw\u00e4hlen",
     "w\u00e4hlen sie ein element aus.", "click or tap here to enter text."}
)  # fmt: skip
"""What is said in place of a value, and is none: how reading it went, or that it is the one above."""

NO_IDENTIFIERS = frozenset(
    {"wahr", "falsch", "vrai", "faux", "vero", "falso", "verdadero", "verdadeiro", "done", "completed", "success",
     "succeeded", "finished", "skipped", "offline", "in stock", "no hash", "nohash", "virtual machine",
     "virtualmachine", "\u2713", "\u2714", "\u2611", "\u2612", "\u2717", "\u2718", "\u2610", "\u274c", "ok", "ja",
     "nein", "oui", "sample", "example", "beispiel", "muster", "notebook", "desktop", "windows", "professional",
     "enterprise", "education", "redacted", "hidden", "masked", "removed", "deleted", "returned", "stolen", "lost",
     "spare", "defective", "defekt", "broken", "scrapped", "refurbished", "illegible", "unreadable", "unlesbar",
     "nicht lesbar", "see label", "siehe etikett", "see attached", "see attachment", "siehe anhang", "in transit",
     "on order", "in use", "row labels", "zeilenbeschriftungen", *line_words.MAKERS, *line_words.COUNTED}
)  # fmt: skip
"""What marks a row, or belongs into another column, and is the serial number or the product key of no device."""

TICK = "x"
"""What marks a row, and may be a value all the same."""

# Addresses, paths, and the names that Windows and its setup make up for computers.
_ADDRESS = re.compile(
    r"\w+://.*|[^@\s]+@[^@\s]+\.\w+|\w:\\.*|\\\\.*|([0-9a-f]{2}:){5}[0-9a-f]{2}|(\d{1,3}\.){3}\d{1,3}"
    r"|(desktop|laptop)-[a-z0-9]{7}",
    re.IGNORECASE | re.DOTALL,
)
COMPUTERS = "top-"
"""What is in the names that Windows makes up for computers, in lower case."""

_SEPARATED = re.compile(r"[,;|\r\n\t]+")
_JOINED = re.compile(r" ?[/&+] ?| (?:(?:and|or|und|oder|et|ou) )?")
_CODE = re.compile(r"(?=.*\d)[A-Za-z0-9-]{5,}")
_LONG_CODE = re.compile(r"(?=.*\d)(?=.*[A-Z])[A-Z0-9]{5,}")
_KEY = [5] * 5  # characters of a product key's groups: with blanks between them it is one value all the same
_VIRTUAL = ("VMware-", "Parallels-")
_IN_BRACKETS = re.compile(r"\(.*\)|\[.*\]|\[[^]]*\]\(.*\)", re.DOTALL)
_EDITION = re.compile(r"(microsoft )?win(?:dows)? (\d+|home|pro|enterprise)\b.*", re.IGNORECASE | re.DOTALL)
# To the first digit and no further back: a sender can write a million of them.
_LABEL = re.compile(r"([^:=#]{2,40})(?:[:=#]| (?=[^\s\d]*+\d\S*+$))", re.DOTALL)
_ANY_LABEL = re.compile(r"[A-Za-z][A-Za-z ./-]{1,38}: ")
_OTHER_LABELS = frozenset({"pn", "partnumber", "partno", "imei", "mac", "macaddress", "assettag", "uuid", "sku", "ean"})
# Also what a program should have filled in: {0}, %s, %(serial)s, $($_.Serial).
_TEMPLATE = re.compile(r"<[^<>]*>|<(\w+)>.*</\1>|&lt;.*&gt;|\uff1c.*\uff1e|\{\d*\}|%(\(\w+\))?s|\$[({_].*", re.DOTALL)
_BRACKETED = re.compile(r"[\[{(%$\u00ab\u2039]+([^\[\]]*)[\]})%\u00bb\u203a]+")
# As in YourSerialNumber, enter-serial-number, PRODUCT_KEY_HERE; names of a few letters may begin a serial number.
_BEFORE = ("your", "my", "the", "enter", "enteryour", "insert", "insertyour", "put", "type", "add", "example", "sample")
_SHORTEST_NAME = 5
_NAMES = frozenset(
    text
    for name in FIELD_OF
    if len(name) >= _SHORTEST_NAME
    for before in ("", *_BEFORE)
    for text in (f"{before}{name}", f"{before}{name}here", f"{before}{name}goeshere")
)
_EXAMPLE = "string"  # what generated examples of JSON have in place of every text
TYPES = frozenset(
    {_EXAMPLE, "text", "char", "nchar", "varchar", "nvarchar", "varchar2", "nvarchar2", "int", "integer", "bigint",
     "datetime", "datetime2", "uniqueidentifier", "decimal", "numeric", "varbinary", "boolean", "blob", "clob"}
)  # fmt: skip
"""What databases and their tools have below the names of columns."""

_TYPE = re.compile(rf"({'|'.join(TYPES)}) ?(\((max|\d[\w ,]*)\))?( (not )?null)?", re.IGNORECASE)
_GUID = re.compile(r"\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_LEAST_OF_ONE_SIGN = 5  # 00000, xxxxx
SHORTEST_GUID = 32
_NUMBER = r"\(?\d{1,3}[.)]\s|[(\[{][^)\]}]*$"  # 1. S1, (1) S1, (S1
_SIGN = r"[-*>#|\u2022\u2013\u2014\u2192]+\s"  # * S1
# Also [INFO] S1, 10:00:00 S1, a.csv:S1, and what scanners put before a code: ]C1S1, (21)S1.
_BEFORE_IT = r"\[\w+\]\s|\d{1,2}:\d\d(:\d\d)?\s|[\w-]{1,40}\.(csv|txt|log|json|xlsx):|\][A-Za-z]\d|\(\d{1,4}\)"
_OF_LINE = re.compile(rf"[^\w\s&]+\s|>|::|{_NUMBER}|{_BEFORE_IT}")
_NAME = rf"{_SIGN}|::|\d{{4}}-\d\d-\d\d[ T]\d\d:\d\d"
# Names begin with signs and numbers of their own: (R) Lenovo as one character, 2. Generation, (13-inch, 2020.
_OF_LINE_OF = {"oemManufacturerName": re.compile(f"{_NAME}|{_NUMBER}"), "modelName": re.compile(_NAME)}
_ENDS = (";", "|")
# As web pages and programs write a character, or a line end: &amp; %20 \u0026 S1\n
_ESCAPED = re.compile(r"&(#\w{1,7}|[a-z]{2,8});|%2[\da-f]|\\u[\da-f]{4}|^\\[nrt]|\\[nrt]$", re.IGNORECASE)
_MASKED = re.compile(r"[*#?\u2022]{3}|\u2026|(?:___|\.\.\.)$")
_LONGEST_MESSAGE = 1_000
LONGEST = 64
"""Characters that the words and forms have at most."""

# What firmware has where the maker of the device has set no value.
_PLACEHOLDERS = frozenset(
    {"to be filled by o.e.m.", "to be filled by o.e.m", "to be filled by oem", "default string", "system serial number",
     "chassis serial number", "base board serial number", "serial number", "system manufacturer", "system product name",
     "system name", "product name", "not applicable", "not available", "not specified", "unspecified", "not defined",
     "none specified", "unknown", "invalid", "empty", "oem", "o.e.m.", "default", "defaultstring", "0", "123456789",
     "0123456789", "1234567890", "ssn12345678901234567", "00", "000", "0000", "xx", "xxx", "xxxx"}
)  # fmt: skip

_OF_ONE_SIGN = (sign * count for sign in ascii_lowercase + digits for count in range(_LEAST_OF_ONE_SIGN, SHORTEST_GUID))
_OF_LINES = line_words.COMPANY_ENDS | line_words.SHORT_COMPANY_ENDS | line_words.LAST_WORDS | line_words.OF_TOTALS
_IN_PLACE = STATES | NO_IDENTIFIERS | _OF_LINES | TYPES | {TICK, *"".join(line_words.COLUMNS)}
_WORDS = NOTHING | _PLACEHOLDERS | _IN_PLACE | FIELD_OF.keys() | _NAMES
ODD_WORDS = frozenset(filter(str.isalnum, (word.replace("-", "") for word in (*_WORDS, *_OF_ONE_SIGN))))
"""Words of letters and digits, in lower case and without hyphens, that need the full check."""


def is_message(value: str) -> bool:
    """Return whether a value is a program's error message, or says a state in place of a value."""
    text = value.strip()[:_LONGEST_MESSAGE]
    if text.lower() in STATES or _MESSAGE.fullmatch(text) or ("0x8" in text and _RESULT.search(text)):
        return True
    return ("*" in text or ">" in text or not text.isprintable()) and _MARK_UP.search(text) is not None


def is_escaped(value: str) -> bool:
    """Return whether a value has a character as web pages and programs write it: ``&amp;``, ``%20``."""
    return ("&" in value or "%" in value or "\\" in value) and _ESCAPED.search(value) is not None


def is_changed(value: str) -> bool:
    """Return whether a value is escaped, or seems to be UTF-8 that was read as Windows-1252."""
    if value.isascii():
        return is_escaped(value)
    with suppress(UnicodeError):
        return bool(value.encode("cp1252").decode())
    return is_escaped(value)


def is_no_identifier(value: str) -> bool:
    """Return whether a value certainly is of another kind: a tick, a maker, a remark, an address, a line of a list."""
    text = value.strip()[:_LONGEST_MESSAGE]
    if not NO_IDENTIFIERS.isdisjoint((text.lower(), text.lower().rstrip(".!"))):
        return True
    if _MASKED.search(text):
        return True
    return bool(_IN_BRACKETS.fullmatch(text) or _EDITION.fullmatch(text) or _ADDRESS.fullmatch(text))


def is_part_of_line(value: str, field: str) -> bool:
    """Return whether a value has a sign that belongs to its line: ``* S1``, ``1. S1``, ``(S1``, ``S1;``."""
    text, form = value.strip(), _OF_LINE_OF.get(field, _OF_LINE)
    if len(text) > 1 and text.endswith(_ENDS):
        return True
    # REM LENOVO is a comment, REM Systems a manufacturer.
    if text[:1] in "rR" and field in _OF_LINE_OF and REMARK.match(text):
        return REMARK.sub("", text).lower().rstrip(".") in line_words.MAKERS
    # Where a line is a comment, this is said of the line.
    return form.match(text) is not None and (field == "modelName" or not line_words.is_comment(text))


def has_several(value: str) -> bool:
    """Return whether a value is several ones; between those of one length, a slash, a blank or a word is enough."""
    parts = [part.strip() for part in _SEPARATED.split(value) if part and not part.isspace()]
    if len(parts) > 1:
        return all(map(_CODE.fullmatch, parts))
    codes = _JOINED.split(" ".join(value.replace("(", " ").removesuffix(")").split()))
    lengths = list(map(len, codes))
    return len(codes) > 1 and len(set(lengths)) == 1 and lengths != _KEY and all(map(_LONG_CODE.fullmatch, codes))


def is_grouped_key(value: str) -> bool:
    """Return whether a value is a product key with blanks between its groups."""
    return list(map(len, value.split())) == _KEY


def unusual_character(value: str) -> str | None:
    """Return the first character of a value that identifiers do not have as far as is known."""
    known = "-_. " if value.startswith(_VIRTUAL) or is_placeholder(value) else "-_."
    return next((sign for sign in value if not (sign.isascii() and sign.isalnum()) and sign not in known), None)


def has_label(value: str) -> bool:
    """Return whether a value begins with the name of a field: ``S/N: 5CG1234567``."""
    found = _LABEL.match(value)
    is_known = found is not None and ((name := key(found[1])) in FIELD_OF or name in _OTHER_LABELS)
    return is_known or (": " in value and _ANY_LABEL.match(value) is not None)


def is_quoted(value: str) -> bool:
    """Return whether an export has put quotes around a value, a scanner a bar code's stars, or a mark-up tildes."""
    text = value.strip().removesuffix(",")
    text = text[1:] if text.startswith(_PREFIXED) else text
    return len(text) > 1 and text.startswith(_AROUND) and text.endswith(_AROUND)


def is_template(value: str) -> bool:
    """Return whether a value is left over from a template: ``<serialNumber>``, ``[Serial Number]``, ``string``."""
    text = value.strip()
    if text.lower() == _EXAMPLE or ("(" in text and _TYPE.fullmatch(text)):
        return True
    # Most values begin with a letter or a digit: the searches below are left out for them.
    if text[0].isalnum() or len(text) > LONGEST:
        return False
    if _TEMPLATE.fullmatch(text) is not None:
        return True
    inner = _BRACKETED.fullmatch(text)
    return inner is not None and key(inner.group(1)) in FIELD_OF


def is_name(value: str) -> bool:
    """Return whether a value is the name or the type of a field, or asks for one: ``Serial``, ``MySerial``, ``int``."""
    if len(value) > LONGEST:
        return False
    return (name := key(value)) in FIELD_OF or name in _NAMES or _TYPE.fullmatch(value.strip()) is not None


def is_guid(value: str) -> bool:
    """Return whether a value is a GUID."""
    return len(value) >= SHORTEST_GUID and _GUID.fullmatch(value.strip()) is not None


def is_placeholder(value: str) -> bool:
    """Return whether a value is a placeholder of firmware, or one character repeated."""
    text = value.strip().lower().replace("-", "")
    return text in _PLACEHOLDERS or (len(text) >= _LEAST_OF_ONE_SIGN and not text.strip(text[0]))
